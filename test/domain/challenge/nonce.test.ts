/*
 * Goal: only an unexpired challenge that this server issued for this session is authentic.
 * Method: tags computed independently, each digit changed, random texts.
 */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ChallengeBinding,
  ChallengeKey,
  makeNonce,
  nonceIssuedAt,
  verifyNonce,
} from '../../../src/domain/challenge/nonce.ts';

const TTL_MS = 120_000;
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const secret = randomBytes(32);
const key = new ChallengeKey(secret);
const binding = `session/${'ab'.repeat(32)}` as const;
const nonce = makeNonce(key, AT, randomBytes(10), binding);

function verify(key: ChallengeKey, text: string, of: ChallengeBinding, at: number, ttlMs: number) {
  return verifyNonce(key, text, nonceIssuedAt(text), of, at, ttlMs);
}

test('a nonce is 32 bytes of lower-case hex that begin with its time', () => {
  assert.match(nonce, /^[0-9a-f]{64}$/);
  assert.equal(nonceIssuedAt(nonce), AT);
});

test('its tag is HMAC-SHA256 over header and binding, computed independently', () => {
  const header = Buffer.from(nonce.slice(0, 32), 'hex');
  const tag = createHmac('sha256', secret).update(header).update(binding).digest('hex').slice(0, 32);
  assert.equal(nonce.slice(32), tag);
});

test('property: a nonce of any time and binding has the digits of Buffer and createHmac, and is read back', () => {
  const bindings = ['session', 'transaction', 'service', 'passkey'].map((kind) =>
    fc.string({ unit: 'grapheme-ascii', maxLength: 64 }).map((name) => `${kind}/${name}` as ChallengeBinding),
  );
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 48 - 1 }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      fc.oneof(...bindings),
      (at, random, of) => {
        const head = at.toString(16).padStart(12, '0') + Buffer.from(random).toString('hex');
        const message = Buffer.concat([Buffer.from(head, 'hex'), Buffer.from(of)]);
        const tag = createHmac('sha256', secret).update(message).digest('hex').slice(0, 32);
        const made = makeNonce(key, at, random, of);
        assert.equal(made, head + tag);
        assert.equal(nonceIssuedAt(made), at);
        assert.equal(verify(key, made, of, at, TTL_MS), 'authentic');
      },
    ),
  );
});

test('it is authentic until its time to live is over, to the millisecond', () => {
  assert.equal(verify(key, nonce, binding, AT, TTL_MS), 'authentic');
  assert.equal(verify(key, nonce, binding, AT + TTL_MS, TTL_MS), 'authentic');
  assert.equal(verify(key, nonce, binding, AT + TTL_MS + 1, TTL_MS), 'challenge_expired');
});

test('another server’s clock may be five seconds behind, no more', () => {
  assert.equal(verify(key, nonce, binding, AT - 5_000, TTL_MS), 'authentic');
  assert.equal(verify(key, nonce, binding, AT - 5_001, TTL_MS), 'challenge_unknown');
});

test('another session, another key, an expired forgery: unknown', () => {
  assert.equal(verify(key, nonce, `session/${'cd'.repeat(32)}`, AT, TTL_MS), 'challenge_unknown');
  assert.equal(verify(key, nonce, `transaction/${'ab'.repeat(32)}`, AT, TTL_MS), 'challenge_unknown');
  assert.equal(verify(new ChallengeKey(randomBytes(32)), nonce, binding, AT, TTL_MS), 'challenge_unknown');
  const forged = nonce.slice(0, -1) + (nonce.endsWith('0') ? '1' : '0');
  assert.equal(verify(key, forged, binding, AT + 2 * TTL_MS, TTL_MS), 'challenge_unknown');
});

test('a change of any digit makes it unknown', () => {
  for (let i = 0; i < nonce.length; i++) {
    const digit = (Number.parseInt(nonce.charAt(i), 16) ^ 1).toString(16);
    const changed = nonce.slice(0, i) + digit + nonce.slice(i + 1);
    assert.equal(verify(key, changed, binding, AT, TTL_MS), 'challenge_unknown', `digit ${i}`);
  }
});

test('the same nonce in other letters is not the same nonce', () => {
  assert.equal(
    verify(key, nonce.toUpperCase(), binding, AT, TTL_MS),
    /[a-f]/.test(nonce) ? 'challenge_unknown' : 'authentic',
  );
});

test('property: no text is taken for authentic, and none throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 60, maxLength: 68 }),
      ),
      (text) => {
        assert.equal(verify(key, text, binding, AT, TTL_MS), 'challenge_unknown');
      },
    ),
  );
});
