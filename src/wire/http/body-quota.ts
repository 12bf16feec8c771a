import { LIMITS } from '../../limits.ts';

/** A body that arrives. */
export interface ArrivingBody {
  /** Whether it has taken longer than a request's time, which it may while nobody else needs the room. */
  isSlow(): boolean;
  /** Ends its connection. */
  cut(): void;
}

interface Held {
  readonly holder: string;
  readonly bytes: number;
  readonly body: ArrivingBody;
}

/**
 * Shares the memory for long bodies: those that arrive or are handled, of all callers and of each one. Short ones, such as
 * every route takes, are not counted. Where there is no room for another one, those that come slowly are cut off first, the
 * oldest first: so a few slow senders hold up nobody.
 */
export class BodyQuota {
  readonly #bytesMax: number;
  readonly #bytesPerHolderMax: number;
  readonly #byHolder = new Map<string, number>();
  /** The oldest first. */
  readonly #held = new Set<Held>();
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

  /** @returns what releases the bytes; undefined when a bound is reached */
  take(holder: string, bytes: number, body: ArrivingBody): (() => void) | undefined {
    if (bytes <= LIMITS.httpBodyBytesMax) return NOTHING;
    const own = this.#byHolder.get(holder) ?? 0;
    if (own + bytes > this.#bytesPerHolderMax || !this.#hasRoom(bytes)) return undefined;
    const held: Held = { holder, bytes, body };
    this.#held.add(held);
    this.#byHolder.set(holder, own + bytes);
    this.#total += bytes;
    return () => this.#release(held);
  }

  /** Makes room, if cutting off those that are slow does. Cuts off nobody otherwise. */
  #hasRoom(bytes: number): boolean {
    let missing = this.#total + bytes - this.#bytesMax;
    if (missing <= 0) return true;
    const slow: Held[] = [];
    for (const held of this.#held) {
      if (missing <= 0) break;
      if (!held.body.isSlow()) continue;
      slow.push(held);
      missing -= held.bytes;
    }
    if (missing > 0) return false;
    for (const held of slow) {
      this.#release(held);
      held.body.cut();
    }
    return true;
  }

  #release(held: Held): void {
    if (!this.#held.delete(held)) return;
    const { holder, bytes } = held;
    const left = (this.#byHolder.get(holder) ?? 0) - bytes;
    if (left > 0) this.#byHolder.set(holder, left);
    else this.#byHolder.delete(holder);
    this.#total -= bytes;
  }
}

const NOTHING = () => {};
