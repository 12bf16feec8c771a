import { isUtf8 } from 'node:buffer';
import type { ScannedRecord, Scanner } from '../scan/scanner.ts';
import { FileFailed, type Pump, type PumpEvents } from './pump.ts';
import { Window } from './window.ts';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

/**
 * Transforms a JSON document: an array's elements are records, read one at a time; anything else is one record, such as a
 * bundle. A document that is no JSON fails as a whole, since where its next record begins is not known.
 */
export class DocumentPump implements Pump {
  readonly #scanner: Scanner;
  readonly #events: PumpEvents;
  readonly #window: Window;
  /** What may come next. */
  #state: 'start' | 'first' | 'element' | 'separator' | 'end' = 'start';
  #isArray = false;
  #written = 0;

  constructor(scanner: Scanner, events: PumpEvents) {
    this.#scanner = scanner;
    this.#events = events;
    this.#window = new Window(scanner, events, 0);
  }

  space(): Uint8Array {
    return this.#window.space();
  }

  filled(bytes: number): void {
    this.#window.take(bytes);
    this.#read(false);
    if (this.#window.isFull && !this.#window.grow()) this.#fail('record_too_long', 0);
  }

  end(): void {
    this.#read(true);
    if (this.#state !== 'end') this.#fail('truncated', this.#window.length);
    if (this.#isArray) this.#scanner.separate(this.#written > 0 ? '\n]\n' : '[]\n');
    else if (this.#written > 0) this.#scanner.separate('\n');
    this.#window.flush();
  }

  #fail(code: string, at: number): never {
    throw new FileFailed(code, this.#window.offset + at);
  }

  /** Goes as far as the window reaches. */
  #read(isLast: boolean): void {
    let at = 0;
    for (;;) {
      at = this.#afterSpace(at);
      const rest = this.#window.length - at;
      if (rest === 0 || (this.#state === 'start' && rest < 3 && !isLast)) break;
      const byte = this.#window.byteAt(at);
      if (this.#state === 'start') at = this.#start(at, byte);
      else if (this.#state === 'end') this.#fail('syntax', at);
      else if (this.#isArray && byte === CLOSE && this.#state !== 'element') {
        this.#state = 'end';
        at++;
      } else if (this.#state === 'separator') {
        if (byte !== COMMA) this.#fail('syntax', at);
        this.#state = 'element';
        at++;
      } else {
        const end = this.#element(at, isLast);
        if (end === undefined) break;
        at = end;
        this.#state = this.#isArray ? 'separator' : 'end';
      }
    }
    this.#window.slide(at);
  }

  #start(at: number, byte: number): number {
    if (byte === 0xef && this.#window.byteAt(at + 1) === 0xbb && this.#window.byteAt(at + 2) === 0xbf)
      return at + 3;
    this.#isArray = byte === OPEN;
    this.#state = 'first';
    return this.#isArray ? at + 1 : at;
  }

  #afterSpace(from: number): number {
    let at = from;
    while (at < this.#window.length && [0x20, 0x09, 0x0d, 0x0a].includes(this.#window.byteAt(at))) at++;
    return at;
  }

  /** @returns where it ends, or `undefined` when more of it must be read first */
  #element(at: number, isLast: boolean): number | undefined {
    const whole = this.#scanner.skip(at, this.#window.length);
    if (whole.error === 'truncated' && !isLast) return undefined;
    if (whole.error !== undefined) this.#fail(whole.error, at);
    // A number that ends with the window may go on.
    if (whole.end === this.#window.length && !isLast && this.#isArray) return undefined;
    if (!isUtf8(this.#window.bytes.subarray(at, whole.end))) this.#refuse('encoding', at);
    else this.#transform(at, whole);
    return whole.end;
  }

  #transform(at: number, whole: ScannedRecord): void {
    const opening = this.#isArray ? (this.#written > 0 ? ',\n' : '[\n') : '';
    const made = this.#window.record(at, whole.end, false, opening);
    if (made.error !== undefined) {
      this.#refuse(made.error, at);
      return;
    }
    if (made.written > 0) this.#written++;
    this.#events.onRecord(made.written === 0);
  }

  #refuse(error: NonNullable<ScannedRecord['error']>, at: number): void {
    this.#events.onError(error, this.#window.offset + at);
  }
}
