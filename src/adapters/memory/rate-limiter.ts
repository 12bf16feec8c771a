import { LIMITS } from '../../limits.ts';
import type { RateLimit, RateLimiter } from '../../ports/rate-limiter.ts';
import { elapsedMs as systemElapsedMs } from '../system/clock.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface MemoryRateLimiterOptions {
  /** A monotonic clock: a step back of a wall clock would block every key. */
  readonly elapsedMs?: () => number;
  readonly keysMax?: number;
}

/** Stalest keys checked for expiry when a new key comes. */
const SWEPT_PER_KEY = 4;

/**
 * A rate limiter for one process: a sliding window for each key. Keys are ordered by their last use, and each new key
 * removes a few stale ones that have their whole allowance again. When the memory is full, the stalest key is evicted,
 * which resets its allowance. An attacker with that many addresses is not held by a limit per address anyway, whereas
 * refusing new keys would let that attacker lock everybody else out. The limits that must hold, on attempts at a user's
 * password or code, are counted in the journal, not here.
 *
 * Why: docs/DECISIONS.md#the-memory-rate-limiter-evicts-the-stalest-key
 */
export class MemoryRateLimiter implements RateLimiter {
  /** Always false: nothing is shared. */
  readonly degraded = false;
  readonly #windows = new Map<string, SlidingWindow>();
  readonly #elapsedMs: () => number;
  readonly #keysMax: number;

  constructor(options: MemoryRateLimiterOptions = {}) {
    this.#elapsedMs = options.elapsedMs ?? systemElapsedMs;
    this.#keysMax = options.keysMax ?? LIMITS.rateLimitKeysMax;
  }

  /** Never takes a cost above the limit's `countMax`: the wait is then a whole window. */
  async take(key: string, limit: RateLimit, cost = 1): Promise<number> {
    const now = this.#elapsedMs();
    const known = this.#windows.get(key);
    if (known) this.#windows.delete(key);
    else this.#makeRoom(now);
    const window = known ?? new SlidingWindow();
    this.#windows.set(key, window);
    return window.take(now, limit, cost);
  }

  async close(): Promise<void> {}

  /** Number of keys in memory. */
  get size(): number {
    return this.#windows.size;
  }

  #makeRoom(now: number): void {
    let looked = 0;
    for (const [key, window] of this.#windows) {
      if (looked++ === SWEPT_PER_KEY) break;
      if (window.emptyAt <= now) this.#windows.delete(key);
    }
    if (this.#windows.size < this.#keysMax) return;
    for (const key of this.#windows.keys()) {
      this.#windows.delete(key);
      return;
    }
  }
}
