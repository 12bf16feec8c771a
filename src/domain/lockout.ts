/** Wrong attempts at one factor (password or code) of one user, from all addresses together. */
export interface LockoutState {
  /** Consecutive wrong attempts. */
  readonly failures: number;
  /** ms since 1970; attempts before it are not evaluated. 0: not locked. */
  readonly lockedUntil: number;
}

/** `lockout` of the configuration. */
export interface LockoutPolicy {
  readonly attemptsMax: number;
  readonly lockMs: number;
  readonly lockMsMax: number;
}

/** Returns the ms until the next attempt is evaluated; 0 when it would be evaluated now. */
export function lockedForMs(state: LockoutState | undefined, at: number): number {
  return state && state.lockedUntil > at ? state.lockedUntil - at : 0;
}

/**
 * Returns the state after a wrong attempt. From the `attemptsMax`th on, each attempt locks the factor for twice as long
 * as the one before, up to `lockMsMax`. A lock always ends, or an attacker could lock a user out for good.
 * Does NOT check that the factor was unlocked: only attempts that were evaluated may be passed.
 *
 * Why: docs/DECISIONS.md#each-further-failure-doubles-the-lock
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
