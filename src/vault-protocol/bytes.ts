/** Thrown for a message of the wrong form. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

const START_BYTES = 1_024;

/**
 * Writes the forms that `ByteReader` reads: numbers big-endian, byte strings and texts after their length (4 bytes).
 */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(START_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  count(value: number): void {
    const at = this.#grow(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  /** Any number, as a double. The reader checks whether it is one that it accepts. */
  number(value: number): void {
    const at = this.#grow(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  bytes(value: Uint8Array): void {
    this.count(value.length);
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  text(value: string): void {
    const most = value.length * 3;
    const at = this.#grow(4 + most);
    const length = this.#bytes.write(value, at + 4, most, 'utf8');
    this.#bytes.writeUInt32BE(length, at);
    this.#length = at + 4 + length;
  }

  /** The bytes written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns the offset of the new bytes */
  #grow(length: number): number {
    const at = this.#length;
    this.#length = at + length;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}

/** Reads a message from the other side. Never reads beyond its end; `end` checks that nothing is left. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  count(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  number(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  /** A view of the message, not a copy. */
  bytes(): Buffer {
    const length = this.count();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  text(): string {
    const length = this.count();
    const from = this.#take(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  /**
   * A list. Every item takes at least one byte, so a length beyond the message's own is refused before anything is
   * read.
   */
  list<Item>(read: () => Item): Item[] {
    const length = this.count();
    if (length > this.#bytes.length - this.#at)
      throw new MalformedMessage('a list is longer than its message');
    const items: Item[] = [];
    for (let n = 0; n < length; n++) items.push(read());
    return items;
  }

  /** @throws MalformedMessage when bytes are left */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new MalformedMessage('a message is longer than what it says');
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new MalformedMessage('a message ends too early');
    this.#at = at + length;
    return at;
  }
}
