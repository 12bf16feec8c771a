import { LIMITS } from '../../limits.ts';
import type { RateLimit } from '../../ports/rate-limiter.ts';

interface KnownWait extends RateLimit {
  readonly cost: number;
  /** On the clock that `elapsedMs` reads. */
  readonly until: number;
}

/**
 * Who was told to wait, and until when: the same call before that would be told the same, so it need not be asked again.
 * A bounded number of them; the one told first is forgotten first, which costs a question more.
 */
export class KnownWaits {
  readonly #waits = new Map<string, KnownWait>();

  /** @returns ms that the same call has still to wait, 0 where that is not known */
  of(key: string, limit: RateLimit, cost: number, now: number): number {
    const known = this.#waits.get(key);
    if (!known) return 0;
    if (known.until <= now) {
      this.#waits.delete(key);
      return 0;
    }
    const same =
      known.cost === cost && known.countMax === limit.countMax && known.windowMs === limit.windowMs;
    return same ? Math.ceil(known.until - now) : 0;
  }

  remember(key: string, { countMax, windowMs }: RateLimit, cost: number, until: number): void {
    this.#waits.delete(key);
    if (this.#waits.size >= LIMITS.rateLimitKeysMax) {
      for (const oldest of this.#waits.keys()) {
        this.#waits.delete(oldest);
        break;
      }
    }
    this.#waits.set(key, { countMax, windowMs, cost, until });
  }

  get size(): number {
    return this.#waits.size;
  }
}
