import { isUtf8 } from 'node:buffer';
import { RECORD_LIMITS } from '../scan/limits.ts';
import { type Column, columnOf } from './csv-columns.ts';
import { CsvRows, cellsOf, cellText } from './csv-rows.ts';
import { FileFailed, type Pump, type PumpEvents, WINDOW_BYTES } from './pump.ts';
import type { CompiledSetup } from './worker-setup.ts';

/**
 * Transforms CSV by columns, which its first row names. A column that no rule names is left out. A column that a rule
 * names and the file does not have fails the file.
 */
export class CsvPump implements Pump {
  readonly #setup: CompiledSetup;
  readonly #file: string;
  readonly #events: PumpEvents;
  readonly #rows = new CsvRows();
  readonly #buffer = Buffer.alloc(WINDOW_BYTES);
  #columns: readonly { readonly index: number; readonly convert: Column }[] | undefined;
  #width = 0;

  constructor(setup: CompiledSetup, file: string, events: PumpEvents) {
    this.#setup = setup;
    this.#file = file;
    this.#events = events;
  }

  space(): Uint8Array {
    return this.#buffer;
  }

  filled(bytes: number): void {
    this.#take(this.#rows.add(this.#buffer.subarray(0, bytes)));
    if (this.#rows.heldBytes > RECORD_LIMITS.recordBytesMax) throw new FileFailed('record_too_long');
  }

  end(): void {
    const rest = this.#rows.end();
    if (!rest) throw new FileFailed('truncated');
    this.#take(rest);
    if (!this.#columns) throw new FileFailed('column_missing');
  }

  #take(rows: readonly { readonly row: Buffer; readonly offset: number }[]): void {
    const { delimiter } = this.#setup.compiled;
    const taken: string[][] = [];
    const offsets: number[] = [];
    for (const { row, offset } of rows) {
      if (row.length === 0) continue;
      const cells = isUtf8(row) ? cellsOf(row.toString('utf8'), delimiter) : undefined;
      if (!this.#columns) {
        this.#header(cells);
        continue;
      }
      if (!cells) this.#events.onError(isUtf8(row) ? 'syntax' : 'encoding', offset);
      else if (cells.length !== this.#width) this.#events.onError('column_count', offset);
      else {
        taken.push(cells);
        offsets.push(offset);
      }
    }
    this.#convert(taken, offsets);
  }

  #header(cells: readonly string[] | undefined): void {
    const names = cells?.map((name, i) => (i === 0 ? name.replace(/^\uFEFF/, '') : name));
    if (!names) throw new FileFailed('syntax');
    if (new Set(names).size !== names.length) throw new FileFailed('column_repeated');
    for (const name of this.#setup.compiled.columns.keys())
      if (!names.includes(name) && !this.#setup.reverse) throw new FileFailed('column_missing');
    const columns = names.map((name, index) => ({ index, convert: columnOf(name, this.#setup, this.#file) }));
    this.#columns = columns.flatMap(({ index, convert }) => (convert ? [{ index, convert }] : []));
    this.#width = names.length;
    if (this.#columns.length === 0) throw new FileFailed('nothing_kept');
    this.#write([this.#columns.map(({ index }) => names[index] ?? '')]);
  }

  #convert(rows: readonly string[][], offsets: readonly number[]): void {
    const converted = (this.#columns ?? []).map(({ index, convert }) =>
      convert(rows.map((row) => row[index] ?? '')),
    );
    const good: string[][] = [];
    rows.forEach((_, i) => {
      const cells = converted.map((column) => column[i]);
      if (cells.includes(undefined)) this.#events.onError('value_refused', offsets[i] ?? 0);
      else {
        good.push(cells.map((cell) => cell ?? ''));
        this.#events.onRecord(false);
      }
    });
    if (good.length > 0) this.#write(good);
  }

  #write(rows: readonly string[][]): void {
    const { delimiter } = this.#setup.compiled;
    const text = rows.map((row) => row.map((cell) => cellText(cell, delimiter)).join(delimiter)).join('\n');
    this.#events.onOutput(Buffer.from(`${text}\n`, 'utf8'));
  }
}
