import { networkPrefix } from '../../net/address.ts';
import type { PasswordCaller } from '../../ports/password-hasher.ts';

/** A password that waits. */
export interface WaitingPassword {
  /** Lets it be hashed. */
  start(): void;
  /** Gives its place to another caller's. */
  refuse(): void;
}

/** Of passwords that start while both kinds of callers wait, one in so many is a stranger's. */
const STRANGER_EVERY = 4;

/** What the operator and the server itself ask for. */
const SERVER: PasswordCaller = { address: 'server', known: true };

/**
 * Passwords that wait to be hashed. Those of callers who logged in from their address before go first, but for one in
 * `STRANGER_EVERY`. Within each kind, address prefixes take turns, and in a prefix its addresses. Where a kind's places
 * are taken, the newest password of the address with most gives way (longest queue drop), so guesses from few addresses
 * neither fill the queue nor hold others up for longer than their number.
 *
 * Why: docs/DECISIONS.md#passwords-are-hashed-in-turn
 */
export class PasswordQueue {
  readonly #known: TurnQueue;
  readonly #strangers: TurnQueue;
  #started = 0;

  /** @param max of each kind */
  constructor(max: number) {
    this.#known = new TurnQueue(max);
    this.#strangers = new TurnQueue(max);
  }

  get length(): number {
    return this.#known.length + this.#strangers.length;
  }

  /** @returns false when there is no place: neither `start` nor `refuse` will be called */
  push(waiting: WaitingPassword, { address, known }: PasswordCaller = SERVER): boolean {
    return (known ? this.#known : this.#strangers).push(address, waiting);
  }

  shift(): WaitingPassword | undefined {
    const strangerFirst = ++this.#started % STRANGER_EVERY === 0;
    const [first, second] = strangerFirst ? [this.#strangers, this.#known] : [this.#known, this.#strangers];
    return first.shift() ?? second.shift();
  }
}

/** The passwords of one prefix, by address. */
interface PrefixQueue {
  length: number;
  readonly addresses: Map<string, WaitingPassword[]>;
}

/** Who is next stands first in each map. */
class TurnQueue {
  length = 0;
  readonly #max: number;
  readonly #prefixes = new Map<string, PrefixQueue>();

  constructor(max: number) {
    this.#max = max;
  }

  push(address: string, waiting: WaitingPassword): boolean {
    const prefix = networkPrefix(address);
    if (this.length >= this.#max && !this.#evictFor(prefix, address)) return false;
    const queue = this.#prefixes.get(prefix) ?? { length: 0, addresses: new Map() };
    const own = queue.addresses.get(address) ?? [];
    own.push(waiting);
    queue.addresses.set(address, own);
    queue.length++;
    this.#prefixes.set(prefix, queue);
    this.length++;
    return true;
  }

  shift(): WaitingPassword | undefined {
    for (const [prefix, queue] of this.#prefixes) {
      for (const [address, own] of queue.addresses) {
        const waiting = own.shift();
        this.#removed(prefix, queue, address, own);
        // To the end, so that the others have their turns.
        if (queue.addresses.delete(address) && own.length > 0) queue.addresses.set(address, own);
        if (this.#prefixes.delete(prefix) && queue.length > 0) this.#prefixes.set(prefix, queue);
        return waiting;
      }
    }
    return undefined;
  }

  /** Refuses the newest password of the address with most, in the prefix with most. */
  #evictFor(prefix: string, address: string): boolean {
    const [largestPrefix, queue] = largest(this.#prefixes, ({ length }) => length);
    if (!queue) return false;
    const ownPrefixLength = this.#prefixes.get(prefix)?.length ?? 0;
    const [largestAddress = '', theirs] = largest(queue.addresses, ({ length }) => length);
    const own = queue.addresses.get(address)?.length ?? 0;
    const shorter =
      largestPrefix === prefix ? own + 1 < (theirs?.length ?? 0) : ownPrefixLength + 1 < queue.length;
    if (!theirs || !shorter) return false;
    theirs.pop()?.refuse();
    this.#removed(largestPrefix ?? '', queue, largestAddress, theirs);
    return true;
  }

  #removed(prefix: string, queue: PrefixQueue, address: string, own: readonly WaitingPassword[]): void {
    this.length--;
    queue.length--;
    if (own.length === 0) queue.addresses.delete(address);
    if (queue.length === 0) this.#prefixes.delete(prefix);
  }
}

function largest<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  size: (value: Value) => number,
): readonly [Key | undefined, Value | undefined] {
  let found: readonly [Key | undefined, Value | undefined] = [undefined, undefined];
  for (const [key, value] of map) if (!found[1] || size(value) > size(found[1])) found = [key, value];
  return found;
}
