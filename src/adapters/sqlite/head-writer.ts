import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BLOCK_BYTES } from './heads.ts';
import type { JournalIndex } from './journal-index.ts';
import type { OnStep } from './step.ts';

/** A sweep over all heads takes about this many entries, or an eighth of the number of users where that is more. */
const SWEEP_ENTRIES_MIN = 65_536;
const SWEEP_USERS_PART = 8;

/**
 * Writes heads to the file after the entries they follow from: sweeps over all blocks in order, again and again, and
 * writes the changed ones, a few blocks with each append. A finished sweep raises the watermark to the end that the
 * journal had when the sweep began. A start therefore reads at most two sweeps' entries, and no append waits for more
 * than its share of a sweep.
 *
 * `write` runs inside the caller's unit of work; `settle` follows its commit.
 */
export class HeadWriter {
  readonly #index: JournalIndex;
  readonly #putBlock: StatementSync;
  readonly #putWatermark: StatementSync;
  readonly #onStep: OnStep | undefined;
  readonly #database: DatabaseSync;
  readonly #sweepEntriesMin: number;
  readonly #beforeRaise: () => void;
  readonly #scratch = new DataView(new ArrayBuffer(BLOCK_BYTES));
  /** The next block of this sweep. */
  #cursor = 0;
  /** The journal's end when this sweep began. */
  #begunAt: number;
  /** Blocks due for the entries appended so far; the fraction is carried over. */
  #credit = 0;
  readonly #written: number[] = [];
  #next: { readonly cursor: number; readonly begunAt: number; readonly watermark: number } | undefined;

  constructor(
    database: DatabaseSync,
    index: JournalIndex,
    options: {
      readonly onStep: OnStep | undefined;
      readonly sweepEntriesMin: number | undefined;
      /** Writes other data that must be complete up to the watermark. */
      readonly beforeRaise: () => void;
    },
  ) {
    this.#database = database;
    this.#index = index;
    this.#onStep = options.onStep;
    this.#beforeRaise = options.beforeRaise;
    this.#sweepEntriesMin = options.sweepEntriesMin ?? SWEEP_ENTRIES_MIN;
    this.#begunAt = index.last;
    this.#putBlock = database.prepare(
      'INSERT INTO heads (block, heads) VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET heads = excluded.heads',
    );
    this.#putWatermark = database.prepare('UPDATE watermark SET position = ?');
  }

  get isComplete(): boolean {
    return this.#index.watermark === this.#index.last;
  }

  /** How many blocks to look at with an append of this many entries. */
  share(entries: number): number {
    const { heads } = this.#index;
    const sweepEntries = Math.max(this.#sweepEntriesMin, heads.userIdMax / SWEEP_USERS_PART);
    this.#credit += (heads.blockCount * entries) / sweepEntries;
    const blocks = Math.floor(this.#credit);
    this.#credit -= blocks;
    return blocks;
  }

  /** Looks at the next blocks of this sweep and writes the changed ones. */
  write(blocks: number): void {
    if (blocks === 0) return;
    const { heads, last, watermark } = this.#index;
    const end = Math.min(this.#cursor + blocks, heads.blockCount);
    for (let block = this.#cursor; block < end; block++) this.#write(block);
    this.#next = { cursor: end, begunAt: this.#begunAt, watermark };
    if (end < heads.blockCount) return;
    this.#next = { cursor: 0, begunAt: last, watermark: this.#begunAt };
    if (this.#begunAt !== watermark) this.#raise(this.#begunAt);
  }

  /** Writes every changed block. */
  writeAll(): void {
    const { heads, last, watermark } = this.#index;
    for (let block = 0; block < heads.blockCount; block++) this.#write(block);
    this.#next = { cursor: 0, begunAt: last, watermark: last };
    if (last !== watermark) this.#raise(last);
  }

  /** Writes the watermark unchanged: the smallest write that shows whether the file can be written. */
  touch(): void {
    this.#putWatermark.run(this.#index.watermark);
  }

  settle(): void {
    for (const block of this.#written) this.#index.heads.markClean(block);
    this.#written.length = 0;
    if (!this.#next) return;
    this.#cursor = this.#next.cursor;
    this.#begunAt = this.#next.begunAt;
    this.#index.watermark = this.#next.watermark;
    this.#next = undefined;
  }

  revert(): void {
    this.#written.length = 0;
    this.#next = undefined;
  }

  #write(block: number): void {
    const { heads } = this.#index;
    if (!heads.isDirty(block)) return;
    heads.encodeBlock(block, this.#scratch);
    this.#putBlock.run(block, this.#scratch);
    this.#written.push(block);
    this.#onStep?.('sweep.block_written', this.#database);
  }

  #raise(watermark: number): void {
    this.#beforeRaise();
    this.#putWatermark.run(watermark);
    this.#onStep?.('sweep.watermark_written', this.#database);
  }
}
