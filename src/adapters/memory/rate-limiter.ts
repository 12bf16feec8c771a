import { LIMITS } from '../../limits.ts';
import type { RateLimit, RateLimiter } from '../../ports/rate-limiter.ts';
import { elapsedMs as systemElapsedMs } from '../system/clock.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface MemoryRateLimiterOptions {
  /** Never backwards: the wall clock will not do, a step back would hold every key up. */
  readonly elapsedMs?: () => number;
  readonly keysMax?: number;
}

/** How many of the stalest keys are looked at when a new one comes. */
const SWEPT_PER_KEY = 4;

/**
 * What each key did in its sliding window, for one process. Keys are in the order in which they were last asked for; each
 * new one sweeps out a few that have their whole allowance again. When the memory is full of keys that have not, the
 * stalest is forgotten and so starts afresh: whoever commands that many addresses was not bounded by a limit an address
 * anyway, while refusing every new key would let them lock all others out. What must hold, the attempts at a user's
 * password or code, is counted in the journal, not here.
 */
export class MemoryRateLimiter implements RateLimiter {
  /** Nothing is shared, so nothing can be missing. */
  readonly degraded = false;
  readonly #windows = new Map<string, SlidingWindow>();
  readonly #elapsedMs: () => number;
  readonly #keysMax: number;

  constructor(options: MemoryRateLimiterOptions = {}) {
    this.#elapsedMs = options.elapsedMs ?? systemElapsedMs;
    this.#keysMax = options.keysMax ?? LIMITS.rateLimitKeysMax;
  }

  /** A cost above the limit's `countMax` is never taken: the wait is then a whole window. */
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

  /** Keys remembered. */
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
