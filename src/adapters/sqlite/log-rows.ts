import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { LogReader, SealedEntry, StoredCheckpoint } from '../../ports/log-store.ts';
import { byIndex, withBodies } from '../sql/archived-bodies.ts';
import type { Connection } from './connection.ts';
import type { JournalRows } from './journal-rows.ts';

/** Reads the log. An entry's index is its position less one. */
export class SqliteLogReader implements LogReader {
  readonly #connection: Connection;
  readonly #journal: JournalRows;
  readonly #bodies: ArchivedBodies | undefined;
  readonly #size: StatementSync;
  readonly #last: StatementSync;
  readonly #tile: StatementSync;

  constructor(connection: Connection, journal: JournalRows, bodies?: ArchivedBodies) {
    const database: DatabaseSync = connection.database;
    this.#connection = connection;
    this.#journal = journal;
    this.#bodies = bodies;
    this.#size = database.prepare('SELECT max(size) AS size FROM log_checkpoints');
    this.#last = database.prepare(
      'SELECT size, at, note, edge FROM log_checkpoints ORDER BY size DESC LIMIT 1',
    );
    this.#tile = database.prepare('SELECT hashes FROM log_tiles WHERE level = ? AND number = ?');
  }

  async sealedSize(): Promise<number> {
    return this.#connection.read(() => this.lastSizeNow() ?? 0);
  }

  async lastCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#connection.read(() => {
      const row = this.#last.get();
      if (!row) return undefined;
      const { size, at, note, edge } = row;
      return { size: Number(size), at: Number(at), note: String(note), edge: edge as Uint8Array };
    });
  }

  async readSealed({ from, limit }: { from: number; limit: number }): Promise<readonly SealedEntry[]> {
    const entries = this.#connection.read(() => {
      const count = Math.min(limit, (this.lastSizeNow() ?? 0) - from);
      if (count <= 0) return [];
      return this.#journal
        .read(from, count)
        .map(({ position, ...entry }) => ({ index: position - 1, ...entry }));
    });
    return withBodies(entries, this.#bodies, byIndex);
  }

  async readFullTiles(
    tiles: readonly { level: number; number: number }[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#connection.read(() =>
      tiles.map(({ level, number }) => this.#tile.get(level, number)?.hashes as Uint8Array | undefined),
    );
  }

  /** Runs inside the caller's unit of work. @returns the last checkpoint's size */
  lastSizeNow(): number | undefined {
    const size = this.#size.get()?.size;
    return typeof size === 'number' ? size : undefined;
  }
}

/** The log of a database whose tables are of a version that had none. */
export const NO_LOG: LogReader = {
  sealedSize: async () => 0,
  lastCheckpoint: async () => undefined,
  readSealed: async () => [],
  readFullTiles: async (tiles) => tiles.map(() => undefined),
};
