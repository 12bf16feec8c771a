import { stat } from 'node:fs/promises';
import { type Input, stampOf } from './inputs.ts';
import type { OutputFolder } from './output-folder.ts';
import type { Task, TaskError, TaskResult } from './task.ts';

/** Lines are read in ranges of this size, whatever the number of workers, so that equal input makes equal output. */
const RANGE_BYTES = 4_194_304;
/** Ranges that may be read ahead of the first that is not: their output is in memory. */
const RANGES_AHEAD_MAX = 8;

/** A file's part of the manifest. */
export interface FileReport {
  readonly input: Input;
  readonly records: number;
  readonly dropped: number;
  readonly errors: readonly TaskError[];
  /** Beyond those. */
  readonly errorsMore: number;
  readonly failed: TaskError | undefined;
}

/** One input on its way to one output: its tasks, and where in the output their results belong. */
export class FileWork {
  readonly input: Input;
  readonly #count: number;
  readonly #results: (TaskResult | undefined)[] = [];
  #begun = 0;
  #placed = 0;
  #position = 0;
  #written = 0;
  #file = -1;

  constructor(input: Input) {
    this.input = input;
    this.#count = this.#isSplit ? Math.max(1, Math.ceil(input.bytes / RANGE_BYTES)) : 1;
  }

  get #isSplit(): boolean {
    return this.input.form === 'lines' && this.input.compression === 'none';
  }

  get isBegun(): boolean {
    return this.#begun === this.#count;
  }

  /** The next task, or `undefined` while too much waits to be written. Opens the output before the first. */
  next(id: number, folder: OutputFolder): { readonly task: Task; readonly index: number } | undefined {
    if (this.isBegun || this.#begun - this.#placed >= RANGES_AHEAD_MAX) return undefined;
    if (this.#file < 0) this.#file = folder.create();
    const index = this.#begun++;
    const { path, name, form, compression, bytes } = this.input;
    const start = index * RANGE_BYTES;
    const range = this.#isSplit ? { start, end: Math.min(bytes, start + RANGE_BYTES) } : undefined;
    return { task: { id, path, name, form, compression, range, output: this.#file }, index };
  }

  /** Takes a result. @returns the tasks whose place in the output is known by it */
  take(index: number, result: TaskResult): readonly { readonly id: number; readonly position: number }[] {
    this.#results[index] = result;
    const placed: { id: number; position: number }[] = [];
    for (let next = this.#results[this.#placed]; next; next = this.#results[++this.#placed]) {
      placed.push({ id: next.id, position: this.#position });
      this.#position += next.bytes;
    }
    return this.#isSplit ? placed : [];
  }

  /** Counts a range that is on its place. */
  wrote(): void {
    this.#written++;
  }

  get isWritten(): boolean {
    return this.isBegun && this.#placed === this.#count && (!this.#isSplit || this.#written === this.#count);
  }

  /** Gives the output its name, unless the input cannot be used or was changed while it was read. */
  async finish(folder: OutputFolder): Promise<FileReport> {
    const report = this.#report(await this.#isChanged());
    if (report.failed) folder.discard(this.#file);
    else await folder.finish(this.#file, this.input.name);
    return report;
  }

  async #isChanged(): Promise<boolean> {
    const now = await stat(this.input.path, { bigint: true }).catch(() => undefined);
    return !now || stampOf(now) !== this.input.stamp;
  }

  #report(isChanged: boolean): FileReport {
    const results = this.#results.filter((result) => result !== undefined);
    const sum = (count: (result: TaskResult) => number) =>
      results.reduce((total, result) => total + count(result), 0);
    const failed = isChanged
      ? { error: 'input_changed', offset: 0 }
      : results.map((result) => result.failed).find((failure) => failure !== undefined);
    return {
      input: this.input,
      records: sum((result) => result.records - result.dropped),
      dropped: sum((result) => result.dropped),
      errors: results.flatMap((result) => result.errors),
      errorsMore: sum((result) => result.errorsMore),
      failed,
    };
  }

  /** Bytes of input of a range. */
  bytesOf(index: number): number {
    return this.#isSplit ? Math.min(RANGE_BYTES, this.input.bytes - index * RANGE_BYTES) : 0;
  }
}
