/** Wrong attempts at one factor of one user, all addresses together. */
export interface LockoutState {
  /** Consecutive wrong attempts. */
  readonly failures: number;
  /** ms since 1970; 0: not locked. Nothing is evaluated before it. */
  readonly lockedUntil: number;
}

/** `lockout` of the configuration. */
export interface LockoutPolicy {
  readonly attemptsMax: number;
  readonly lockMs: number;
  readonly lockMsMax: number;
}

/** @returns ms until an attempt is evaluated again, 0 when it is now */
export function lockedForMs(state: LockoutState | undefined, at: number): number {
  return state && state.lockedUntil > at ? state.lockedUntil - at : 0;
}

/**
 * The state after a wrong attempt that was evaluated. From the `attemptsMax`th on each one locks, for twice as
 * long as the one before, up to `lockMsMax`: never for ever, or an attacker could lock a user out for good.
 */
export function afterWrongAttempt(
  state: LockoutState | undefined,
  at: number,
  policy: LockoutPolicy,
): LockoutState {
  const failures = (state?.failures ?? 0) + 1;
  const beyond = failures - policy.attemptsMax;
  if (beyond < 0) return { failures, lockedUntil: 0 };
  const lockMs = Math.min(policy.lockMs * 2 ** Math.min(beyond, 40), policy.lockMsMax);
  return { failures, lockedUntil: at + lockMs };
}
