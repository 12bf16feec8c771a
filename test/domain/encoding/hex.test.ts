/*
 * Goal: hex by character code reads and writes what Buffer, parseInt and a regular expression do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  hexByte,
  hexNumber,
  isHex,
  isHexOfConstantTime,
  writeHexByte,
} from '../../../src/domain/encoding/hex.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
/** Hex, other ASCII, and characters whose code ends like a digit's. */
const text = fc.string({
  unit: fc.constantFrom(...'0123456789abcdefABFgG:`/@\n ', '\u0130', '\u0161', '😀'),
});

test('texts of hex digits, and no others, are hex', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        bytes.map((made) => Buffer.from(made).toString('hex')),
      ),
      (given) => {
        const expected = /^[0-9a-f]*$/.test(given) && !given.includes('\n');
        assert.equal(isHex(given, given.length), expected);
        assert.equal(isHex(given, given.length + 1), false);
      },
    ),
  );
});

test('numbers and bytes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 52 - 1 }), (number) => {
      const digits = number.toString(16).padStart(13, '0');
      assert.equal(hexNumber(`x${digits}y`, 1, 14), number);
    }),
  );
  fc.assert(
    fc.property(bytes, (made) => {
      const written = Buffer.alloc(made.length * 2);
      for (const [index, byte] of made.entries()) writeHexByte(written, index * 2, byte);
      const digits = Buffer.from(made).toString('hex');
      assert.equal(written.toString('latin1'), digits);
      for (const [index, byte] of made.entries()) assert.equal(hexByte(digits, index * 2), byte);
    }),
  );
  for (const bad of ['g0', '0G', 'A0', '\u0130\u0130', ' 1', '1'])
    assert.equal(hexNumber(bad, 0, 2), Number.NaN);
});

test('bytes equal their own hex and no other text, of their length or another', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), fc.nat({ max: 127 }), (made, place, code) => {
      const digits = Buffer.from(made).toString('hex');
      assert.equal(isHexOfConstantTime(digits, made), true);
      assert.equal(isHexOfConstantTime(`${digits}00`, made), false);
      assert.equal(isHexOfConstantTime(digits.slice(2), made), made.length === 0);
      if (made.length === 0) return;
      const at = place % digits.length;
      const changed = digits.slice(0, at) + String.fromCharCode(code) + digits.slice(at + 1);
      assert.equal(isHexOfConstantTime(changed, made), changed === digits);
    }),
  );
});
