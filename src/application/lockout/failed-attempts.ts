import type { RefusalCode } from '../../domain/errors.ts';
import { afterWrongAttempt, type LockoutPolicy } from '../../domain/lockout.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';

type Detail = Readonly<Record<string, string | number>>;

/** A code that was evaluated and did not fit. One already spent fits, so it is no guess and does not count. */
export function afterWrongCode(
  state: UserState,
  at: number,
  policy: LockoutPolicy,
  reason: RefusalCode,
): { readonly state: UserState; readonly detail?: Detail } {
  if (reason !== 'code_wrong') return { state };
  const code = afterWrongAttempt(state.code, at, policy);
  return { state: { ...state, code }, detail: attemptDetail('code', code.failures, code.lockedUntil, at) };
}

export function afterWrongPassword(
  state: UserState,
  at: number,
  policy: LockoutPolicy,
): { readonly state: UserState; readonly detail: Detail } {
  const password = afterWrongAttempt(state.password, at, policy);
  return {
    state: { ...state, password },
    detail: attemptDetail('password', password.failures, password.lockedUntil, at),
  };
}

function attemptDetail(factor: string, failures: number, lockedUntil: number, at: number): Detail {
  return { factor, failures, ...(lockedUntil > at ? { locked_ms: lockedUntil - at } : {}) };
}

/**
 * A MAC that did not fit: a change on the way, or a guess at the password by someone who holds a session. The user
 * is not locked, or whoever sits on the way could lock them out; the session that sends many of them ends instead,
 * so that guessing needs a log-in, which is locked.
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
