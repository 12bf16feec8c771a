import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';

interface Allowance {
  left: number;
  /** When that was so, ms of `performance.now()`. */
  at: number;
}

/**
 * How many challenges a user, or a service, may ask for: one short request may want a thousand, each of which is
 * computed. In this server's memory: what is spent here is this server's time.
 */
export class ChallengeRateLimiter {
  readonly #callers = new Map<UserId | string, Allowance>();

  /** @returns 0 when taken, else the ms after which the same would be */
  take(caller: UserId | string, count: number, perSecond: number, now: number = performance.now()): number {
    const most = perSecond * LIMITS.challengeBurstSeconds;
    const known = this.#callers.get(caller);
    const left = known ? Math.min(most, known.left + ((now - known.at) * perSecond) / 1000) : most;
    if (left < count) return Math.ceil(((count - left) * 1000) / perSecond);
    if (known) {
      known.left = left - count;
      known.at = now;
    } else this.#remember(caller, { left: left - count, at: now });
    return 0;
  }

  /** Whoever is forgotten for another starts afresh: it takes thirty thousand callers to be so. */
  #remember(caller: UserId | string, allowance: Allowance): void {
    this.#callers.set(caller, allowance);
    if (this.#callers.size <= LIMITS.usersCachedMax) return;
    const [oldest] = this.#callers.keys();
    if (oldest !== undefined) this.#callers.delete(oldest);
  }
}
