import type { EntryType } from '../../domain/journal/entry.ts';
import { SYSTEM_USER_ID, type UserId } from '../../ports/store.ts';
import type { Decider } from '../decisions/decider.ts';

const COUNTERS_MAX = 4_096;
const PERIOD_MS = 60_000;

/**
 * Counts requests that are refused without being evaluated (locked, over a rate or a quota, unknown user). With an entry for each,
 * an attacker could fill the disk; one entry a minute gives the count. At `COUNTERS_MAX` counters, further
 * refusals are counted under the system user.
 */
export class RefusalCounter {
  readonly #decider: Decider;
  readonly #log: (error: unknown) => void;
  #counts = new Map<string, { userId: UserId; type: EntryType; reason: string; count: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(decider: Decider, log: (error: unknown) => void) {
    this.#decider = decider;
    this.#log = log;
    decider.subscribeOverQuota((userId) => this.count('admin.rate_limited', 'entries', userId));
  }

  count(type: EntryType, reason: string, userId: UserId = SYSTEM_USER_ID, times = 1): void {
    const id = this.#counts.size < COUNTERS_MAX ? userId : SYSTEM_USER_ID;
    const key = `${id}/${type}/${reason}`;
    const kept = this.#counts.get(key);
    if (kept) kept.count += times;
    else this.#counts.set(key, { userId: id, type, reason, count: times });
    this.#timer ??= setTimeout(() => void this.flush(), PERIOD_MS).unref();
  }

  /** Appends the counts. Those that cannot be written now are kept for the next minute. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    for (const { userId, type, reason, count } of counts) {
      try {
        await this.#decider.submit({
          userId,
          decide: (user) =>
            user
              ? { result: undefined, draft: { type, reason, detail: { count }, state: user.state } }
              : { result: undefined },
        });
      } catch (error) {
        this.#log(error);
        this.count(type, reason, userId, count);
      }
    }
  }
}
