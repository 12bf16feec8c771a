import type { Clock } from '../../ports/clock.ts';

/** The machine's wall clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Milliseconds since an unspecified moment, never backwards: for how long something lasts, not for when it was. */
export function elapsedMs(): number {
  return performance.now();
}
