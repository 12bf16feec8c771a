import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import { SHORT_KEY_BYTES_MAX, SHORT_KEY_WORDS } from './hmac.ts';

const SWEEP_MS = 15_000;

/**
 * A cache of unwrapped keys with a bounded size and lifetime. All keys are in one typed array, so that each can be
 * overwritten. Evicts the oldest first: as every key lives equally long, that is the order of expiry too, and a hit
 * costs one look-up. A key in use is unwrapped again after its lifetime.
 *
 * Why: docs/DECISIONS.md#unwrapped-keys-leave-in-order-of-entry
 */
export class UnwrappedKeys {
  /** Each slot holds a key padded with zeros, as `macWithShortKey` takes it. */
  readonly words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #slots = new Map<WrappedKey, number>();
  readonly #wrapped: (WrappedKey | undefined)[] = [];
  readonly #owners: (KeyOwner | undefined)[] = [];
  readonly #expiries: Float64Array;
  readonly #capacity: number;
  readonly #lifeMs: number;
  readonly #elapsedMs: () => number;
  readonly #sweep: NodeJS.Timeout;
  /** The slot of the oldest key; the newest is `#count - 1` slots after it, around the end. */
  #oldest = 0;
  #count = 0;

  constructor(capacity: number, lifeMs: number, elapsedMs: () => number) {
    this.#capacity = capacity;
    this.#lifeMs = lifeMs;
    this.#elapsedMs = elapsedMs;
    this.words = new Int32Array(capacity * SHORT_KEY_WORDS);
    this.#bytes = new Uint8Array(this.words.buffer);
    this.#expiries = new Float64Array(capacity);
    this.#sweep = setInterval(() => this.expire(), SWEEP_MS);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#count;
  }

  /** Returns the index in `words` where the key of this owner starts, or -1. Does NOT check its expiry: call `expire` first. */
  find(wrapped: WrappedKey, owner: KeyOwner): number {
    const slot = this.#slots.get(wrapped);
    return slot !== undefined && this.#owners[slot] === owner ? slot * SHORT_KEY_WORDS : -1;
  }

  /** Caches a copy of a key that was unwrapped for this owner. Ignores a key longer than `SHORT_KEY_BYTES_MAX`. */
  add(wrapped: WrappedKey, owner: KeyOwner, key: Uint8Array): void {
    if (key.length > SHORT_KEY_BYTES_MAX || this.#slots.has(wrapped)) return;
    if (this.#count === this.#capacity) this.#evictOldest();
    const slot = (this.#oldest + this.#count) % this.#capacity;
    this.#bytes.set(key, slot * SHORT_KEY_BYTES_MAX);
    this.#slots.set(wrapped, slot);
    this.#wrapped[slot] = wrapped;
    this.#owners[slot] = owner;
    this.#expiries[slot] = this.#elapsedMs() + this.#lifeMs;
    this.#count++;
  }

  /** Forgets and overwrites every expired key. */
  expire(): void {
    const now = this.#elapsedMs();
    while (this.#count > 0 && (this.#expiries[this.#oldest] ?? 0) <= now) this.#evictOldest();
  }

  clear(): void {
    while (this.#count > 0) this.#evictOldest();
  }

  close(): void {
    clearInterval(this.#sweep);
    this.clear();
  }

  #evictOldest(): void {
    const slot = this.#oldest;
    this.#bytes.fill(0, slot * SHORT_KEY_BYTES_MAX, (slot + 1) * SHORT_KEY_BYTES_MAX);
    const wrapped = this.#wrapped[slot];
    if (wrapped !== undefined) this.#slots.delete(wrapped);
    this.#wrapped[slot] = undefined;
    this.#owners[slot] = undefined;
    this.#oldest = (slot + 1) % this.#capacity;
    this.#count--;
  }
}
