/**
 * Attempts at the PIN since the last success. Written before each attempt, so that closing the page counts as a
 * failure.
 */
export interface PinAttempts {
  readonly begun: number;
  /** Unit: ms since 1970, by this device's clock */
  readonly lastAtMs: number;
}

export const NO_ATTEMPTS: PinAttempts = { begun: 0, lastAtMs: 0 };

/** After this many failures in a row the seeds are erased. */
export const PIN_ATTEMPTS_MAX = 10;

/** Wait before an attempt, indexed by the number of failures before it. Unit: ms */
const WAIT_MS = [0, 0, 0, 30_000, 60_000, 120_000, 300_000, 900_000, 1_800_000, 3_600_000];

/**
 * Returns the time until the next attempt (ms). Setting the clock back extends no wait beyond its step.
 *
 * Why: docs/DECISIONS.md#ten-wrong-pins-erase-the-device
 */
export function waitBeforeAttempt({ begun, lastAtMs }: PinAttempts, nowMs: number): number {
  const waitMs = WAIT_MS[begun] ?? 0;
  const sinceMs = Math.max(0, nowMs - lastAtMs);
  return Math.max(0, waitMs - sinceMs);
}

export type AttemptStart =
  /** The state to store before the attempt. */
  | { readonly kind: 'try'; readonly attempts: PinAttempts }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'erase' };

export function beginAttempt(attempts: PinAttempts, nowMs: number): AttemptStart {
  if (attempts.begun >= PIN_ATTEMPTS_MAX) return { kind: 'erase' };
  const waitMs = waitBeforeAttempt(attempts, nowMs);
  if (waitMs > 0) return { kind: 'wait', waitMs };
  return { kind: 'try', attempts: { begun: attempts.begun + 1, lastAtMs: nowMs } };
}

export function attemptsLeft({ begun }: PinAttempts): number {
  return Math.max(0, PIN_ATTEMPTS_MAX - begun);
}
