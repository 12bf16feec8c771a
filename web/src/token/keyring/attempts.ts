/** What is remembered of wrong PINs, written before each is tried: a page closed in the middle counts as wrong. */
export interface PinAttempts {
  readonly begun: number;
  /** ms since 1970, this device's time. */
  readonly lastAtMs: number;
}

export const NO_ATTEMPTS: PinAttempts = { begun: 0, lastAtMs: 0 };

/** After this many in a row the seeds are erased. */
export const PIN_ATTEMPTS_MAX = 10;

/** How long to wait before the attempt of this index, by how many failed before it. */
const WAIT_MS = [0, 0, 0, 30_000, 60_000, 120_000, 300_000, 900_000, 1_800_000, 3_600_000];

/** When the next PIN may be tried, in ms from now. A clock that was put back makes nobody wait longer than the step. */
export function waitBeforeAttempt({ begun, lastAtMs }: PinAttempts, nowMs: number): number {
  const waitMs = WAIT_MS[begun] ?? 0;
  const sinceMs = Math.max(0, nowMs - lastAtMs);
  return Math.max(0, waitMs - sinceMs);
}

export type AttemptStart =
  /** What to write before trying. */
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
