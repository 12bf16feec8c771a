/*
 * Goal: attempts are counted and locks grow as configured.
 * Method: the pure functions, step by step.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { afterWrongAttempt, type LockoutState, lockedForMs } from '../../src/domain/lockout.ts';

const POLICY = { attemptsMax: 3, lockMs: 30_000, lockMsMax: 7_200_000 };
const AT = 1_800_000_000_000;

test('three wrong attempts lock for 30 s, each later one for twice as long, up to two hours', () => {
  let state: LockoutState | undefined;
  let at = AT;
  const locks: number[] = [];
  for (let i = 0; i < 14; i++) {
    assert.equal(lockedForMs(state, at, POLICY), 0);
    state = afterWrongAttempt(state, at, POLICY);
    const lock = lockedForMs(state, at, POLICY);
    locks.push(lock);
    at += lock;
  }
  // After two hours without another one the eleven count as five.
  const expected = [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3840, 7200, 240, 480, 960];
  assert.deepEqual(
    locks,
    expected.map((seconds) => seconds * 1000),
  );
});

test('the wait is exact: locked until the last millisecond, and not after it', () => {
  const state = { failures: 3, lockedUntil: AT + 30_000 };
  assert.equal(lockedForMs(state, AT, POLICY), 30_000);
  assert.equal(lockedForMs(state, AT + 29_999, POLICY), 1);
  assert.equal(lockedForMs(state, AT + 30_000, POLICY), 0);
  assert.equal(lockedForMs(state, AT + 30_001, POLICY), 0);
  assert.equal(lockedForMs(undefined, AT, POLICY), 0);
});

test('one attempt allowed: the first wrong one locks', () => {
  assert.equal(afterWrongAttempt(undefined, AT, { ...POLICY, attemptsMax: 1 }).lockedUntil, AT + 30_000);
});

test('never locks beyond the most, nor for less than before within a quiet period, whatever is tried', () => {
  const policies = fc.record({
    attemptsMax: fc.integer({ min: 1, max: 10 }),
    lockMs: fc.integer({ min: 1, max: 100_000 }),
    lockMsMax: fc.integer({ min: 1, max: 10_000_000 }),
  });
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 0, max: 100_000 }),
      fc.nat(10_000_000),
      (policy, failures, wait) => {
        const before = failures === 0 ? undefined : { failures, lockedUntil: 0 };
        const state = afterWrongAttempt(before, AT, policy);
        const lock = lockedForMs(state, AT, policy);
        assert.ok(lock <= policy.lockMsMax);
        assert.equal(lock > 0, failures + 1 >= policy.attemptsMax);
        assert.equal(lockedForMs(state, AT + wait, policy), Math.max(0, lock - wait));
        const next = afterWrongAttempt(state, AT + lock, policy);
        const isQuiet = lock >= Math.max(policy.lockMsMax, 7_200_000);
        assert.ok(isQuiet || lockedForMs(next, AT + lock, policy) >= lock);
      },
    ),
  );
});
