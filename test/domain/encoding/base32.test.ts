import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase32, encodeBase32 } from '../../../src/domain/encoding/base32.ts';
import { anyText } from '../arbitraries.ts';

test('RFC 4648 section 10', () => {
  const file = readFileSync(new URL('../../vectors/rfc4648.json', import.meta.url), 'utf8');
  const { vectors } = JSON.parse(file) as { vectors: { text: string; base32: string }[] };
  assert.equal(vectors.length, 7);
  for (const { text, base32 } of vectors) {
    const bytes = new TextEncoder().encode(text);
    assert.equal(encodeBase32(bytes, { padded: true }), base32);
    assert.equal(encodeBase32(bytes), base32.replaceAll('=', ''));
    assert.deepEqual(decodeBase32(base32), bytes);
    assert.deepEqual(decodeBase32(base32.replaceAll('=', '').toLowerCase()), bytes);
  }
});

test('accepts base32 as people type it, and refuses other text', () => {
  assert.deepEqual(decodeBase32('mzxw-6ytb'), new TextEncoder().encode('fooba'));
  assert.deepEqual(decodeBase32('mzxw 6ytb'), new TextEncoder().encode('fooba'));
  for (const text of [
    '0',
    '1',
    '8',
    'A',
    'AAA',
    'AAAAAA',
    'MZ=W',
    'MZXW6===MZXW6===',
    'MZ',
    'M_Y',
    'MY\n',
    'ＭＹ',
    '=======',
    '😀',
  ]) {
    assert.equal(text === 'MZ' ? undefined : decodeBase32(text), undefined, text);
  }
  // The last bits of F and of nothing else: one secret has one form.
  assert.deepEqual(decodeBase32('MY'), new TextEncoder().encode('f'));
  assert.equal(decodeBase32('MZ'), undefined);
  // Where others made it, theirs are dropped, as oathtool does.
  assert.deepEqual(decodeBase32('MZ', 'ignored'), new TextEncoder().encode('f'));
  assert.equal(decodeBase32('GEZDGNBVGY3TQOJQGEZDGNBVGZ', 'ignored')?.length, 16);
  for (const text of ['A', 'AAA', 'AAAAAA', '0'])
    assert.equal(decodeBase32(text, 'ignored'), undefined, text);
});

test('any bytes come back; no text makes it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, padded) => {
      const text = encodeBase32(bytes, { padded });
      assert.match(text, padded ? /^(?:[A-Z2-7=]{8})*$/ : /^[A-Z2-7]*$/);
      assert.deepEqual(decodeBase32(text), bytes);
    }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const bytes = decodeBase32(text);
      if (bytes)
        assert.equal(encodeBase32(bytes), text.replaceAll(/[ -]/g, '').replace(/=+$/, '').toUpperCase());
    }),
  );
});
