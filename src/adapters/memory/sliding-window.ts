import { LIMITS } from '../../limits.ts';
import type { RateLimit } from '../../ports/rate-limiter.ts';

/**
 * What was taken in the last `windowMs`, as moments with counts. Exact up to `rateLimitMomentsMax` moments. Beyond that,
 * moments closer together than `windowMs / rateLimitMomentsMax` are merged at the later time. So never more than
 * `countMax` pass in any window, slightly fewer may, and memory is bounded: at most twice as many moments.
 */
export class SlidingWindow {
  /** The time from which nothing counts any more. */
  emptyAt = Number.NEGATIVE_INFINITY;
  /** Oldest first. */
  readonly #moments: Moment[] = [];
  #taken = 0;

  /** @returns 0 when taken, else the ms until the same call would succeed, rounded up */
  take(now: number, { countMax, windowMs }: RateLimit, cost: number): number {
    this.#forget(now, windowMs);
    if (cost > countMax) return windowMs;
    if (this.#taken + cost > countMax)
      return Math.max(1, Math.ceil(this.#freeAt(countMax - cost) + windowMs - now));
    this.#taken += cost;
    this.emptyAt = now + windowMs;
    const latest = this.#moments.at(-1);
    const full = this.#moments.length >= LIMITS.rateLimitMomentsMax;
    if (
      latest &&
      (latest.to === now || (full && now - latest.from < windowMs / LIMITS.rateLimitMomentsMax))
    ) {
      latest.to = now;
      latest.count += cost;
    } else this.#moments.push({ from: now, to: now, count: cost });
    return 0;
  }

  /** Number of moments in memory. */
  get size(): number {
    return this.#moments.length;
  }

  #forget(now: number, windowMs: number): void {
    let gone = 0;
    for (const moment of this.#moments) {
      if (moment.to + windowMs > now) break;
      this.#taken -= moment.count;
      gone++;
    }
    if (gone > 0) this.#moments.splice(0, gone);
  }

  /** The time of the moment whose expiry brings the sum down to `target`. */
  #freeAt(target: number): number {
    let taken = this.#taken;
    for (const moment of this.#moments) {
      taken -= moment.count;
      if (taken <= target) return moment.to;
    }
    throw new Error('more was taken from a window than its moments hold');
  }
}

interface Moment {
  readonly from: number;
  to: number;
  count: number;
}
