/** Beyond this a user should be told that the device's clock is off. */
export const OFFSET_SHOWN_MS = 5_000;

/** How far the server's clock is ahead of this device's: somewhere between, in ms. */
export interface ClockOffset {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * What one answer's `Date` (whole seconds, RFC 9110 section 6.6.1) says: the server wrote it after the request left and
 * before the answer came.
 * @returns undefined for a date that is none
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

/** Narrows what was known by what is new; where they contradict each other a clock was put right, and the new one holds. */
export function narrowed(known: ClockOffset | undefined, seen: ClockOffset): ClockOffset {
  if (!known) return seen;
  const leastMs = Math.max(known.leastMs, seen.leastMs);
  const mostMs = Math.min(known.mostMs, seen.mostMs);
  return leastMs <= mostMs ? { leastMs, mostMs } : seen;
}

/** The best guess: what to add to this device's time. 0 where nothing is known. */
export function offsetMs(offset: ClockOffset | undefined): number {
  if (!offset) return 0;
  return Math.round((offset.leastMs + offset.mostMs) / 2);
}
