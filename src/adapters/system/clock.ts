import type { Clock } from '../../ports/clock.ts';

/** The machine's wall clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Milliseconds on a monotonic clock since an unspecified moment: for durations, not for points in time. */
export function elapsedMs(): number {
  return performance.now();
}
