/*
 * Goal: a receipt has exactly one encoding and one set of claims; everything else is refused.
 * Method: receipts written member by member, with one member changed at a time, and random texts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '../../../src/domain/errors.ts';
import {
  parseReceipt,
  type ReceiptClaims,
  receiptFrom,
  receiptSigningInput,
} from '../../../src/domain/transaction/receipt.ts';
import { LIMITS } from '../../../src/limits.ts';
import { canonicalJson } from '../encoding/rfc8785.ts';
import { CLAIMS } from './receipt-claims.ts';

const KEY_ID = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
const SIGNATURE = Buffer.alloc(64, 0xa5);

describe('a receipt', () => {
  test('has the form of RFC 7515: header, claims, signature', () => {
    const jws = receiptFrom(receiptSigningInput(CLAIMS, KEY_ID), SIGNATURE);
    const [header, claims, signature, ...more] = jws.split('.');
    assert.deepEqual(more, []);
    assert.equal(decode(header), `{"alg":"ES256","kid":"${KEY_ID}","typ":"sello-receipt+jws"}`);
    assert.equal(
      decode(claims),
      `{"iat":1767323045,"iss":"sello","journal":{"hash":"${'a'.repeat(64)}","previous":"${'b'.repeat(64)}","version":3},` +
        `"jti":"019b7c2e-5b88-7abc-8def-0123456789ab","proofs":["mac"],"sub":"alice","transaction":{"amount":"100.00",` +
        `"challenge":"${'0'.repeat(64)}","currency":"EUR","payee":"CuentaB","payer":"CuentaA","v":1}}`,
    );
    assert.equal(signature, SIGNATURE.toString('base64url'));
  });

  test('is written as RFC 8785 asks, and read as it was written', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
    const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const claims: fc.Arbitrary<ReceiptClaims> = fc.record({
      iss: fc.constant('sello'),
      sub: text,
      iat: count,
      jti: text,
      transaction: fc.record({
        amount: fc.stringMatching(/^[0-9]{1,15}(\.[0-9]{1,4})?$/),
        challenge: text,
        currency: fc.stringMatching(/^[A-Z]{3}$/),
        payee: text,
        payer: text,
        v: fc.constant(1),
      }),
      proofs: fc.array(text, { maxLength: 4 }),
      journal: fc.record({ version: count, hash, previous: hash }),
    });
    fc.assert(
      fc.property(claims, text, (each, keyId) => {
        const signingInput = receiptSigningInput(each, keyId);
        assert.equal(decode(signingInput.split('.')[1]), canonicalJson(each));
        const jws = receiptFrom(signingInput, SIGNATURE);
        const parsed = parseReceipt(jws);
        if (jws.length > LIMITS.receiptBytesMax) {
          assert.ok(isRefusal(parsed));
          return;
        }
        assert.ok(!isRefusal(parsed), JSON.stringify(parsed));
        assert.deepEqual(JSON.parse(JSON.stringify(parsed.claims)), JSON.parse(JSON.stringify(each)));
        assert.deepEqual(parsed.header, { alg: 'ES256', kid: keyId, typ: 'sello-receipt+jws' });
        assert.equal(parsed.signingInput, signingInput);
        assert.deepEqual(Buffer.from(parsed.signature), SIGNATURE);
      }),
      { numRuns: 200 },
    );
  });

  test('of a transfer between accounts of 64 bytes fits an answer', () => {
    const transaction = {
      ...CLAIMS.transaction,
      payer: 'A'.repeat(64),
      payee: 'B'.repeat(64),
      amount: '9'.repeat(13),
    };
    const jws = receiptFrom(receiptSigningInput({ ...CLAIMS, transaction }, KEY_ID), SIGNATURE);
    assert.ok(jws.length <= 1_024, String(jws.length));
  });

  test('the largest that can be issued can be read', () => {
    // JSON takes two bytes for a quote, and three for the UTF-8 of one unit.
    const account = '"'.repeat(LIMITS.accountBytesMax);
    const claims: ReceiptClaims = {
      ...CLAIMS,
      sub: '"'.repeat(LIMITS.usernameBytesMax),
      proofs: ['session', 'mac', 'code', 'bound_code'],
      transaction: { ...CLAIMS.transaction, payer: account, payee: account },
      journal: { ...CLAIMS.journal, version: Number.MAX_SAFE_INTEGER },
    };
    const jws = receiptFrom(receiptSigningInput(claims, KEY_ID), SIGNATURE);
    assert.ok(!isRefusal(parseReceipt(jws)), String(jws.length));
  });

  test('of exactly the largest size is read, and of one byte more is refused', () => {
    const ofName = (length: number) =>
      receiptFrom(receiptSigningInput({ ...CLAIMS, sub: 'a'.repeat(length) }, KEY_ID), SIGNATURE);
    let largest = 0;
    while (ofName(largest + 1).length <= LIMITS.receiptBytesMax) largest++;
    assert.equal(ofName(largest).length, LIMITS.receiptBytesMax);
    assert.ok(!isRefusal(parseReceipt(ofName(largest))));
    assertRefused(ofName(largest + 1), /receipt: size/);
  });

  test('of any other algorithm, type, key or header is refused', () => {
    const header = { alg: 'ES256', kid: KEY_ID, typ: 'sello-receipt+jws' };
    for (const changed of [
      { ...header, alg: 'none' },
      { ...header, alg: 'None' },
      { ...header, alg: 'HS256' },
      { ...header, alg: 'ES384' },
      { ...header, alg: 'es256' },
      { ...header, alg: ['ES256'] },
      { kid: KEY_ID, typ: header.typ },
      { ...header, typ: 'JWT' },
      { ...header, typ: 'sello-receipt+JWS' },
      { alg: 'ES256', kid: KEY_ID },
      { alg: 'ES256', typ: header.typ },
      { ...header, kid: 7 },
      { ...header, kid: null },
      { ...header, crit: ['exp'] },
      { ...header, crit: [] },
      { ...header, b64: false },
      { ...header, jwk: {} },
      { ...header, x5u: 'https://example.com' },
      [header],
      null,
      'ES256',
    ]) {
      assertRefused(compact(JSON.stringify(changed), canonicalJson(CLAIMS)), /receipt: (header|spelling)/);
    }
  });

  test('with other claims than its own is refused', () => {
    const { transaction, journal } = CLAIMS;
    for (const changed of [
      { ...CLAIMS, iss: 'other' },
      { ...CLAIMS, sub: 7 },
      { ...CLAIMS, iat: '1767323045' },
      { ...CLAIMS, iat: -1 },
      { ...CLAIMS, iat: 1.5 },
      { ...CLAIMS, iat: 1e300 },
      { ...CLAIMS, jti: undefined },
      { ...CLAIMS, proofs: 'mac' },
      { ...CLAIMS, proofs: [1] },
      { ...CLAIMS, extra: true },
      { ...CLAIMS, exp: 1 },
      { ...CLAIMS, transaction: { ...transaction, v: 2 } },
      { ...CLAIMS, transaction: { ...transaction, v: '1' } },
      { ...CLAIMS, transaction: { ...transaction, amount: 100 } },
      { ...CLAIMS, transaction: { ...transaction, amount: '-1.00' } },
      { ...CLAIMS, transaction: { ...transaction, amount: '1"' } },
      { ...CLAIMS, transaction: { ...transaction, currency: 'eur' } },
      { ...CLAIMS, transaction: { ...transaction, payee: undefined } },
      { ...CLAIMS, transaction: { ...transaction, memo: 'x' } },
      { ...CLAIMS, transaction: null },
      { ...CLAIMS, transaction: [transaction] },
      { ...CLAIMS, journal: { ...journal, hash: 'A'.repeat(64) } },
      { ...CLAIMS, journal: { ...journal, previous: 'a'.repeat(63) } },
      { ...CLAIMS, journal: { ...journal, version: -0.5 } },
      { ...CLAIMS, journal: { ...journal, position: 1 } },
      { ...CLAIMS, journal: undefined },
      [CLAIMS],
      null,
    ]) {
      assertRefused(compact(headerText(), canonicalJson(changed)), /receipt: (claims|spelling)/);
    }
  });

  test('whose challenge, account or name is not text, or not well-formed text, is refused', () => {
    const { transaction } = CLAIMS;
    // Both are spelled as canonical JSON writes them, so only the check of each member can refuse them.
    for (const value of ['\ud800', ['é']]) {
      for (const changed of [
        { ...CLAIMS, sub: value },
        { ...CLAIMS, jti: value },
        { ...CLAIMS, proofs: [value] },
        ...['challenge', 'payee', 'payer'].map((name) => ({
          ...CLAIMS,
          transaction: { ...transaction, [name]: value },
        })),
      ]) {
        assertRefused(compact(headerText(), JSON.stringify(sorted(changed))), /receipt: claims/);
      }
      const header = JSON.stringify({ alg: 'ES256', kid: value, typ: 'sello-receipt+jws' });
      assertRefused(compact(header, canonicalJson(CLAIMS)), /receipt: header/);
    }
  });

  test('has one spelling: the same JSON written otherwise is refused', () => {
    const text = canonicalJson(CLAIMS);
    assert.ok(!isRefusal(parseReceipt(compact(headerText(), text))));
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      text.replace('"iat":1767323045', '"iat":1.767323045e9'),
      text.replace('"iat":1767323045', '"iat":1767323045.0'),
      text.replace('"version":3', '"version":-0'),
      text.replace('"alice"', '"\\u0061lice"'),
      text.replace('"sub":"alice"', '"sub":"mallory","sub":"alice"'),
      text.replace('"iss":"sello",', '').replace('{', '{"iss":"sello",'),
      text.replace('"alice"', '"\\ud800"'),
      text.replace('{"iat"', '{"__proto__":{},"iat"'),
      `\ufeff${text}`,
    ]) {
      assert.notEqual(other, text);
      assertRefused(compact(headerText(), other), /receipt: (claims|spelling)/);
    }
    assertRefused(compact(`${headerText()} `, text), /receipt: spelling/);
    const invalidUtf8 = Buffer.from(text.replace('alice', 'al\u00ffce'), 'latin1').toString('base64url');
    assertRefused(`${base64url(headerText())}.${invalidUtf8}.${SIGNATURE.toString('base64url')}`, /spelling/);
  });

  test('of another shape is refused', () => {
    const jws = receiptFrom(receiptSigningInput(CLAIMS, KEY_ID), SIGNATURE);
    const [header, claims, signature] = jws.split('.');
    for (const other of [
      '',
      '.',
      '..',
      '...',
      'x',
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${jws}.`,
      `${jws}.x`,
      `.${jws}`,
      ` ${jws}`,
      `${jws}\n`,
      `${jws}=`,
      `${header}=.${claims}.${signature}`,
      `${header}.${claims}.${signature?.slice(0, -1)}B`,
      `${header}.${claims}.${Buffer.alloc(63).toString('base64url')}`,
      `${header}.${claims}.${Buffer.alloc(65).toString('base64url')}`,
      `${header}.${claims}.${Buffer.alloc(72).toString('base64url')}`,
      `${header}..${signature}`,
      `.${claims}.${signature}`,
      `${claims}.${header}.${signature}`,
      `${header}.${claims}.${signature?.replace(/^./, '+')}`,
      JSON.stringify({ payload: claims, protected: header, signature }),
    ]) {
      assertRefused(other, /^receipt: /);
    }
    assertRefused('a'.repeat(LIMITS.receiptBytesMax + 1), /receipt: size/);
    assertRefused(compact(headerText(), '['.repeat(2_000)), /receipt: claims/);
  });

  test('never makes the reader throw', () => {
    const segment = fc.oneof(fc.string(), fc.json().map(base64url), fc.constant(base64url(headerText())));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        assert.ok(isRefusal(parseReceipt([...segments, SIGNATURE.toString('base64url')].join('.'))));
      }),
    );
  });
});

/** RFC 8785 order of members, for JSON.stringify, which escapes halves of surrogate pairs. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

function headerText(): string {
  return canonicalJson({ alg: 'ES256', kid: KEY_ID, typ: 'sello-receipt+jws' });
}

function compact(header: string, claims: string): string {
  return `${base64url(header)}.${base64url(claims)}.${SIGNATURE.toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decode(segment: string | undefined): string {
  return Buffer.from(segment ?? '', 'base64url').toString();
}

function assertRefused(jws: string, detail: RegExp): void {
  const parsed = parseReceipt(jws);
  assert.ok(isRefusal(parsed), jws);
  assert.match(parsed.detail ?? '', detail);
}
