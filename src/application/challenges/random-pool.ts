import type { Random } from '../../ports/random.ts';

const POOL_BYTES = 8_192;

/** Hands out a few random bytes at a time for public values (nonces, ids), without a system call for each. */
export class RandomPool {
  readonly #random: Random;
  #pool: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns bytes that were never handed out before. They are a view of the pool: copy what you keep for long. */
  take(length: number): Uint8Array {
    if (this.#used + length > this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES);
      this.#used = 0;
    }
    this.#used += length;
    return this.#pool.subarray(this.#used - length, this.#used);
  }
}
