import { isUtf8 } from 'node:buffer';

/** Returned in place of a line that cannot be read. */
export type LineFault = typeof LINE_TOO_LONG | typeof LINE_NOT_UTF8;
/** The line is over the bound, ended or not. Nothing after it can be read. */
export const LINE_TOO_LONG: unique symbol = Symbol('line too long');
export const LINE_NOT_UTF8: unique symbol = Symbol('line not UTF-8');

const EMPTY: Buffer = Buffer.alloc(0);
const NEWLINE = 10;
const RETURN = 13;
const CARRY_BYTES_MIN = 256;

/**
 * Cuts a stream of bytes into lines. Chunks may end anywhere, even inside a character. Lines are pulled, so that the
 * rest of a chunk stays unread while a connection is busy. Keeps one chunk and at most `lineBytesMax` bytes of an
 * unfinished line.
 */
export class LineReader {
  /** Length in bytes of the line that `next` returned last, without its newline. */
  lineBytes = 0;
  readonly #lineBytesMax: number;
  #chunk = EMPTY;
  #offset = 0;
  /** The start of an unfinished line. A copy, because a slice would keep its whole chunk in memory. */
  #carry = EMPTY;
  #carried = 0;
  #broken = false;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Bytes that `next` has not read yet. */
  get waitingBytes(): number {
    return this.#chunk.length - this.#offset;
  }

  /** Whether a line has begun and not ended. Meaningful only when no bytes wait. */
  get unfinished(): boolean {
    return this.#carried > 0;
  }

  push(chunk: Buffer): void {
    this.#chunk = this.waitingBytes > 0 ? Buffer.concat([this.#chunk.subarray(this.#offset), chunk]) : chunk;
    this.#offset = 0;
  }

  /** @returns the next line without its newline (`\n` or `\r\n`), or `undefined` until more bytes are pushed */
  next(): string | LineFault | undefined {
    if (this.#broken) return undefined;
    const start = this.#offset;
    const newline = this.#chunk.indexOf(NEWLINE, start);
    const end = newline === -1 ? this.#chunk.length : newline;
    this.lineBytes = this.#carried + end - start;
    if (this.lineBytes > this.#lineBytesMax) {
      this.#broken = true;
      this.#release();
      return LINE_TOO_LONG;
    }
    if (newline === -1) {
      this.#keep(start, end);
      this.#consume(end);
      return undefined;
    }
    let line: string | LineFault;
    if (this.#carried === 0) line = decode(this.#chunk, start, end);
    else {
      this.#keep(start, end);
      line = decode(this.#carry, 0, this.#carried);
      this.discard();
    }
    this.#consume(newline + 1);
    return line;
  }

  #consume(end: number): void {
    const all = end === this.#chunk.length;
    if (all) this.#chunk = EMPTY;
    this.#offset = all ? 0 : end;
  }

  /** Drops the unfinished line. */
  discard(): void {
    this.#carry = EMPTY;
    this.#carried = 0;
  }

  #keep(start: number, end: number): void {
    const bytes = this.#carried + end - start;
    if (bytes > this.#carry.length) {
      const capacity = Math.min(Math.max(CARRY_BYTES_MIN, 2 * bytes), this.#lineBytesMax);
      // Not from Node's buffer pool: a slow line would keep a whole slab of the pool in memory.
      const carry = Buffer.allocUnsafeSlow(capacity);
      this.#carry.copy(carry, 0, 0, this.#carried);
      this.#carry = carry;
    }
    this.#chunk.copy(this.#carry, this.#carried, start, end);
    this.#carried = bytes;
  }

  #release(): void {
    this.#chunk = EMPTY;
    this.#offset = 0;
    this.discard();
  }
}

function decode(bytes: Buffer, start: number, end: number): string | typeof LINE_NOT_UTF8 {
  const last = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
  const text = bytes.toString('utf8', start, last);
  // Decoding replaces invalid bytes by U+FFFD, so only a text that contains one must be checked.
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, last))) return LINE_NOT_UTF8;
  return text;
}
