/*
 * Goal: an entry's body and hash are the documented ones, whatever an attacker puts into a transaction.
 * Method: RFC 8785 and SHA-256 computed independently, and the published vectors.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type EntryBody, encodeBody, rfc3339 } from '../../../src/domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../../src/domain/journal/hash-chain.ts';
import { boundQuestion } from '../../../src/domain/transaction/bound-question.ts';
import { encodeTransaction } from '../../../src/domain/transaction/canonical-transaction.ts';
import { canonicalJson } from '../encoding/rfc8785.ts';

const hex64 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
/** What the wire lets through, and what JSON escapes. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'a"\\/\b\t\n\f\r\0\x1f\x7f\u2028é€😀') }),
);
const account = text.filter((name) => name !== '');
const transaction = fc.record({
  amount: fc.constantFrom('100.00', '1', '0.001'),
  challenge: fc.oneof(hex64, text),
  currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
  payee: account,
  payer: account,
  v: fc.constant(1 as const),
});
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const body: fc.Arbitrary<EntryBody> = fc.record(
  {
    at: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    detail: fc.dictionary(text, scalar),
    reason: account,
    transaction: fc.tuple(transaction, fc.stringMatching(/^[\w-]{1,30}$/)).map(([t, id]) => ({ ...t, id })),
    type: fc.constantFrom(
      'transaction.approved' as const,
      'user.registered' as const,
      'admin.user_disabled' as const,
    ),
    user: account,
    version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  },
  { requiredKeys: ['at', 'type', 'user', 'version'] },
);

test('a body is the RFC 8785 JSON of its members', () => {
  fc.assert(
    fc.property(body, (entry) => {
      const expected = canonicalJson({ ...entry, at: new Date(entry.at).toISOString() });
      assert.equal(encodeBody(entry), expected);
    }),
    { numRuns: 1_000 },
  );
});

test('an empty reason is left out, as none is', () => {
  const entry: EntryBody = { at: 0, type: 'login.refused', user: 'a', version: 1 };
  assert.equal(encodeBody({ ...entry, reason: '' }), encodeBody(entry));
});

test('a transaction is the RFC 8785 JSON of its members, and its question the hash of those bytes', () => {
  fc.assert(
    fc.property(transaction, (t) => {
      const expected = canonicalJson(t);
      assert.equal(encodeTransaction(t), expected);
      assert.equal(boundQuestion(t), createHash('sha256').update(expected).digest('hex'));
    }),
    { numRuns: 500 },
  );
});

test('an attacker’s challenge cannot add members to the recorded entry', () => {
  const forged = {
    amount: '1.00',
    challenge: 'x","payee":"M',
    currency: 'EUR',
    payee: 'B',
    payer: 'A',
    v: 1 as const,
  };
  assert.deepEqual(JSON.parse(encodeTransaction(forged)), forged);
  const entry: EntryBody = {
    at: 0,
    transaction: { ...forged, id: 'i' },
    type: 'transaction.refused',
    user: 'a"b',
    version: 1,
  };
  assert.deepEqual(JSON.parse(encodeBody(entry)), { ...entry, at: '1970-01-01T00:00:00.000Z' });
});

test('the chain: SHA-256 of the previous hash and the body', () => {
  fc.assert(
    fc.property(hex64, fc.string({ unit: 'binary', maxLength: 20_000 }), (previous, text) => {
      const expected = createHash('sha256').update(previous, 'hex').update(text, 'utf8').digest('hex');
      assert.equal(chainHash(previous, text), expected);
    }),
  );
  const long = 'é'.repeat(50_000);
  const expected = createHash('sha256').update(Buffer.alloc(32)).update(long).digest('hex');
  assert.equal(chainHash(GENESIS_HASH, long), expected);
});

test('published vectors of the chain', () => {
  const file = readFileSync(new URL('../../vectors/journal.json', import.meta.url), 'utf8');
  const { vectors } = JSON.parse(file) as { vectors: { previous: string; body: string; hash: string }[] };
  let previous = GENESIS_HASH;
  for (const vector of vectors) {
    assert.equal(vector.previous, previous);
    assert.equal(chainHash(previous, vector.body), vector.hash);
    const { at, ...rest } = JSON.parse(vector.body);
    assert.equal(encodeBody({ at: Date.parse(at), ...rest }), vector.body);
    previous = vector.hash;
  }
  assert.equal(vectors.length, 3);
});

test('times are RFC 3339 in UTC with milliseconds, also when they go back', () => {
  assert.equal(rfc3339(0), '1970-01-01T00:00:00.000Z');
  assert.equal(rfc3339(1_800_000_000_001), '2027-01-15T08:00:00.001Z');
  assert.equal(rfc3339(1_800_000_000_000), '2027-01-15T08:00:00.000Z');
  assert.equal(rfc3339(0), '1970-01-01T00:00:00.000Z');
});
