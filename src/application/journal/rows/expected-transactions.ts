import { hash, randomBytes } from 'node:crypto';

const SLOTS_FIRST = 1_024;
const KNOWN = 1;
const IN_PART = 2;
const SEEN = 4;

/** What the journal says of one transaction. */
export interface ExpectedTransaction {
  /** Of the row as it was requested (`transactionDigest`), or of what an entry of an earlier version says of it. */
  readonly digest: string;
  /** An entry of an earlier version: it does not say everything. */
  readonly inPart: boolean;
  /** How it stands: status, time, version and reason. */
  readonly outcome: string;
}

/**
 * The transactions that a journal requests, in 33 bytes each, however many there are. Keys, digests and outcomes are kept
 * as 64 bits of a hash under a key of this process's own, so nobody can choose a row that passes for another.
 */
export class ExpectedTransactions {
  readonly #secret = randomBytes(16).toString('base64');
  #keys = new Uint32Array(SLOTS_FIRST * 2);
  #digests = new Uint32Array(SLOTS_FIRST * 2);
  #outcomes = new Uint32Array(SLOTS_FIRST * 2);
  #flags = new Uint8Array(SLOTS_FIRST);
  /** The entry that requested it: its number in reading order. */
  #entries = new Float64Array(SLOTS_FIRST);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  add(key: string, { digest, inPart, outcome }: ExpectedTransaction, entry: number): void {
    if (this.#count * 3 >= this.#flags.length * 2) this.#grow();
    const [high, low] = this.#hashed(key);
    const slot = this.#slotOf(high, low);
    if (this.#flags[slot] === 0) this.#count++;
    this.#keys[slot * 2] = high;
    this.#keys[slot * 2 + 1] = low;
    this.#flags[slot] = KNOWN | (inPart ? IN_PART : 0);
    this.#entries[slot] = entry;
    this.#put(this.#digests, slot, digest);
    this.#put(this.#outcomes, slot, outcome);
  }

  /** Sets how a transaction ended. One that is not known was approved at once: it has no row. */
  end(key: string, outcome: string): void {
    const slot = this.#slotOf(...this.#hashed(key));
    if (this.#flags[slot] !== 0) this.#put(this.#outcomes, slot, outcome);
  }

  /**
   * Compares a row, and notes that it is there.
   * @returns `unknown`: no entry requested it
   */
  compare(
    key: string,
    row: { readonly digest: string; readonly digestInPart: string; readonly outcome: string },
  ): 'same' | 'unknown' | 'request_differs' | 'outcome_differs' {
    const slot = this.#slotOf(...this.#hashed(key));
    const flags = this.#flags[slot] ?? 0;
    if (flags === 0) return 'unknown';
    this.#flags[slot] = flags | SEEN;
    const digest = (flags & IN_PART) === 0 ? row.digest : row.digestInPart;
    if (!this.#has(this.#digests, slot, digest)) return 'request_differs';
    return this.#has(this.#outcomes, slot, row.outcome) ? 'same' : 'outcome_differs';
  }

  /** The numbers of the entries whose transactions were not compared: they have no row. */
  *missing(): Generator<number> {
    for (let slot = 0; slot < this.#flags.length; slot++) {
      const flags = this.#flags[slot] ?? 0;
      if (flags !== 0 && (flags & SEEN) === 0) yield this.#entries[slot] ?? 0;
    }
  }

  #hashed(text: string): readonly [number, number] {
    const bytes = hash('sha256', this.#secret + text, 'buffer');
    return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  }

  #put(values: Uint32Array, slot: number, text: string): void {
    [values[slot * 2], values[slot * 2 + 1]] = this.#hashed(text);
  }

  #has(values: Uint32Array, slot: number, text: string): boolean {
    const [high, low] = this.#hashed(text);
    return values[slot * 2] === high && values[slot * 2 + 1] === low;
  }

  /** The slot of a key, or the free one where it would stand. */
  #slotOf(high: number, low: number): number {
    const slots = this.#flags.length;
    let slot = high % slots;
    while (this.#flags[slot] !== 0 && (this.#keys[slot * 2] !== high || this.#keys[slot * 2 + 1] !== low)) {
      slot = slot + 1 === slots ? 0 : slot + 1;
    }
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    const digests = this.#digests;
    const outcomes = this.#outcomes;
    const flags = this.#flags;
    const entries = this.#entries;
    const slots = flags.length * 2;
    this.#keys = new Uint32Array(slots * 2);
    this.#digests = new Uint32Array(slots * 2);
    this.#outcomes = new Uint32Array(slots * 2);
    this.#flags = new Uint8Array(slots);
    this.#entries = new Float64Array(slots);
    for (let from = 0; from < flags.length; from++) {
      if (flags[from] === 0) continue;
      const to = this.#slotOf(keys[from * 2] ?? 0, keys[from * 2 + 1] ?? 0);
      this.#flags[to] = flags[from] ?? 0;
      this.#entries[to] = entries[from] ?? 0;
      for (const half of [0, 1]) {
        this.#keys[to * 2 + half] = keys[from * 2 + half] ?? 0;
        this.#digests[to * 2 + half] = digests[from * 2 + half] ?? 0;
        this.#outcomes[to * 2 + half] = outcomes[from * 2 + half] ?? 0;
      }
    }
  }
}
