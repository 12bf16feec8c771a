export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export interface CountSpan {
  /** ms: the unit by which these counts are read. */
  readonly unit: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** When the minute or hour of a time began. */
export function beginningOf(at: number, unit: number): number {
  return at - (at % unit);
}

/**
 * Which counts make up the minutes that begin from `from` on and before `to`, in as few rows as can be: whole hours by the
 * hour, the rest by the minute. Both times are beginnings of minutes.
 */
export function spansOf(from: number, to: number): readonly CountSpan[] {
  const firstHour = beginningOf(from + HOUR_MS - 1, HOUR_MS);
  const lastHour = beginningOf(to, HOUR_MS);
  if (firstHour >= lastHour) return [{ unit: MINUTE_MS, from, to }];
  const spans = [
    { unit: MINUTE_MS, from, to: firstHour },
    { unit: HOUR_MS, from: firstHour, to: lastHour },
    { unit: MINUTE_MS, from: lastHour, to },
  ];
  return spans.filter((span) => span.from < span.to);
}
