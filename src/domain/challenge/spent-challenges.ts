import { LIMITS } from '../../limits.ts';
import { hexNumber } from '../encoding/hex.ts';
import { INITIAL_CAPACITY, NonceSet } from './nonce-set.ts';

/** Of a nonce: the time of issue (src/domain/challenge/nonce.ts). */
const TIME_DIGITS = 12;

/**
 * The challenges that were spent within their time to live, each kept as the 64 random bits after its time: 8 bytes,
 * where a Set of strings takes about a hundred. Tables cover a period of issue each, so a table is dropped at once when
 * everything in it has expired. Nonces are random and authenticated before they are looked up, so a collision is not
 * expected in the lifetime of a server; it would refuse an honest transaction, never accept a challenge twice.
 *
 * Why: docs/DECISIONS.md#spent-challenges-are-64-bit-fingerprints
 */
export class SpentChallenges {
  readonly #periodMs: number;
  readonly #ttlMs: number;
  readonly #tables = new Map<number, NonceSet>();
  #capacity = INITIAL_CAPACITY;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
    this.#periodMs = Math.max(1, Math.ceil(ttlMs / 4));
  }

  /** Whether the challenge was spent. Does NOT authenticate it; false for a text that does not have the form of a nonce. */
  has(nonce: string): boolean {
    return this.#tables.get(this.#period(nonce))?.has(nonce) ?? false;
  }

  /**
   * Records a challenge as spent. Does NOT check its form or whether it was spent before.
   * @param at now, ms since 1970: expired tables are dropped
   */
  add(nonce: string, at: number): void {
    const period = this.#period(nonce);
    let table = this.#tables.get(period);
    if (!table) {
      this.#forgetExpired(at);
      table = new NonceSet(this.#capacity);
      this.#tables.set(period, table);
    }
    table.add(nonce);
  }

  #period(nonce: string): number {
    return Math.floor(hexNumber(nonce, 0, TIME_DIGITS) / this.#periodMs);
  }

  #forgetExpired(at: number): void {
    let capacity = INITIAL_CAPACITY;
    for (const [period, table] of this.#tables) {
      if ((period + 1) * this.#periodMs + this.#ttlMs + LIMITS.clockSkewMs < at) this.#tables.delete(period);
      else capacity = Math.max(capacity, table.capacityForItsSize());
    }
    this.#capacity = capacity;
  }
}
