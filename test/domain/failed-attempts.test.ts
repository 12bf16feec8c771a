/*
 * Goal: what is guessed at one purpose by one asker locks nothing else, and all guesses of a day together are few.
 * Method: the pure functions on a state, step by step and against a guesser who waits as is best for them.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type AttemptBy,
  afterRight,
  afterWrong,
  attemptLockedForMs,
  longestLockMs,
  withoutAttempts,
} from '../../src/domain/failed-attempts.ts';
import { type AttemptPurpose, attemptsPerDayMax } from '../../src/domain/lockout.ts';
import { encodeState, type UserState } from '../../src/domain/user-state.ts';

const POLICY = { attemptsMax: 3, lockMs: 30_000, lockMsMax: 7_200_000 };
const AT = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PURPOSES = ['password', 'log_in', 'transaction', 'enrolment', 'validation'] as const;

const stranger = (purpose: AttemptPurpose): AttemptBy => ({ purpose, asker: '', isKnown: false });
const known = (purpose: AttemptPurpose, asker: string): AttemptBy => ({ purpose, asker, isKnown: true });
const service = (asker: string): AttemptBy => ({ purpose: 'validation', asker, isKnown: false });
const lockedMs = (state: UserState, by: AttemptBy, at = AT) => attemptLockedForMs(state, by, at, POLICY);

function wrong(state: UserState, by: AttemptBy, times: number, at = AT): UserState {
  let next = state;
  for (let n = 0; n < times; n++) next = afterWrong(next, by, at, POLICY);
  return next;
}

describe('what is counted together', () => {
  test('three wrong attempts lock their purpose and asker, and no other', () => {
    const all = [
      ...PURPOSES.map(stranger),
      ...PURPOSES.map((purpose) => known(purpose, 'device-a')),
      ...PURPOSES.map((purpose) => known(purpose, 'device-b')),
      service('vpn'),
    ];
    for (const by of all) {
      const state = wrong({}, by, 3);
      const locked = all.filter((other) => lockedMs(state, other) > 0);
      assert.deepEqual(locked, [by]);
      assert.equal(lockedMs(state, by), 30_000);
    }
  });

  test('a right attempt clears its own count alone; an unlock clears all', () => {
    let state: UserState = { hadToken: true };
    for (const purpose of PURPOSES) state = wrong(wrong(state, stranger(purpose), 2), known(purpose, 'a'), 2);
    for (const purpose of PURPOSES) {
      const after = afterRight(state, known(purpose, 'a'));
      assert.equal(lockedMs(wrong(after, known(purpose, 'a'), 1), known(purpose, 'a')), 0);
      assert.equal(lockedMs(wrong(after, stranger(purpose), 1), stranger(purpose)), 30_000);
    }
    assert.deepEqual(withoutAttempts(state), { hadToken: true });
  });

  test('a count of a version that had one for all codes counts for each purpose, until a code is right', () => {
    const before: UserState = { code: { failures: 2, lockedUntil: 0 } };
    for (const by of [stranger('log_in'), known('transaction', 'a'), service('vpn')]) {
      assert.equal(lockedMs(wrong(before, by, 1), by), 30_000);
      assert.equal(lockedMs(afterRight(before, by), by), 0);
    }
    const locked: UserState = { code: { failures: 3, lockedUntil: AT + 7 } };
    assert.equal(lockedMs(locked, stranger('log_in')), 7);
    assert.equal(lockedMs(locked, stranger('password')), 0);
    // That of passwords has the place it always had, so both versions read it.
    assert.equal(wrong({}, stranger('password'), 3).password?.failures, 3);
  });

  test('an operator sees the longest lock of each factor, whoever it is for', () => {
    const state = wrong(wrong({}, known('log_in', 'a'), 4), service('vpn'), 3);
    assert.equal(longestLockMs(state, 'code', AT, POLICY), 60_000);
    assert.equal(longestLockMs(state, 'password', AT, POLICY), 0);
    assert.equal(longestLockMs(wrong({}, known('password', 'a'), 3), 'password', AT, POLICY), 30_000);
  });

  test('the state stays small, whoever asks: a thousand devices leave twelve counts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ device: fc.nat(1_000), purpose: fc.constantFrom(...PURPOSES) }), {
          minLength: 50,
          maxLength: 300,
        }),
        (asked) => {
          let state: UserState = {};
          asked.forEach(({ device, purpose }, n) => {
            state = afterWrong(state, known(purpose, `device-${device}`), AT + n, POLICY);
            state = afterWrong(state, stranger(purpose), AT + n, POLICY);
          });
          const single = Object.keys(state.attempts ?? {}).filter((key) => key.includes('/'));
          assert.ok(single.length <= 12);
          assert.ok(encodeState(state).length < 2_500);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('failures age', () => {
  test('after two hours without one they halve, so that a lock is not kept up by one guess each', () => {
    const by = stranger('password');
    let at = AT;
    let state: UserState = {};
    const guesses: number[] = [];
    for (let lock = 0; lock < 7_200_000; ) {
      at += lock;
      state = afterWrong(state, by, at, POLICY);
      guesses.push(at);
      lock = lockedMs(state, by, at);
    }
    assert.equal(guesses.length, 11);
    // Until the longest lock holds again.
    let again = 0;
    for (let lock = 7_200_000; again === 0 || lock < 7_200_000; again++) {
      at += lock;
      state = afterWrong(state, by, at, POLICY);
      lock = lockedMs(state, by, at);
    }
    assert.equal(again, 6);
    // A day later one mistake is one mistake.
    const late = afterWrong(state, by, at + DAY_MS, POLICY);
    assert.equal(late.password?.failures, 1);
    assert.equal(lockedMs(late, by, at + DAY_MS), 0);
  });

  test('a lock of a clock that was ahead counts for no longer than the longest lock', () => {
    for (const by of [stranger('password'), known('transaction', 'a'), service('vpn')]) {
      const ahead = wrong({}, by, 11, AT + 365 * DAY_MS);
      assert.equal(lockedMs(ahead, by, AT), 0);
      assert.equal(lockedMs(wrong(ahead, by, 1, AT), by, AT), 0, 'one mistake is one mistake');
      // A little ahead, as servers' clocks are, it holds, and is never told as longer than it may be.
      const little = wrong({}, by, 11, AT + 4_000);
      assert.equal(lockedMs(little, by, AT), POLICY.lockMsMax);
    }
  });
});

describe('a day of guesses', () => {
  /** The most guesses evaluated in a window of a day, by a guesser who asks at once whenever something is evaluated. */
  function greedy(askers: readonly AttemptBy[], days: number): number {
    let state: UserState = {};
    const evaluated: number[] = [];
    for (let at = AT; at < AT + days * DAY_MS; ) {
      const open = askers.find((by) => lockedMs(state, by, at) === 0);
      if (open) {
        state = afterWrong(state, open, at, POLICY);
        evaluated.push(at);
      } else at += Math.min(...askers.map((by) => lockedMs(state, by, at)));
    }
    return Math.max(
      ...evaluated.map((from) => evaluated.filter((at) => at >= from && at < from + DAY_MS).length),
    );
  }

  test('by default 23, as one asker could make at the end of each lock; it follows the configuration', () => {
    assert.equal(attemptsPerDayMax(POLICY), 23);
    assert.equal(attemptsPerDayMax({ attemptsMax: 1_000, lockMs: 30_000, lockMsMax: 7_200_000 }), 1_020);
  });

  test('of any number of services at one purpose at most 46 are evaluated in any day, and 23 a day on average', () => {
    const services = Array.from({ length: 50 }, (_, n) => service(`service-${n}`));
    assert.ok(greedy(services, 3) <= 46);
    let state: UserState = {};
    let count = 0;
    for (let at = AT; at < AT + 30 * DAY_MS; at += HOUR_MS / 4) {
      const open = services.find((by) => lockedMs(state, by, at) === 0);
      if (!open) continue;
      state = afterWrong(state, open, at, POLICY);
      count++;
    }
    assert.ok(count <= 31 * 23, `${count} in thirty days`);
  });

  test('beyond it those who are known go on, and no wait is longer than the longest lock', () => {
    let state: UserState = {};
    for (let n = 0; n < 23; n++) state = afterWrong(state, service(`service-${n}`), AT, POLICY);
    const wait = lockedMs(state, service('fresh'));
    assert.ok(wait > 0 && wait <= POLICY.lockMsMax);
    assert.equal(lockedMs(state, service('fresh'), AT + wait), 0);
    assert.equal(lockedMs(state, known('transaction', 'session')), 0);
    assert.equal(lockedMs(state, stranger('log_in')), 0);
  });

  test('one known asker, who waits as is best for guessing, makes at most 60 a day', () => {
    const by = known('transaction', 'a');
    // Waits for the failures to halve whenever `pauseAt` have been counted.
    for (let pauseAt = 3; pauseAt <= 12; pauseAt++) {
      let state: UserState = {};
      const evaluated: number[] = [];
      for (let at = AT; at < AT + 4 * DAY_MS; ) {
        const wait = lockedMs(state, by, at);
        if (wait > 0) {
          at += wait;
          continue;
        }
        state = afterWrong(state, by, at, POLICY);
        evaluated.push(at);
        if ((state.attempts?.['transaction/a']?.failures ?? 0) >= pauseAt) at += 2 * HOUR_MS;
      }
      const inADay = evaluated.map(
        (from) => evaluated.filter((at) => at >= from && at < from + DAY_MS).length,
      );
      assert.ok(Math.max(...inADay) <= 60, `${pauseAt}: ${Math.max(...inADay)}`);
    }
  });
});
