import { createHmac } from 'node:crypto';
import type { RedisClientOptions } from '@redis/client';
import { LIMITS } from '../../limits.ts';
import type { RateLimit, RateLimiter } from '../../ports/rate-limiter.ts';
import { elapsedMs } from '../system/clock.ts';
import { RedisConnection } from './redis-connection.ts';
import { WaitCache } from './wait-cache.ts';

export interface RedisRateLimiterOptions {
  readonly redis: RedisClientOptions;
  /** The HMAC key that hides names and addresses from Redis, the same on all servers. Called before each connection, and again every `keyVersionsPeriodMs`. */
  readonly nameKey: () => Promise<Uint8Array>;
  /** The rate limiter in memory, for while Redis is unavailable. */
  readonly own: RateLimiter;
  /** How long each request waits for Redis. Default: `redisAnswerTimeMs`. */
  readonly answerTimeMs?: number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/**
 * A rate limiter with one allowance for all servers, in Redis or Valkey. When Redis does not answer within
 * `redisAnswerTimeMs`, this server counts in its own memory from that call on, logs it once, and tries Redis every
 * `redisRetryMs`. Its memory includes everything that this server let through before, so an outage does not reset a
 * limit. Redis sees no name or address: its keys are their HMAC-SHA256, truncated to 128 bits.
 *
 * Why: docs/DECISIONS.md#redis-has-50-ms
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #options: RedisRateLimiterOptions;
  readonly #waits = new WaitCache();
  #nameKey: Uint8Array = new Uint8Array();
  #namedAt = 0;
  #connection: RedisConnection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #reason = '';
  #closed = false;

  private constructor(options: RedisRateLimiterOptions) {
    this.#options = options;
  }

  /** Tries to connect for at most `redisConnectTimeMs`; if that fails, starts counting in memory. */
  static async open(options: RedisRateLimiterOptions): Promise<RedisRateLimiter> {
    const limiter = new RedisRateLimiter(options);
    await limiter.#connect();
    return limiter;
  }

  get degraded(): boolean {
    return this.#connection === undefined;
  }

  async take(key: string, limit: RateLimit, cost = 1): Promise<number> {
    const { own } = this.#options;
    const wait = this.#waits.of(key, limit, cost, elapsedMs());
    if (wait > 0) return wait;
    const connection = this.#connection;
    if (elapsedMs() - this.#namedAt > LIMITS.keyVersionsPeriodMs) void this.#renewName();
    if (!connection?.hasRoom) return own.take(key, limit, cost);
    try {
      const shared = await connection.take(this.#hashed(key), limit, cost);
      if (shared === 0) await own.take(key, limit, cost);
      else this.#waits.remember(key, limit, cost, elapsedMs() + shared);
      return shared;
    } catch (error) {
      this.#lost(connection, error);
      return own.take(key, limit, cost);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#connection?.destroy();
    this.#connection = undefined;
    await this.#options.own.close();
  }

  #hashed(key: string): string {
    const digest = createHmac('sha256', this.#nameKey).update(key).digest();
    return `sello:rate:${digest.toString('base64url', 0, 16)}`;
  }

  /** In the background: without the vault the names stay as they are. */
  async #renewName(): Promise<void> {
    this.#namedAt = elapsedMs();
    try {
      this.#nameKey = await this.#options.nameKey();
    } catch {}
  }

  async #connect(): Promise<void> {
    let connection: RedisConnection | undefined;
    let lost: Error | undefined;
    try {
      this.#nameKey = await this.#options.nameKey();
      this.#namedAt = elapsedMs();
      const { redis, answerTimeMs = LIMITS.redisAnswerTimeMs } = this.#options;
      connection = await RedisConnection.open(redis, answerTimeMs, (error) => {
        lost = error;
        this.#lost(connection, error);
      });
      if (this.#closed || lost) {
        connection.destroy();
        throw lost ?? new Error('closed');
      }
      this.#connection = connection;
      if (this.#reason === '') return;
      this.#reason = '';
      this.#options.log.info({}, 'rate limits are shared again');
    } catch (error) {
      this.#report(lost ?? error);
      this.#later();
    }
  }

  #lost(connection: RedisConnection | undefined, error: unknown): void {
    if (connection === undefined || this.#connection !== connection) return;
    this.#connection = undefined;
    connection.destroy();
    if (this.#closed) return;
    this.#report(error);
    this.#later();
  }

  #later(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => void this.#connect(), LIMITS.redisRetryMs).unref();
  }

  /** Logs an outage once, not every failure during it. */
  #report(error: unknown): void {
    if (this.#closed || this.#reason !== '') return;
    this.#reason = reasonOf(error);
    this.#options.log.warn(
      { reason: this.#reason },
      'rate limits are not shared: Redis cannot be asked, each server counts in its own memory until it can',
    );
  }
}

/** The message of an error. An AggregateError (several addresses tried) has none of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
