/** A message that does not have the form it should. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

const START_BYTES = 1_024;

/** Numbers big-endian, byte strings after their length: the forms that `ByteReader` reads. */
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

  /** Any number, also what is no count: whoever reads it judges. */
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

  /** What was written. The writer is used no more. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns where the new bytes begin */
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

/** Reads what somebody else wrote: nothing beyond its end is read, and nothing may be left. */
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

  /** A view of the message. */
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

  /** A list, each of whose items takes a byte at least: so a message cannot claim more than it brings. */
  list<Item>(read: () => Item): Item[] {
    const length = this.count();
    if (length > this.#bytes.length - this.#at)
      throw new MalformedMessage('a list is longer than its message');
    const items: Item[] = [];
    for (let n = 0; n < length; n++) items.push(read());
    return items;
  }

  /** @throws MalformedMessage when something is left */
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
