import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';

/**
 * Versions that users are known to have had, as long as the server they were read from is not lost: entries are never
 * removed, so what follows one of them leaves no gap. Another server may have fewer entries, where a standby was behind.
 */
export class KnownHeads {
  readonly #versions = new Map<UserId, number>();
  #era = 0;

  /** To be given back to `learn`: what was read in another era is not learnt. */
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

  /** A server was lost. */
  forget(): void {
    this.#era++;
    this.#versions.clear();
  }
}
