import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { opaqueString } from '../../domain/opaque-string.ts';
import { LIMITS } from '../../limits.ts';
import type { PasswordCaller, PasswordHasher } from '../../ports/password-hasher.ts';
import type { Random } from '../../ports/random.ts';
import { elapsedMs } from '../system/clock.ts';
import { PasswordQueue } from './password-queue.ts';

/** The first Argon2id recommendation of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
export const PASSWORD_COST: PasswordCost = { memoryKib: 19_456, passes: 2, lanes: 1 };

export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface Argon2HasherOptions {
  readonly random: Random;
  readonly cost?: PasswordCost;
  /** Passwords hashed at a time. Default: one per core, and fewer than there are threads in the pool. */
  readonly parallelMax?: number;
  /** Passwords that may wait besides: of known callers, and again of strangers. */
  readonly queueMax?: number;
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** The assumed duration until one was measured. */
const FIRST_ESTIMATE_MS = 50;
/** Threads of libuv's pool unless `UV_THREADPOOL_SIZE` says otherwise. */
const UV_THREADS = 4;
/** The weight of the latest duration in the moving average. */
const WEIGHT = 0.2;

/**
 * Hashes passwords, prepared by OpaqueString (RFC 8265 section 4.2), by Argon2id in the thread pool. A password that the
 * preparation changes is also verified as it was sent, for versions before hashed it so. Does NOT bound the password's
 * length: callers do.
 * @throws from `verify` when the stored value is not a PHC string: the store is damaged
 */
export class Argon2Hasher implements PasswordHasher {
  readonly #random: Random;
  readonly #cost: PasswordCost;
  readonly #parallelMax: number;
  readonly #waiting: PasswordQueue;
  /** Verified for unknown users: a PHC string of the same cost and a random hash, which no known password matches. */
  readonly #dummy: string;
  #running = 0;
  #averageMs = FIRST_ESTIMATE_MS;

  constructor(options: Argon2HasherOptions) {
    this.#random = options.random;
    this.#cost = options.cost ?? PASSWORD_COST;
    this.#parallelMax = options.parallelMax ?? hashesInParallelMax();
    this.#waiting = new PasswordQueue(options.queueMax ?? LIMITS.passwordQueueMax);
    const { memoryKib, passes, lanes } = this.#cost;
    const salt = unpaddedBase64(options.random.bytes(SALT_BYTES));
    const digest = unpaddedBase64(options.random.bytes(HASH_BYTES));
    this.#dummy = `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${salt}$${digest}`;
  }

  hash(password: string, caller?: PasswordCaller): Promise<string | undefined> {
    return this.#run(caller, () =>
      hash(opaqueString(password), {
        memoryCost: this.#cost.memoryKib,
        timeCost: this.#cost.passes,
        parallelism: this.#cost.lanes,
        outputLen: HASH_BYTES,
        salt: this.#random.bytes(SALT_BYTES),
      }),
    );
  }

  verify(phc: string | undefined, password: string, caller?: PasswordCaller): Promise<boolean | undefined> {
    return this.#run(caller, async () => {
      const stored = phc ?? this.#dummy;
      const prepared = opaqueString(password);
      const fits =
        (await verify(stored, prepared)) || (prepared !== password && (await verify(stored, password)));
      return fits && phc !== undefined;
    });
  }

  get queueLength(): number {
    return this.#running + this.#waiting.length;
  }

  retryAfterMs(): number {
    const estimate = Math.ceil((this.#averageMs * this.queueLength) / this.#parallelMax);
    return Math.min(Math.max(estimate, LIMITS.passwordRetryMsMin), LIMITS.passwordRetryMsMax);
  }

  async #run<T>(caller: PasswordCaller | undefined, compute: () => Promise<T>): Promise<T | undefined> {
    if (this.#running < this.#parallelMax) this.#running++;
    // A finished computation passes its permit to the next waiter, so `#running` does not change.
    else if (!(await this.#turn(caller))) return undefined;
    const startedAt = elapsedMs();
    try {
      return await compute();
    } finally {
      this.#averageMs += WEIGHT * (elapsedMs() - startedAt - this.#averageMs);
      const next = this.#waiting.shift();
      if (next) next.start();
      else this.#running--;
    }
  }

  /** @returns whether it is the caller's turn; false when there is no place, or another caller got it */
  #turn(caller: PasswordCaller | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = { start: () => resolve(true), refuse: () => resolve(false) };
      if (!this.#waiting.push(waiting, caller)) resolve(false);
    });
  }
}

function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/**
 * One hash per core: more only take memory. One thread of the pool stays free, because Node verifies access tokens there
 * and libuv reads files there; with four threads (libuv's default) those would wait for hashes on four cores or more.
 *
 * Why: docs/DECISIONS.md#one-pool-thread-stays-free-of-password-hashes
 */
function hashesInParallelMax(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE) || UV_THREADS;
  return Math.max(1, Math.min(availableParallelism(), threads - 1));
}
