/** What a password or a code is shown for. Each is counted apart, so that guesses at one do not stop the others. */
export type AttemptPurpose = 'password' | 'log_in' | 'transaction' | 'enrolment' | 'validation';

/** Wrong attempts of one asker at one purpose (src/domain/failed-attempts.ts). */
export interface LockoutState {
  /** Wrong attempts without a right one between them, less those that have aged (`agedFailures`). */
  readonly failures: number;
  /** ms since 1970; attempts before it are not evaluated. 0: not locked. */
  readonly lockedUntil: number;
  /** The last wrong attempt, ms since 1970. Missing in states written before failures aged. */
  readonly at?: number;
}

/** `lockout` of the configuration. */
export interface LockoutPolicy {
  readonly attemptsMax: number;
  readonly lockMs: number;
  readonly lockMsMax: number;
}

/** Servers' clocks may differ by this much. */
const CLOCK_SKEW_MS = 5_000;
const QUIET_MS_MIN = 7_200_000;
const DAY_MS = 86_400_000;
/** Clocks that differ, and what rounding adds. */
const LEEWAY_MS = 3_600_000;

/**
 * Returns the ms until the next attempt is evaluated; 0 when it would be evaluated now. A lock that would last longer than
 * the policy allows was made by a clock that was ahead: it does not count.
 */
export function lockedForMs(state: LockoutState | undefined, at: number, policy: LockoutPolicy): number {
  if (!state || state.lockedUntil <= at) return 0;
  const lockMs = state.lockedUntil - at;
  return lockMs > policy.lockMsMax + CLOCK_SKEW_MS ? 0 : Math.min(lockMs, policy.lockMsMax);
}

/**
 * Returns the failures that still count: they halve after each quiet period, which is a time without a wrong attempt, as long
 * as the longest lock and at least two hours. So keeping a lock up takes as many evaluated guesses as it took to reach it
 * from half the count. A failure that lies in the future by more than that does not count.
 *
 * Why: docs/DECISIONS.md#failures-halve-after-each-quiet-period
 */
export function agedFailures(state: LockoutState | undefined, at: number, policy: LockoutPolicy): number {
  if (!state) return 0;
  const quietMs = Math.max(policy.lockMsMax, QUIET_MS_MIN);
  // Without a time, that of a state written before failures aged, a count that never locked is kept.
  const last = state.at ?? (state.lockedUntil || at);
  if (last > at + quietMs) return 0;
  const halvings = Math.min(31, Math.max(0, Math.floor((at - last) / quietMs)));
  return Math.floor(state.failures / 2 ** halvings);
}

/**
 * Returns the state after a wrong attempt. From the `attemptsMax`th on, each attempt locks for twice as long as the one
 * before, up to `lockMsMax`. A lock always ends, or an attacker could lock a user out for good. Does NOT check that the
 * attempt was not locked: only attempts that were evaluated may be passed.
 *
 * Why: docs/DECISIONS.md#each-further-failure-doubles-the-lock
 */
export function afterWrongAttempt(
  state: LockoutState | undefined,
  at: number,
  policy: LockoutPolicy,
): LockoutState {
  const failures = agedFailures(state, at, policy) + 1;
  const beyond = failures - policy.attemptsMax;
  if (beyond < 0) return { failures, lockedUntil: 0, at };
  const lockMs = Math.min(policy.lockMs * 2 ** Math.min(beyond, 40), policy.lockMsMax);
  return { failures, lockedUntil: at + lockMs, at };
}

/**
 * Returns how many wrong attempts at one purpose are evaluated in a day of all strangers and services together: as many as
 * one asker could make in a first day by guessing at the end of each lock. By default 3 + 8 + 12 = 23.
 */
export function attemptsPerDayMax({ attemptsMax, lockMs, lockMsMax }: LockoutPolicy): number {
  const doublings = Math.max(0, Math.ceil(Math.log2(lockMsMax / lockMs)));
  return attemptsMax + doublings + Math.ceil(DAY_MS / lockMsMax);
}

/**
 * A day's allowance as a leaky bucket (GCRA): `emptyAt` is when it will have drained.
 * @returns ms until the next attempt is evaluated, never more than `lockMsMax`; 0 when it would be evaluated now
 */
export function allowanceWaitMs(emptyAt: number | undefined, at: number, policy: LockoutPolicy): number {
  const fullMs = msPerAttempt(policy) * (attemptsPerDayMax(policy) - 1);
  const leftMs = (emptyAt ?? 0) - at;
  // Beyond a day a clock was ahead.
  return leftMs > DAY_MS + LEEWAY_MS ? 0 : Math.max(0, leftMs - fullMs);
}

/** Takes one attempt from the day's allowance. @returns when it will have drained, ms since 1970 */
export function takeAllowance(emptyAt: number | undefined, at: number, policy: LockoutPolicy): number {
  const from = emptyAt === undefined || emptyAt > at + DAY_MS + LEEWAY_MS ? at : Math.max(emptyAt, at);
  return from + msPerAttempt(policy);
}

/** How long an attempt takes to drain. */
function msPerAttempt(policy: LockoutPolicy): number {
  return Math.ceil(DAY_MS / attemptsPerDayMax(policy));
}
