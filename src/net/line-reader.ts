import { isUtf8 } from 'node:buffer';

/** A line that holds no text: the connection answers it in the line's place. */
export type LineFault = typeof LINE_TOO_LONG | typeof LINE_NOT_UTF8;
/** Over the bound, ended or not. Nothing after it can be read. */
export const LINE_TOO_LONG: unique symbol = Symbol('line too long');
export const LINE_NOT_UTF8: unique symbol = Symbol('line not UTF-8');

const EMPTY: Buffer = Buffer.alloc(0);
const NEWLINE = 10;
const RETURN = 13;
const CARRY_BYTES_MIN = 256;

/**
 * Cuts a stream of bytes into lines, wherever its chunks end, even inside a character. Lines are pulled, so that the
 * reader of a busy connection leaves the rest of a chunk where it is. Keeps one chunk and at most `lineBytesMax` bytes
 * of an unfinished line.
 */
export class LineReader {
  /** Bytes of the line that `next` returned last, without its newline. */
  lineBytes = 0;
  readonly #lineBytesMax: number;
  #chunk = EMPTY;
  #offset = 0;
  /** The start of a line that no chunk has ended yet. Copied: a small slice would keep its whole chunk alive. */
  #carry = EMPTY;
  #carried = 0;
  #broken = false;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Whether bytes wait that `next` has not looked at. */
  get waiting(): boolean {
    return this.#offset < this.#chunk.length;
  }

  /** Whether a line has begun and not ended. Meaningful once nothing is `waiting`. */
  get unfinished(): boolean {
    return this.#carried > 0;
  }

  push(chunk: Buffer): void {
    this.#chunk = this.waiting ? Buffer.concat([this.#chunk.subarray(this.#offset), chunk]) : chunk;
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

  /** Forgets the unfinished line. */
  discard(): void {
    this.#carry = EMPTY;
    this.#carried = 0;
  }

  #keep(start: number, end: number): void {
    const bytes = this.#carried + end - start;
    if (bytes > this.#carry.length) {
      const capacity = Math.min(Math.max(CARRY_BYTES_MIN, 2 * bytes), this.#lineBytesMax);
      // Not from the pool, whose slabs would stay as long as any slow line in them.
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
  // Decoding puts U+FFFD where the bytes are not UTF-8; only a text that holds one needs a closer look.
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, last))) return LINE_NOT_UTF8;
  return text;
}
