import { LIMITS } from '../../limits.ts';

/**
 * The challenges spent within their time to live, by the 64 bits after their time: 8 bytes each, where a Set of
 * strings takes a hundred. Kept in tables by time of issue, so that a whole table is forgotten at once when all
 * in it have expired. Nonces are random and authenticated before they are looked up, so that two share 64 bits is
 * not to be expected in the lifetime of a server; it would refuse an honest transaction, never admit a second one.
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

  /** What has not the form of a nonce was never spent. */
  has(nonce: string): boolean {
    const table = this.#tables.get(this.#period(nonce));
    return table?.has(highBits(nonce), lowBits(nonce)) ?? false;
  }

  /** `at`: now, by which expired tables are dropped. */
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

/** The time of issue takes 12 hex digits (challenge.ts), the random part follows. */
function highBits(nonce: string): number {
  return Number.parseInt(nonce.slice(12, 20), 16);
}
function lowBits(nonce: string): number {
  return Number.parseInt(nonce.slice(20, 28), 16);
}

/** Open addressing over pairs of 32 bits; a pair of zeros is an empty place. */
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

  /** Where the pair is, or the empty place where it belongs. The low half of a kept pair is never zero. */
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
      const place = this.#find(old[slot] ?? 0, low);
      this.#slots[place] = old[slot] ?? 0;
      this.#slots[place + 1] = low;
    }
  }
}
