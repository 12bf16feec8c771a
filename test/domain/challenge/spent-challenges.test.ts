/*
 * Goal: the set keeps each spent challenge until it expires, and contains no others.
 * Method: compared with a Set over random sequences; challenges made to collide.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { SpentChallenges } from '../../../src/domain/challenge/spent-challenges.ts';
import { LIMITS } from '../../../src/limits.ts';

const TTL_MS = 120_000;

function nonceAt(at: number): string {
  return at.toString(16).padStart(12, '0') + randomBytes(26).toString('hex');
}

test('property: it holds exactly what was added and has not expired, as a Set would', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 30_000 }), fc.boolean()), { maxLength: 400 }), (steps) => {
      const spent = new SpentChallenges(TTL_MS);
      const model = new Map<string, number>();
      let at = 1_700_000_000_000;
      for (const [pauseMs, add] of steps) {
        at += pauseMs;
        const nonce = nonceAt(at - (pauseMs % 1_000));
        if (add) {
          spent.add(nonce, at);
          model.set(nonce, at);
        } else {
          assert.equal(spent.has(nonce), false);
        }
        for (const [known, addedAt] of model)
          if (at - addedAt <= TTL_MS) assert.equal(spent.has(known), true);
      }
    }),
    { numRuns: 50 },
  );
});

test('a hundred thousand are all found, through every growth, and none other is', () => {
  const spent = new SpentChallenges(TTL_MS);
  const at = 1_700_000_000_000;
  const nonces = Array.from({ length: 100_000 }, () => nonceAt(at));
  for (const nonce of nonces) spent.add(nonce, at);
  for (const nonce of nonces) assert.equal(spent.has(nonce), true);
  for (let n = 0; n < 100_000; n++) assert.equal(spent.has(nonceAt(at)), false);
});

test('what has expired is forgotten', () => {
  const spent = new SpentChallenges(TTL_MS);
  const at = 1_700_000_000_000;
  const old = nonceAt(at);
  spent.add(old, at);
  spent.add(nonceAt(at + 2 * TTL_MS), at + 2 * TTL_MS);
  assert.equal(spent.has(old), false);
});

test('a random part of zeros is kept like any other', () => {
  const spent = new SpentChallenges(TTL_MS);
  const at = 1_700_000_000_000;
  const nonce = at.toString(16).padStart(12, '0') + '0'.repeat(52);
  assert.equal(spent.has(nonce), false);
  spent.add(nonce, at);
  assert.equal(spent.has(nonce), true);
});

test('what a server whose clock is behind would still accept is not forgotten', () => {
  const spent = new SpentChallenges(TTL_MS);
  // The last millisecond of a table's period, so that the table holds nothing younger.
  const issuedAt = 1_700_000_000_000 - (1_700_000_000_000 % (TTL_MS / 4)) + TTL_MS / 4 - 1;
  const nonce = nonceAt(issuedAt);
  spent.add(nonce, issuedAt);
  const later = issuedAt + TTL_MS + LIMITS.clockSkewMs;
  spent.add(nonceAt(later), later);
  assert.equal(spent.has(nonce), true);
});

test('a challenge that shares half of the fingerprint, and its slot, with a spent one is not spent', () => {
  const spent = new SpentChallenges(TTL_MS);
  const at = 1_700_000_000_000;
  const nonce = (high: string, low: string) =>
    at.toString(16).padStart(12, '0') + high + low + '0'.repeat(36);
  spent.add(nonce('00000001', '00000007'), at);
  // Both highs fall into the slot of the spent one: tables have 1,024 slots.
  assert.equal(spent.has(nonce('00000401', '00000007')), false);
  assert.equal(spent.has(nonce('00000001', '00000008')), false);
  assert.equal(spent.has(nonce('00000001', '00000007')), true);
});
