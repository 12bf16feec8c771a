import { LIMITS } from '../../limits.ts';
import type { RateLimit, RateLimiter } from '../../ports/rate-limiter.ts';

/**
 * Bounds the refusals of an address. Remembers addresses over the limit, so that their next request is refused before
 * a signature is verified or a row is read for it.
 *
 * Why: docs/DECISIONS.md#known-credentials-pass-the-error-limit
 */
export class ErrorLimit {
  readonly #limiter: RateLimiter;
  readonly #limit: RateLimit;
  /** Until when each address is over the limit, in ms of `performance.now()`; the oldest first. */
  readonly #over = new Map<string, number>();

  constructor(limiter: RateLimiter, limit: RateLimit) {
    this.#limiter = limiter;
    this.#limit = limit;
  }

  /** Counts one refusal. @returns ms to wait; 0 within the limit */
  async take(address: string): Promise<number> {
    const wait = await this.#limiter.take(`error/${address}`, this.#limit);
    if (wait > 0) this.#remember(address, performance.now() + wait);
    return wait;
  }

  /** Does NOT count. @returns ms for which the address is over the limit, as far as this server knows */
  waitOf(address: string): number {
    if (this.#over.size === 0) return 0;
    const until = this.#over.get(address);
    if (until === undefined) return 0;
    const wait = until - performance.now();
    if (wait > 0) return wait;
    this.#over.delete(address);
    return 0;
  }

  #remember(address: string, until: number): void {
    this.#over.delete(address);
    this.#over.set(address, until);
    if (this.#over.size <= LIMITS.rateLimitKeysMax) return;
    const [oldest] = this.#over.keys();
    if (oldest !== undefined) this.#over.delete(oldest);
  }
}
