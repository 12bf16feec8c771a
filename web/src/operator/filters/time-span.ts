/** Spans of time that lists and figures share, by their names in addresses, in ms. */
export const TIME_SPANS = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
} as const;

export type TimeSpan = keyof typeof TIME_SPANS;

export function timeSpanOf(value: string | undefined): TimeSpan | undefined {
  return Object.keys(TIME_SPANS).find((name): name is TimeSpan => name === value);
}

/** When a span that ends now began, RFC 3339. */
export function beginningOfSpan(span: TimeSpan, now: number): string {
  return new Date(now - TIME_SPANS[span]).toISOString();
}

/** The time that a field of date and time says, RFC 3339. @returns undefined where it says none */
export function timeOfField(value: string | undefined): string | undefined {
  const at = value ? new Date(value) : undefined;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined;
}
