import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';

/**
 * Versions that users are known to have. Entries are never removed, so the next version after one of these leaves no gap.
 * The knowledge holds while the database server is the same: a standby that takes over may have fewer entries.
 *
 * Why: docs/DECISIONS.md#predecessors-are-checked-where-unknown
 */
export class KnownHeads {
  readonly #versions = new Map<UserId, number>();
  #era = 0;

  /** Read before a query and passed to `learn`, which ignores results of an earlier era. */
  get era(): number {
    return this.#era;
  }

  has(userId: UserId, version: number): boolean {
    return version === 0 || this.#versions.get(userId) === version;
  }

  learn(era: number, userId: UserId, version: number): void {
    if (era !== this.#era) return;
    if (this.#versions.size >= LIMITS.usersCachedMax && !this.#versions.has(userId)) {
      for (const oldest of this.#versions.keys()) {
        this.#versions.delete(oldest);
        break;
      }
    }
    this.#versions.set(userId, version);
  }

  /** Called when the database server was lost. */
  forget(): void {
    this.#era++;
    this.#versions.clear();
  }
}
