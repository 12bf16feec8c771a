const HASH_BYTES = 32;
const SLOTS_FIRST = 1_024;

/** Keeps the last version and hash of each user's chain, for a pass over a journal: about a hundred bytes a user. */
export class UserChains {
  #count = 0;
  readonly #slots = new Map<string, number>();
  #hashes = Buffer.alloc(SLOTS_FIRST * HASH_BYTES);
  #versions = new Float64Array(SLOTS_FIRST);

  get size(): number {
    return this.#slots.size;
  }

  /** @returns the hash in lower-case hex */
  find(user: string): { readonly version: number; readonly hash: string } | undefined {
    const slot = this.#slots.get(user);
    if (slot === undefined) return undefined;
    const at = slot * HASH_BYTES;
    return { version: this.#versions[slot] ?? 0, hash: this.#hashes.toString('hex', at, at + HASH_BYTES) };
  }

  /** Goes on with a chain under another name. */
  rename(user: string, renamed: string): void {
    const slot = this.#slots.get(user);
    if (slot === undefined) return;
    this.#slots.delete(user);
    this.#slots.set(renamed, slot);
  }

  put(user: string, version: number, hash: string): void {
    let slot = this.#slots.get(user);
    if (slot === undefined) {
      slot = this.#count++;
      if (slot === this.#versions.length) this.#grow();
      this.#slots.set(user, slot);
    }
    this.#versions[slot] = version;
    this.#hashes.write(hash, slot * HASH_BYTES, HASH_BYTES, 'hex');
  }

  #grow(): void {
    const slots = this.#versions.length * 2;
    const versions = new Float64Array(slots);
    versions.set(this.#versions);
    this.#versions = versions;
    this.#hashes = Buffer.concat([this.#hashes], slots * HASH_BYTES);
  }
}
