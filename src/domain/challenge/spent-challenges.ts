import { LIMITS } from '../../limits.ts';

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
  readonly #tables = new Map<number, FingerprintTable>();
  #capacity = INITIAL_CAPACITY;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
    this.#periodMs = Math.max(1, Math.ceil(ttlMs / 4));
  }

  /** Whether the challenge was spent. Does NOT authenticate it; false for a text that does not have the form of a nonce. */
  has(nonce: string): boolean {
    const table = this.#tables.get(this.#period(nonce));
    return table?.has(highBits(nonce), lowBits(nonce)) ?? false;
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
      table = new FingerprintTable(this.#capacity);
      this.#tables.set(period, table);
    }
    table.add(highBits(nonce), lowBits(nonce));
  }

  #period(nonce: string): number {
    return Math.floor(Number.parseInt(nonce.slice(0, 12), 16) / this.#periodMs);
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

const INITIAL_CAPACITY = 1_024;
const LOAD_MAX = 0.75;

/** The first 12 hex digits are the time of issue (src/domain/challenge/nonce.ts); the random part follows. */
function highBits(nonce: string): number {
  return Number.parseInt(nonce.slice(12, 20), 16);
}
function lowBits(nonce: string): number {
  return Number.parseInt(nonce.slice(20, 28), 16);
}

/** A hash set of 64-bit fingerprints with open addressing and linear probing. A slot whose low half is 0 is empty. */
class FingerprintTable {
  #slots: Uint32Array;
  #mask: number;
  #size = 0;

  constructor(capacity: number) {
    this.#slots = new Uint32Array(capacity * 2);
    this.#mask = capacity - 1;
  }

  has(high: number, low: number): boolean {
    return this.#slots[this.#find(high, low || 1) + 1] !== 0;
  }

  add(high: number, low: number): void {
    if (this.#size >= (this.#mask + 1) * LOAD_MAX) this.#grow();
    const slot = this.#find(high, low || 1);
    if (this.#slots[slot + 1] !== 0) return;
    this.#slots[slot] = high;
    this.#slots[slot + 1] = low || 1;
    this.#size++;
  }

  capacityForItsSize(): number {
    let capacity = INITIAL_CAPACITY;
    while (this.#size >= capacity * LOAD_MAX) capacity *= 2;
    return capacity;
  }

  /** Returns the index of the fingerprint, or of the empty slot where it belongs. A stored low half is never 0. */
  #find(high: number, low: number): number {
    let index = high & this.#mask;
    for (;;) {
      const slot = index * 2;
      const keptLow = this.#slots[slot + 1];
      if (keptLow === 0 || (keptLow === low && this.#slots[slot] === high)) return slot;
      index = (index + 1) & this.#mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    const capacity = (this.#mask + 1) * 2;
    this.#slots = new Uint32Array(capacity * 2);
    this.#mask = capacity - 1;
    for (let slot = 0; slot < old.length; slot += 2) {
      const low = old[slot + 1] ?? 0;
      if (low === 0) continue;
      const target = this.#find(old[slot] ?? 0, low);
      this.#slots[target] = old[slot] ?? 0;
      this.#slots[target + 1] = low;
    }
  }
}
