/** From this offset on the user is told that the device's clock is off. */
export const OFFSET_SHOWN_MS = 5_000;

/** How far the server's clock is ahead of the device's: bounds. Unit: ms */
export interface ClockOffset {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * Bounds the offset by the `Date` of one answer (whole seconds, RFC 9110 section 6.6.1): the server wrote it after the
 * request left and before the answer arrived.
 * @returns undefined for an invalid date
 *
 * Why: docs/DECISIONS.md#the-token-follows-the-servers-clock
 */
export function offsetOf(
  date: string | null,
  sentAtMs: number,
  receivedAtMs: number,
): ClockOffset | undefined {
  const atMs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(atMs) || receivedAtMs < sentAtMs) return undefined;
  return { leastMs: atMs - receivedAtMs, mostMs: atMs + 1_000 - sentAtMs };
}

/** Narrows the known bounds by new ones. If they contradict each other, a clock was set, and the new ones hold. */
export function narrowed(known: ClockOffset | undefined, seen: ClockOffset): ClockOffset {
  if (!known) return seen;
  const leastMs = Math.max(known.leastMs, seen.leastMs);
  const mostMs = Math.min(known.mostMs, seen.mostMs);
  return leastMs <= mostMs ? { leastMs, mostMs } : seen;
}

/** Returns the estimated offset: the middle of the bounds, or 0 if nothing is known. Unit: ms */
export function offsetMs(offset: ClockOffset | undefined): number {
  if (!offset) return 0;
  return Math.round((offset.leastMs + offset.mostMs) / 2);
}
