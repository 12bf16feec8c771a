import type { Random } from '../../ports/random.ts';

const POOL_BYTES = 8_192;

/** Few bytes at a time for what is public (nonces, ids), without asking the system for each. */
export class RandomPool {
  readonly #random: Random;
  #pool: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Bytes never handed out before. A view: copy what is kept for long. */
  take(length: number): Uint8Array {
    if (this.#used + length > this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES);
      this.#used = 0;
    }
    this.#used += length;
    return this.#pool.subarray(this.#used - length, this.#used);
  }
}
