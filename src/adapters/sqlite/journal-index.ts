import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BLOCK_BYTES, Heads } from './heads.ts';

const PAGE_ENTRIES = 8_192;

/** What is known of the journal in memory: its last position, and each user's head. */
export class JournalIndex {
  readonly heads = new Heads();
  /** The journal's last position, 0 when it is empty. */
  last = 0;
  /** Every entry up to this position is in the file's own heads. */
  watermark = 0;
  readonly #database: DatabaseSync;
  readonly #entriesAfter: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#entriesAfter = database.prepare(
      `SELECT position, user_id, version FROM journal WHERE position > ? ORDER BY position LIMIT ${PAGE_ENTRIES}`,
      { returnArrays: true },
    );
  }

  /** Reads the file's heads, then what the journal has beyond them. */
  load(): void {
    // Before the blocks: while another process writes, they may be newer than it, never older.
    this.watermark = readNumber(this.#database, 'SELECT position FROM watermark');
    const journalLast = readNumber(this.#database, 'SELECT coalesce(max(position), 0) FROM journal');
    // Heads of a journal that is not this one say nothing.
    if (this.watermark > journalLast) this.watermark = 0;
    else this.#loadBlocks();
    this.last = this.watermark;
    this.complete();
  }

  /** Takes in what the journal has beyond `last`. */
  complete(): void {
    for (;;) {
      const rows = this.#entriesAfter.all(this.last) as unknown as readonly EntryPlace[];
      for (const [position, userId, version] of rows) {
        if (version > this.heads.version(userId)) this.heads.place(userId, version, position);
        this.last = position;
      }
      if (rows.length < PAGE_ENTRIES) return;
    }
  }

  #loadBlocks(): void {
    const blocks = this.#database.prepare('SELECT block, heads FROM heads', { returnArrays: true });
    for (const row of blocks.iterate() as unknown as Iterable<readonly [number, Uint8Array]>) {
      const [block, bytes] = row;
      if (bytes.length !== BLOCK_BYTES) throw new Error('a block of heads has another length');
      this.heads.decodeBlock(block, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
  }
}

type EntryPlace = readonly [position: number, userId: number, version: number];

function readNumber(database: DatabaseSync, sql: string): number {
  const row = database.prepare(sql, { returnArrays: true }).get() as unknown as readonly [number] | undefined;
  return row?.[0] ?? 0;
}
