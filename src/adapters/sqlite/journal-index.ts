import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BLOCK_BYTES, Heads } from './heads.ts';

const PAGE_ENTRIES = 8_192;

/** The journal's last position and each user's head, in memory. */
export class JournalIndex {
  readonly heads = new Heads();
  /** The journal's last position, 0 when it is empty. */
  last = 0;
  /** The heads in the file include every entry up to this position. */
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

  /** Reads the heads in the file, then the entries after them. */
  load(): void {
    // Read before the blocks: while another process writes, the blocks may be newer than the watermark but not older.
    this.watermark = readNumber(this.#database, 'SELECT position FROM watermark');
    const journalLast = readNumber(this.#database, 'SELECT coalesce(max(position), 0) FROM journal');
    // The heads belong to another journal.
    if (this.watermark > journalLast) this.watermark = 0;
    else this.#loadBlocks();
    this.last = this.watermark;
    this.complete();
  }

  /** Reads the entries after `last`. */
  complete(): void {
    for (;;) {
      const rows = this.#entriesAfter.all(this.last) as unknown as readonly HeadRow[];
      for (const [position, userId, version] of rows) {
        if (version > this.heads.version(userId)) this.heads.set(userId, version, position);
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

type HeadRow = readonly [position: number, userId: number, version: number];

function readNumber(database: DatabaseSync, sql: string): number {
  const row = database.prepare(sql, { returnArrays: true }).get() as unknown as readonly [number] | undefined;
  return row?.[0] ?? 0;
}
