/*
 * Goal: Key URIs are written for other programs and read from them.
 * Method: URIs as other programs write them, random texts, and round trips.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '../../../src/domain/errors.ts';
import { type OtpauthParameters, otpauthUri, parseOtpauthUri } from '../../../src/domain/otp/otpauth.ts';
import { anyText } from '../arbitraries.ts';

const secret = new TextEncoder().encode('12345678901234567890');
const base = {
  secret,
  algorithm: 'sha1',
  digits: 6,
  periodS: 60,
  counter: 0,
  issuer: 'Sello',
  label: 'alice',
} as const;

test('writes the Key URI format', () => {
  assert.equal(
    otpauthUri({ ...base, type: 'totp' }),
    'otpauth://totp/Sello:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sello&algorithm=SHA1&digits=6&period=60',
  );
  assert.equal(
    otpauthUri({
      ...base,
      type: 'hotp',
      counter: 5,
      algorithm: 'sha256',
      label: 'Ana Peña/&?#',
      issuer: 'Caja & Co',
    }),
    'otpauth://hotp/Caja%20%26%20Co:Ana%20Pe%C3%B1a%2F%26%3F%23?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Caja%20%26%20Co&algorithm=SHA256&digits=6&counter=5',
  );
});

test('reads what others write: defaults, a label with no issuer, a blank after the colon, small letters', () => {
  const read = (text: string) => parseOtpauthUri(text);
  assert.deepEqual(read('otpauth://totp/alice?secret=GEZDGNBV'), {
    ...base,
    type: 'totp',
    secret: new TextEncoder().encode('12345'),
    issuer: '',
    periodS: 30,
  });
  const capitals = read('OTPAUTH://TOTP/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGZ');
  assert.ok(!isRefusal(capitals));
  assert.deepEqual([capitals.type, capitals.secret.length], ['totp', 16]);
  const other = read(
    'otpauth://totp/ACME%20Co:%20john@example.com?secret=gezdgnbv&digits=8&algorithm=sha512&period=15',
  );
  assert.ok(!isRefusal(other));
  assert.deepEqual(
    [other.issuer, other.label, other.digits, other.algorithm, other.periodS],
    ['ACME Co', 'john@example.com', 8, 'sha512', 15],
  );
});

test('names what is wrong', () => {
  const s = 'secret=GEZDGNBV';
  const cases: [string, string][] = [
    ['', 'uri'],
    ['https://totp/alice?secret=GEZDGNBV', 'uri'],
    [`otpauth://ocra/alice?${s}`, 'type'],
    [`otpauth://totp/%E0%A4%A?${s}`, 'label'],
    ['otpauth://totp/alice', 'secret'],
    ['otpauth://totp/alice?secret=', 'secret'],
    ['otpauth://totp/alice?secret=1', 'secret'],
    [`otpauth://totp/alice?${s}&algorithm=MD5`, 'algorithm'],
    [`otpauth://totp/alice?${s}&digits=0`, 'digits'],
    [`otpauth://totp/alice?${s}&digits=6.5`, 'digits'],
    [`otpauth://totp/alice?${s}&period=0`, 'period'],
    [`otpauth://hotp/alice?${s}&counter=-1`, 'counter'],
  ];
  for (const [text, detail] of cases) {
    assert.deepEqual(parseOtpauthUri(text), { refused: 'token_parameters_invalid', detail }, text);
  }
});

test('reads back what it wrote; no text makes it throw', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => text.isWellFormed() && text.trimStart() === text);
  const parameters: fc.Arbitrary<OtpauthParameters> = fc.record({
    type: fc.constantFrom('totp', 'hotp'),
    secret: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    label: name,
    issuer: name.filter((text) => !text.includes(':')),
    algorithm: fc.constantFrom('sha1', 'sha256', 'sha512'),
    digits: fc.integer({ min: 6, max: 8 }),
    periodS: fc.integer({ min: 15, max: 300 }),
    counter: fc.nat(),
  });
  fc.assert(
    fc.property(parameters, (given) => {
      const { periodS, counter, ...rest } = given;
      const moving = given.type === 'totp' ? { periodS, counter: 0 } : { periodS: 30, counter };
      assert.deepEqual(parseOtpauthUri(otpauthUri(given)), { ...rest, ...moving });
    }),
  );
  fc.assert(
    fc.property(
      anyText,
      fc.constantFrom('', 'otpauth://totp/', 'otpauth://totp/a?secret='),
      (text, prefix) => {
        parseOtpauthUri(prefix + text);
      },
    ),
  );
});
