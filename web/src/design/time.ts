const DAY_MS = 86_400_000;

/** Formats date and time in the locale and the reader's time zone. */
export function shownTime(at: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));
}

export function shownDate(at: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(at));
}

/**
 * Formats a time relative to now, such as "3 minutes ago" or "in 2 hours"; as a date from a week on.
 * @param now ms since 1970
 */
export function shownAge(at: string, locale: string, now: number): string {
  const difference = new Date(at).getTime() - now;
  const size = Math.abs(difference);
  if (size >= 7 * DAY_MS) return shownDate(at, locale);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  if (size < 60_000) return relative.format(Math.round(difference / 1000), 'second');
  if (size < 3_600_000) return relative.format(Math.round(difference / 60_000), 'minute');
  if (size < DAY_MS) return relative.format(Math.round(difference / 3_600_000), 'hour');
  return relative.format(Math.round(difference / DAY_MS), 'day');
}

/** The same for what has happened: a clock that is behind the server's shows "now", not a time to come. */
export function shownPast(at: string, locale: string, now: number): string {
  return shownAge(at, locale, Math.max(now, new Date(at).getTime()));
}

export interface DurationPart {
  readonly unit: 'seconds' | 'minutes' | 'hours' | 'days';
  readonly count: number;
}

/** Converts a wait to its largest unit, rounded up, so that it is never told too short. */
export function durationOf(ms: number): DurationPart {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 100) return { unit: 'seconds', count: seconds };
  if (seconds < 5_400) return { unit: 'minutes', count: Math.ceil(seconds / 60) };
  if (seconds < 172_800) return { unit: 'hours', count: Math.ceil(seconds / 3_600) };
  return { unit: 'days', count: Math.ceil(seconds / 86_400) };
}
