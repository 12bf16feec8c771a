import { LIMITS } from '../../limits.ts';

/**
 * Shares the memory for long bodies: those that arrive or are handled, of all callers and of each one. Short ones, such as
 * every route takes, are not counted.
 */
export class BodyQuota {
  readonly #bytesMax: number;
  readonly #bytesPerHolderMax: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(
    bytesMax: number = LIMITS.messageBytesUnderWayMax,
    bytesPerHolderMax: number = LIMITS.messageBytesUnderWayPerUserMax,
  ) {
    this.#bytesMax = bytesMax;
    this.#bytesPerHolderMax = bytesPerHolderMax;
  }

  get total(): number {
    return this.#total;
  }

  /** @returns what releases the bytes, to be called once; undefined when a bound is reached */
  take(holder: string, bytes: number): (() => void) | undefined {
    if (bytes <= LIMITS.httpBodyBytesMax) return NOTHING;
    const held = this.#held.get(holder) ?? 0;
    if (held + bytes > this.#bytesPerHolderMax || this.#total + bytes > this.#bytesMax) return undefined;
    this.#held.set(holder, held + bytes);
    this.#total += bytes;
    return () => this.#release(holder, bytes);
  }

  #release(holder: string, bytes: number): void {
    const left = (this.#held.get(holder) ?? 0) - bytes;
    if (left > 0) this.#held.set(holder, left);
    else this.#held.delete(holder);
    this.#total -= bytes;
  }
}

const NOTHING = () => {};
