import { createHmac } from 'node:crypto';
import type { RedisClientOptions } from '@redis/client';
import { LIMITS } from '../../limits.ts';
import type { RateLimit, RateLimiter } from '../../ports/rate-limiter.ts';
import { elapsedMs } from '../system/clock.ts';
import { KnownWaits } from './known-waits.ts';
import { RedisConnection } from './redis-connection.ts';

export interface RedisRateLimiterOptions {
  readonly redis: RedisClientOptions;
  /** The key under which names and addresses are hashed, the same on all servers. Asked for before each connection. */
  readonly nameKey: () => Promise<Uint8Array>;
  /** Counts by itself while Redis cannot. */
  readonly own: RateLimiter;
  /** How long each request waits for Redis; by default `redisAnswerTimeMs`. */
  readonly answerTimeMs?: number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/**
 * One allowance for all servers, in Redis or Valkey. Where that does not answer within `redisAnswerTimeMs`, or not at all,
 * this server counts in its own memory from that call on, says so once, and looks for Redis every `redisRetryMs`; its own
 * memory knows all that this server let through before, so an outage is no fresh start for whoever is at a limit.
 * Redis sees no name or address: keys are HMAC-SHA256 of them, of 128 bits.
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #options: RedisRateLimiterOptions;
  readonly #waits = new KnownWaits();
  #nameKey: Uint8Array = new Uint8Array();
  #link: RedisConnection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #reason = '';
  #closed = false;

  private constructor(options: RedisRateLimiterOptions) {
    this.#options = options;
  }

  /** Tries to connect for `redisConnectTimeMs` at most; begins in its own memory where that fails. */
  static async open(options: RedisRateLimiterOptions): Promise<RedisRateLimiter> {
    const limiter = new RedisRateLimiter(options);
    await limiter.#connect();
    return limiter;
  }

  get degraded(): boolean {
    return this.#link === undefined;
  }

  async take(key: string, limit: RateLimit, cost = 1): Promise<number> {
    const { own } = this.#options;
    const wait = this.#waits.of(key, limit, cost, elapsedMs());
    if (wait > 0) return wait;
    const link = this.#link;
    if (!link?.hasRoom) return own.take(key, limit, cost);
    try {
      const shared = await link.take(this.#hashed(key), limit, cost);
      if (shared === 0) await own.take(key, limit, cost);
      else this.#waits.remember(key, limit, cost, elapsedMs() + shared);
      return shared;
    } catch (error) {
      this.#lost(link, error);
      return own.take(key, limit, cost);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#link?.destroy();
    this.#link = undefined;
    await this.#options.own.close();
  }

  #hashed(key: string): string {
    const digest = createHmac('sha256', this.#nameKey).update(key).digest();
    return `sello:rate:${digest.toString('base64url', 0, 16)}`;
  }

  async #connect(): Promise<void> {
    let link: RedisConnection | undefined;
    let lost: Error | undefined;
    try {
      this.#nameKey = await this.#options.nameKey();
      const { redis, answerTimeMs = LIMITS.redisAnswerTimeMs } = this.#options;
      link = await RedisConnection.open(redis, answerTimeMs, (error) => {
        lost = error;
        this.#lost(link, error);
      });
      if (this.#closed || lost) {
        link.destroy();
        throw lost ?? new Error('closed');
      }
      this.#link = link;
      if (this.#reason === '') return;
      this.#reason = '';
      this.#options.log.info({}, 'rate limits are shared again');
    } catch (error) {
      this.#report(lost ?? error);
      this.#later();
    }
  }

  #lost(link: RedisConnection | undefined, error: unknown): void {
    if (link === undefined || this.#link !== link) return;
    this.#link = undefined;
    link.destroy();
    if (this.#closed) return;
    this.#report(error);
    this.#later();
  }

  #later(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => void this.#connect(), LIMITS.redisRetryMs).unref();
  }

  /** Once an outage: what else goes wrong until it is over is the same news. */
  #report(error: unknown): void {
    if (this.#closed || this.#reason !== '') return;
    this.#reason = reasonOf(error);
    this.#options.log.warn(
      { reason: this.#reason },
      'rate limits are not shared: Redis cannot be asked, each server counts in its own memory until it can',
    );
  }
}

/** An error of several addresses has no text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
