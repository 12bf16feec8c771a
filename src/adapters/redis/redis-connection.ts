import { createClient, type RedisClientOptions } from '@redis/client';
import { LIMITS } from '../../limits.ts';
import type { RateLimit } from '../../ports/rate-limiter.ts';
import { TAKE_SCRIPT, TAKE_SCRIPT_SHA1 } from './take-script.ts';

/** Nothing came back in time, or more is under way than the bound. */
export class RedisSlow extends Error {
  override name = 'RedisSlow';
}

type Client = ReturnType<typeof makeClient>;

function makeClient(options: RedisClientOptions) {
  return createClient({
    ...options,
    socket: { ...options.socket, connectTimeout: LIMITS.redisConnectTimeMs, reconnectStrategy: false },
    // A lost connection is a lost link: whoever holds it opens another, and nothing waits for it in a queue.
    disableOfflineQueue: true,
    commandsQueueMaxLength: LIMITS.redisCommandsMax,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    RESP: 2,
  });
}

/** One connection to Redis or Valkey; once it failed it is never used again. */
export class RedisConnection {
  readonly #client: Client;
  readonly #answerTimeMs: number;
  #underWay = 0;

  private constructor(client: Client, answerTimeMs: number) {
    this.#client = client;
    this.#answerTimeMs = answerTimeMs;
  }

  /**
   * Connects, logs in, and asks whether a script can run, all in `redisConnectTimeMs`.
   * `lost` is told once, when the connection ends by itself.
   */
  static async open(
    options: RedisClientOptions,
    answerTimeMs: number,
    lost: (error: Error) => void,
  ): Promise<RedisConnection> {
    const client = makeClient(options);
    client.on('error', lost);
    const link = new RedisConnection(client, answerTimeMs);
    try {
      await inTime(
        client.connect().then(() => client.sendCommand(['SCRIPT', 'LOAD', TAKE_SCRIPT])),
        LIMITS.redisConnectTimeMs,
      );
      return link;
    } catch (error) {
      link.destroy();
      throw error;
    }
  }

  /** Whether one more command may be sent. */
  get hasRoom(): boolean {
    return this.#underWay < LIMITS.redisCommandsMax;
  }

  /**
   * Takes from the window of `key`, which goes over the network as it is.
   * @returns 0 when taken, else ms to wait
   * @throws RedisSlow after `answerTimeMs`, then it is not known whether it was taken; else what Redis answered
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

  /** Ends the connection at once; what is under way fails. */
  destroy(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  /** SCRIPT FLUSH and a restart forget the script: it is sent whole then. */
  async #run(given: readonly string[]): Promise<unknown> {
    try {
      return await this.#client.sendCommand(['EVALSHA', TAKE_SCRIPT_SHA1, ...given]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.#client.sendCommand(['EVAL', TAKE_SCRIPT, ...given]);
    }
  }
}

/** @throws RedisSlow when it takes longer; what comes later is dropped */
function inTime<Result>(asked: Promise<Result>, timeMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    // When this process was busy, the answer may lie there unread: it is read before the time is called up.
    const timer = setTimeout(
      () => setImmediate(() => reject(new RedisSlow(`no answer in ${timeMs} ms`))),
      timeMs,
    );
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
