import { beginningOf, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/search/count-spans.ts';
import type { CountChange, EntryCount, UserMark } from '../../ports/search-store.ts';

/** The types of entries that tell something of their user, with what. */
export const MARKS: Readonly<Record<string, 'registered' | 'logged_in' | 'unlocked'>> = {
  'user.registered': 'registered',
  'login.accepted': 'logged_in',
  'admin.user_unlocked': 'unlocked',
};

/** @param lockedMs of the entry's details; null: it locks nobody */
export function markOf(
  type: string,
  userId: number,
  at: number,
  lockedMs: number | null,
): UserMark | undefined {
  const kind = MARKS[type];
  if (kind) return { kind, userId, at };
  return lockedMs === null ? undefined : { kind: 'locked', userId, at, until: at + lockedMs };
}

/** Counts entries one by one, by second, type and reason. */
export class EntryTally {
  readonly #counts = new Map<string, EntryCount & { count: number }>();
  #last: (EntryCount & { count: number }) | undefined;

  add(at: number, type: string, reason: string): void {
    const second = beginningOf(at, SECOND_MS);
    const last = this.#last;
    // Most entries are of the type and second of the one before.
    if (last && last.at === second && last.type === type && last.reason === reason) {
      last.count++;
      return;
    }
    const key = `${second} ${type} ${reason}`;
    let count = this.#counts.get(key);
    if (!count) {
      count = { at: second, type, reason, count: 0 };
      this.#counts.set(key, count);
    }
    count.count++;
    this.#last = count;
  }

  counts(): EntryCount[] {
    return [...this.#counts.values()];
  }
}

/** What is stored of counts by second: by second, minute and hour, as long as each is kept. */
export function storedCounts({
  tally,
  secondsSince,
  minutesSince,
  hoursSince,
}: Omit<CountChange, 'lease' | 'expected'>): readonly (EntryCount & { readonly unit: number })[] {
  const kept = [
    [SECOND_MS, secondsSince],
    [MINUTE_MS, minutesSince],
    [HOUR_MS, hoursSince],
  ] as const;
  const sums = new Map<string, EntryCount & { readonly unit: number; count: number }>();
  for (const { at: second, type, reason, count } of tally.counts) {
    for (const [unit, since] of kept) {
      const at = beginningOf(second, unit);
      if (at < since) continue;
      const key = `${unit} ${at} ${type} ${reason}`;
      const sum = sums.get(key) ?? { unit, at, type, reason, count: 0 };
      sum.count += count;
      sums.set(key, sum);
    }
  }
  return [...sums.values()];
}
