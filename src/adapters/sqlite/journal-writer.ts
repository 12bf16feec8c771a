import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Entry } from '../../ports/store.ts';

const COLUMNS = 'position, previous_position, user_id, version, at, type, challenge, hash, state, body';
const COLUMN_COUNT = 10;
const HASH_BYTES = 32;
/** Rows a statement, largest first. A call of `run` costs as much as several rows. */
const SIZES = [64, 16, 4, 1] as const;
const ROWS_MAX = 64;

/** Appends entries to the journal, several a statement. `stage` may write at once; `flush` writes the rest. */
export class JournalWriter {
  readonly #statements: readonly StatementSync[];
  readonly #hashes = Array.from({ length: ROWS_MAX }, () => Buffer.alloc(HASH_BYTES));
  readonly #values: SQLInputValue[] = new Array<SQLInputValue>(ROWS_MAX * COLUMN_COUNT).fill(null);
  #rows = 0;

  constructor(database: DatabaseSync) {
    const row = `(${new Array<string>(COLUMN_COUNT).fill('?').join(', ')})`;
    this.#statements = SIZES.map((size) =>
      database.prepare(
        `INSERT INTO journal (${COLUMNS}) VALUES ${new Array<string>(size).fill(row).join(', ')}`,
      ),
    );
  }

  stage(entry: Entry, position: number, previousPosition: number): void {
    const hash = this.#hashes[this.#rows];
    if (hash?.write(entry.hash, 'hex') !== HASH_BYTES)
      throw new Error('an entry needs a hash of 32 bytes in hex');
    const values = this.#values;
    let index = this.#rows * COLUMN_COUNT;
    values[index++] = position;
    values[index++] = previousPosition;
    values[index++] = entry.userId;
    values[index++] = entry.version;
    values[index++] = entry.at;
    values[index++] = entry.type;
    values[index++] = entry.challenge ?? null;
    values[index++] = hash;
    values[index++] = entry.state;
    values[index++] = entry.body;
    if (++this.#rows === ROWS_MAX) this.flush();
  }

  flush(): void {
    let from = 0;
    SIZES.forEach((size, index) => {
      while (this.#rows - from >= size) {
        const values = this.#values.slice(from * COLUMN_COUNT, (from + size) * COLUMN_COUNT);
        this.#statements[index]?.run(...values);
        from += size;
      }
    });
    this.#rows = 0;
  }

  /** Drops the staged entries. */
  discard(): void {
    this.#rows = 0;
  }
}
