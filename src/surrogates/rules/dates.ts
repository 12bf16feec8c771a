import { createHmac } from 'node:crypto';

const DATE = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const SHIFT_DAYS_MAX = 50;
const DAY_MS = 86_400_000;

/** The shift of all dates of a scope, from −50 to 50 days, by HMAC-SHA256. */
export function shiftDays(key: Uint8Array | string, scope: string): number {
  const number = createHmac('sha256', key).update(scope).digest().readUInt32BE();
  return (number % (2 * SHIFT_DAYS_MAX + 1)) - SHIFT_DAYS_MAX;
}

/**
 * Shifts a date by days. A time of day becomes midnight, in its zone.
 * @returns `undefined` for a text that is no whole date
 */
export function shiftDate(text: string, days: number): string | undefined {
  const [, year, month, day, time, zone = ''] = DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const at = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(at) || new Date(at).toISOString().slice(8, 10) !== day) return undefined;
  const shifted = new Date(at + days * DAY_MS).toISOString();
  if (!/^\d{4}-/.test(shifted)) return undefined;
  return shifted.slice(0, 10) + (time === undefined ? '' : `T00:00:00${zone}`);
}

export function yearOf(text: string): string | undefined {
  return /^(\d{4})(-|$)/.exec(text)?.[1];
}
