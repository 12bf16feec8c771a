import { hexNumber } from '../encoding/hex.ts';

export const INITIAL_CAPACITY = 1_024;
const LOAD_MAX = 0.75;

/*
 * The first 12 hex digits are the time of issue (src/domain/challenge/nonce.ts); the random part follows.
 */
const HIGH_AT = 12;
const LOW_AT = 20;
const END = 28;

/**
 * A set of authentic nonces, each kept as the 64 random bits after its time: a hash table with open addressing and linear
 * probing. A slot whose low half is 0 is empty.
 */
export class NonceSet {
  #slots: Uint32Array;
  #mask: number;
  #size = 0;

  constructor(capacity = INITIAL_CAPACITY) {
    this.#slots = new Uint32Array(capacity * 2);
    this.#mask = capacity - 1;
  }

  /** Whether the nonce was added. Does NOT authenticate it. */
  has(nonce: string): boolean {
    return this.#slots[this.#find(hexNumber(nonce, HIGH_AT, LOW_AT), lowBits(nonce)) + 1] !== 0;
  }

  /** Does NOT check its form. */
  add(nonce: string): void {
    if (this.#size >= (this.#mask + 1) * LOAD_MAX) this.#grow();
    const high = hexNumber(nonce, HIGH_AT, LOW_AT);
    const low = lowBits(nonce);
    const slot = this.#find(high, low);
    if (this.#slots[slot + 1] !== 0) return;
    this.#slots[slot] = high;
    this.#slots[slot + 1] = low;
    this.#size++;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#slots.fill(0);
    this.#size = 0;
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

function lowBits(nonce: string): number {
  return hexNumber(nonce, LOW_AT, END) || 1;
}
