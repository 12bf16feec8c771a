import assert from 'node:assert/strict';
import { test } from 'node:test';
import decodeQR from 'qr/decode.js';
import { qrText } from '../../src/cli/token/qr-text.ts';

const SCALE_PX = 4;

/** The drawing as a terminal with a light background shows it: RGBA, `SCALE_PX` pixels a module. */
function pictureOf(drawing: string) {
  const lines = drawing.split('\n').map((line) => [...line]);
  const width = (lines[0]?.length ?? 0) * SCALE_PX;
  const height = lines.length * 2 * SCALE_PX;
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    const half = Math.floor(y / SCALE_PX) % 2 === 0 ? '█▀' : '█▄';
    for (let x = 0; x < width; x++) {
      const character = lines[Math.floor(y / SCALE_PX / 2)]?.[Math.floor(x / SCALE_PX)] ?? '';
      if (half.includes(character)) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height, data };
}

test('a reader finds in the terminal’s QR code the very text that was drawn', () => {
  for (const text of [
    'otpauth://totp/Sello:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Sello&period=60',
    `otpauth://hotp/Sello:${'ñ'.repeat(60)}?secret=${'A'.repeat(103)}&issuer=Sello&algorithm=SHA512&digits=8&counter=0`,
  ])
    assert.equal(decodeQR(pictureOf(qrText(text))), text);
});

test('a terminal is told the colours of the code, line by line: a dark one would invert it, and no phone reads that', () => {
  const plain = qrText('otpauth://totp/Sello:alice?secret=JBSWY3DPEHPK3PXP').split('\n');
  const coloured = qrText('otpauth://totp/Sello:alice?secret=JBSWY3DPEHPK3PXP', true).split('\n');
  assert.deepEqual(
    coloured,
    plain.map((line) => `\u001b[30;107m${line}\u001b[0m`),
  );
});
