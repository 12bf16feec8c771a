import { RECORD_LIMITS } from '../scan/limits.ts';
import type { ScannedRecord, Scanner } from '../scan/scanner.ts';
import { OUTPUT_BYTES, type PumpEvents, WINDOW_BYTES } from './pump.ts';

/** The part of a file that is in the scanner's memory: it slides on, and grows for a long record. */
export class Window {
  readonly #scanner: Scanner;
  readonly #events: PumpEvents;
  #bytesMax = WINDOW_BYTES;
  /** Bytes that it holds. */
  length = 0;
  /** Where in the file its first byte is. */
  offset: number;

  constructor(scanner: Scanner, events: PumpEvents, offset: number) {
    this.#scanner = scanner;
    this.#events = events;
    this.offset = offset;
    scanner.resize(WINDOW_BYTES, OUTPUT_BYTES);
  }

  get bytes(): Uint8Array {
    return this.#scanner.input(this.length).subarray(0, this.length);
  }

  byteAt(at: number): number {
    return this.#scanner.byteAt(at);
  }

  space(): Uint8Array {
    return this.#scanner.input(this.length).subarray(this.length);
  }

  /** Takes bytes that were written to `space()`. */
  take(bytes: number): void {
    this.length += bytes;
    this.#scanner.input(this.length);
  }

  get isFull(): boolean {
    return this.length === this.#bytesMax;
  }

  /** Forgets the bytes before `from`. */
  slide(from: number): void {
    if (from === 0) return;
    this.#scanner.input(this.length).copyWithin(0, from, this.length);
    this.length -= from;
    this.#scanner.input(this.length);
    this.offset += from;
  }

  /** Makes room for a longer record. @returns false at the bound */
  grow(): boolean {
    if (this.#bytesMax >= RECORD_LIMITS.recordBytesMax + WINDOW_BYTES) return false;
    this.flush();
    this.#bytesMax = Math.min(this.#bytesMax * 2, RECORD_LIMITS.recordBytesMax + WINDOW_BYTES);
    this.#scanner.resize(this.#bytesMax, Math.max(OUTPUT_BYTES, this.#scanner.outputBytesMax));
    return true;
  }

  /** Transforms a record, with room for its output. `opening` comes before its text, if it has any. */
  record(from: number, to: number, lines: boolean, opening = ''): ScannedRecord {
    for (;;) {
      const made = this.#scanner.record(from, to, lines, opening);
      if (made.error !== 'output_too_long') return made;
      if (this.flush()) continue;
      const room = this.#scanner.outputBytesMax;
      if (room >= RECORD_LIMITS.outputBytesMax) return made;
      this.#scanner.resize(this.#bytesMax, Math.min(room * 2, RECORD_LIMITS.outputBytesMax));
    }
  }

  /** Hands the output on. @returns whether there was any */
  flush(): boolean {
    const output = this.#scanner.output();
    if (output.length > 0) this.#events.onOutput(output);
    return output.length > 0;
  }
}
