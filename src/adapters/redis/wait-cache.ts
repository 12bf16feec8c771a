import { LIMITS } from '../../limits.ts';
import type { RateLimit } from '../../ports/rate-limiter.ts';

interface KnownWait extends RateLimit {
  readonly cost: number;
  /** On the clock of `elapsedMs`. */
  readonly until: number;
}

/**
 * The waits that Redis answered. Until a wait is over, the same call would get the same answer, so Redis is not asked.
 * Bounded: the oldest wait is evicted first, which costs one more request to Redis.
 */
export class WaitCache {
  readonly #waits = new Map<string, KnownWait>();

  /** Returns the ms that the same call still has to wait; 0 when unknown. */
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
