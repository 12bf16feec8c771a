const HASH_BYTES = 32;
/** Seconds' worth of entries at full speed: the sealer reads these hashes here and not from the file. A power of two. */
const KEPT = 131_072;

/** The hashes of the entries appended last, by position. An append that is undone leaves hashes that the next one replaces. */
export class RecentHashes {
  readonly #hashes = Buffer.alloc(KEPT * HASH_BYTES);
  #first = 0;
  #end = 0;

  put(position: number, hash: string): void {
    if (position > this.#end || position < this.#first) this.#first = position;
    this.#end = position + 1;
    if (this.#end - this.#first > KEPT) this.#first = this.#end - KEPT;
    this.#hashes.write(hash, (position % KEPT) * HASH_BYTES, HASH_BYTES, 'hex');
  }

  /** @returns the hashes of the positions `[from, to)`, packed; undefined where one of them is not kept */
  read(from: number, to: number): Uint8Array | undefined {
    if (from < this.#first || to > this.#end || to <= from) return undefined;
    const packed = new Uint8Array((to - from) * HASH_BYTES);
    const start = from % KEPT;
    const untilWrap = Math.min(to - from, KEPT - start);
    packed.set(this.#hashes.subarray(start * HASH_BYTES, (start + untilWrap) * HASH_BYTES));
    packed.set(this.#hashes.subarray(0, (to - from - untilWrap) * HASH_BYTES), untilWrap * HASH_BYTES);
    return packed;
  }
}
