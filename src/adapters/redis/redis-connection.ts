import { createClient, type RedisClientOptions } from '@redis/client';
import { LIMITS } from '../../limits.ts';
import type { RateLimit } from '../../ports/rate-limiter.ts';
import { TAKE_SCRIPT, TAKE_SCRIPT_SHA1 } from './take-script.ts';

/** Redis did not answer in time. */
export class RedisSlow extends Error {
  override name = 'RedisSlow';
}

type Client = ReturnType<typeof makeClient>;

function makeClient(options: RedisClientOptions) {
  return createClient({
    ...options,
    socket: { ...options.socket, connectTimeout: LIMITS.redisConnectTimeMs, reconnectStrategy: false },
    // A lost connection is not reopened here: the rate limiter opens another one, and no command waits in a queue.
    disableOfflineQueue: true,
    commandsQueueMaxLength: LIMITS.redisCommandsMax,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    RESP: 2,
  });
}

/** One connection to Redis or Valkey. It is never used again after it failed. */
export class RedisConnection {
  readonly #client: Client;
  readonly #answerTimeMs: number;
  #underWay = 0;

  private constructor(client: Client, answerTimeMs: number) {
    this.#client = client;
    this.#answerTimeMs = answerTimeMs;
  }

  /**
   * Connects, logs in, and loads the script, all within `redisConnectTimeMs`.
   * @param lost called when the connection ends by itself
   */
  static async open(
    options: RedisClientOptions,
    answerTimeMs: number,
    lost: (error: Error) => void,
  ): Promise<RedisConnection> {
    const client = makeClient(options);
    client.on('error', lost);
    const connection = new RedisConnection(client, answerTimeMs);
    try {
      await inTime(
        client.connect().then(() => client.sendCommand(['SCRIPT', 'LOAD', TAKE_SCRIPT])),
        LIMITS.redisConnectTimeMs,
      );
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  /** Whether one more command may be sent. */
  get hasRoom(): boolean {
    return this.#underWay < LIMITS.redisCommandsMax;
  }

  /**
   * Takes `cost` from the window of `key`. Does NOT hash the key: it goes over the network as it is.
   * @returns 0 when taken, else ms to wait
   * @throws RedisSlow after `answerTimeMs`: it is then unknown whether it was taken. Also throws Redis's own errors.
   */
  async take(key: string, { countMax, windowMs }: RateLimit, cost: number): Promise<number> {
    const given = ['1', key, `${countMax}`, `${windowMs}`, `${cost}`, `${LIMITS.rateLimitMomentsMax}`];
    this.#underWay++;
    try {
      return Number(await inTime(this.#run(given), this.#answerTimeMs));
    } finally {
      this.#underWay--;
    }
  }

  /** Ends the connection at once; commands under way fail. */
  destroy(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  /** Runs the script by its hash, or sends it whole when Redis forgot it (SCRIPT FLUSH, restart). */
  async #run(given: readonly string[]): Promise<unknown> {
    try {
      return await this.#client.sendCommand(['EVALSHA', TAKE_SCRIPT_SHA1, ...given]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.#client.sendCommand(['EVAL', TAKE_SCRIPT, ...given]);
    }
  }
}

/** Awaits an answer for at most `timeMs`. A later answer is ignored. @throws RedisSlow */
function inTime<Result>(asked: Promise<Result>, timeMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    // If this process was busy, the answer may have arrived unread: setImmediate lets it be read first.
    const timer = setTimeout(
      () => setImmediate(() => reject(new RedisSlow(`no answer in ${timeMs} ms`))),
      timeMs,
    );
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
