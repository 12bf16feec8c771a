import type { RefusalCode } from '../../domain/errors.ts';
import { type AttemptBy, afterWrong, attemptLockedForMs, failuresOf } from '../../domain/failed-attempts.ts';
import type { LockoutPolicy } from '../../domain/lockout.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';

type Detail = Readonly<Record<string, string | number>>;

/*
 * Failed attempts in a user's state. What is counted together is said by
 * src/domain/failed-attempts.ts, the arithmetic of locks is in src/domain/lockout.ts. Codes are counted by
 * src/application/codes/code-factor.ts, passwords by src/application/log-in/password-log-in-job.ts.
 */

/** Counts a wrong code. A spent code was correct once, so it is not a guess and does not count. */
export function afterWrongCode(
  state: UserState,
  by: AttemptBy,
  at: number,
  policy: LockoutPolicy,
  reason: RefusalCode,
): { readonly state: UserState; readonly detail?: Detail } {
  if (reason !== 'code_wrong') return { state };
  const next = afterWrong(state, by, at, policy);
  return { state: next, detail: { factor: 'code', ...attemptDetail(next, by, at, policy) } };
}

export function afterWrongPassword(
  state: UserState,
  by: AttemptBy,
  at: number,
  policy: LockoutPolicy,
): { readonly state: UserState; readonly detail: Detail } {
  const next = afterWrong(state, by, at, policy);
  return { state: next, detail: { factor: 'password', ...attemptDetail(next, by, at, policy) } };
}

function attemptDetail(state: UserState, by: AttemptBy, at: number, policy: LockoutPolicy): Detail {
  const lockedMs = attemptLockedForMs(state, by, at, policy);
  return {
    failures: failuresOf(state, by),
    ...(by.purpose === 'password' ? {} : { purpose: by.purpose }),
    ...(lockedMs > 0 ? { locked_ms: lockedMs } : {}),
  };
}

/**
 * Counts a wrong MAC: the message was changed on the way, or the holder of a session guesses at the password. It does not
 * lock the user, or a man in the middle could lock them out. Instead the session ends that sends `wrongMacsMax` within
 * `wrongMacsWindowMs`, so further guessing needs a log-in, which does lock.
 *
 * Why: docs/DECISIONS.md#a-wrong-mac-locks-nobody
 */
export function afterWrongMac(
  state: UserState,
  at: number,
): { readonly state: UserState; readonly detail: Detail; readonly endSession: boolean } {
  const running =
    state.mac && at - state.mac.since < LIMITS.wrongMacsWindowMs ? state.mac : { count: 0, since: at };
  const mac = { count: running.count + 1, since: running.since };
  const endSession = mac.count >= LIMITS.wrongMacsMax;
  return {
    state: { ...state, mac },
    detail: { factor: 'mac', failures: mac.count, ...(endSession ? { session: 'ended' } : {}) },
    endSession,
  };
}
