import { isUtf8 } from 'node:buffer';
import type { Scanner } from '../scan/scanner.ts';
import type { Pump, PumpEvents } from './pump.ts';
import { Window } from './window.ts';

const NEWLINE = 0x0a;

/** The part of a file whose lines are wanted: those that start from `start` on and before `end`. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Transforms a record a line (NDJSON). Each result is a line; blank lines are passed over. Reading begins one byte before
 * a range that is not the file's first, so that a line which starts exactly there is recognised.
 */
export class LinePump implements Pump {
  readonly #scanner: Scanner;
  readonly #events: PumpEvents;
  readonly #window: Window;
  readonly #range: LineRange;
  /** The bytes up to the next newline belong to a line that is not wanted. */
  #isSkipping: boolean;
  /** All lines of the range have been read. */
  isDone = false;

  constructor(scanner: Scanner, events: PumpEvents, range: LineRange) {
    this.#scanner = scanner;
    this.#events = events;
    this.#range = range;
    this.#isSkipping = range.start > 0;
    this.#window = new Window(scanner, events, Math.max(0, range.start - 1));
  }

  space(): Uint8Array {
    return this.#window.space();
  }

  filled(bytes: number): void {
    const { length, offset } = this.#window;
    this.#window.take(bytes);
    if (length === 0 && offset === 0) this.#skipByteOrderMark();
    const last = this.#window.bytes.lastIndexOf(NEWLINE);
    if (last >= 0) {
      this.#lines(last + 1);
      this.#window.slide(last + 1);
    }
    if (this.#window.isFull) this.#makeRoom();
  }

  end(): void {
    if (this.#window.length > 0 && !this.isDone) this.#lines(this.#window.length);
    this.#window.flush();
    this.isDone = true;
  }

  #skipByteOrderMark(): void {
    const [first, second, third] = this.#window.bytes;
    if (first === 0xef && second === 0xbb && third === 0xbf) this.#window.slide(3);
  }

  /** The window holds part of one line. */
  #makeRoom(): void {
    if (!this.#isSkipping && this.#window.grow()) return;
    if (!this.#isSkipping) this.#events.onError('record_too_long', this.#window.offset);
    this.#isSkipping = true;
    this.#window.slide(this.#window.length);
  }

  /** Transforms the lines that end before `to`. */
  #lines(to: number): void {
    const scanner = this.#scanner;
    const { offset, bytes } = this.#window;
    let at = 0;
    if (this.#isSkipping) {
      const end = scanner.lineEnd(0, to);
      if (end === to) return;
      at = end + 1;
      this.#isSkipping = false;
    }
    const isValid = isUtf8(bytes.subarray(at, to));
    while (at < to && !this.isDone) {
      if (offset + at >= this.#range.end) {
        this.isDone = true;
        break;
      }
      at = isValid ? this.#line(at, to) : this.#checkedLine(at, to);
    }
    if (this.isDone) this.#window.flush();
  }

  #checkedLine(at: number, to: number): number {
    const end = this.#scanner.lineEnd(at, to);
    if (isUtf8(this.#window.bytes.subarray(at, end))) return this.#line(at, to);
    this.#events.onError('encoding', this.#window.offset + at);
    return end + 1;
  }

  #line(at: number, to: number): number {
    const first = this.#window.byteAt(at);
    if (first <= 0x20) {
      const end = this.#scanner.lineEnd(at, to);
      if (
        this.#window.bytes.subarray(at, end).every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
      )
        return end + 1;
    }
    const made = this.#window.record(at, to, true);
    if (made.error !== undefined) {
      const end = this.#scanner.lineEnd(at, to);
      this.#events.onError(made.error === 'truncated' ? 'syntax' : made.error, this.#window.offset + at);
      return end + 1;
    }
    if (made.written > 0) this.#scanner.separate('\n');
    this.#events.onRecord(made.written === 0);
    return made.end + 1;
  }
}
