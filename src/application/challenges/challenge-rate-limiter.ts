import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';

interface Allowance {
  left: number;
  /** When `left` was right, ms of `performance.now()`. */
  at: number;
}

/**
 * Limits how many challenges a user or a service gets (a token bucket each), because one short request may ask for a
 * thousand and the server computes each one. Kept in memory, because it protects this server's CPU time alone.
 *
 * Why: docs/DECISIONS.md#challenges-are-rate-limited
 */
export class ChallengeRateLimiter {
  readonly #callers = new Map<UserId | string, Allowance>();

  /** @returns 0 if the challenges were granted, else the ms to wait before the same request would be */
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

  /** Evicting the oldest caller resets its allowance; that takes `usersCachedMax` other callers. */
  #remember(caller: UserId | string, allowance: Allowance): void {
    this.#callers.set(caller, allowance);
    if (this.#callers.size <= LIMITS.usersCachedMax) return;
    const [oldest] = this.#callers.keys();
    if (oldest !== undefined) this.#callers.delete(oldest);
  }
}
