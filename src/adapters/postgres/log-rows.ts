import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { LogReader, SealedEntry, StoredCheckpoint } from '../../ports/log-store.ts';
import { byIndex, withBodies } from '../sql/archived-bodies.ts';
import type { Connection, Row } from './connection.ts';
import type { JournalRows } from './journal-rows.ts';
import type { OnConnection } from './leases.ts';

const SIZE = { name: 'log_size', text: 'SELECT max(size) FROM log_checkpoints' };
const LAST = {
  name: 'log_last',
  text: "SELECT size, at, note, encode(edge, 'hex') FROM log_checkpoints ORDER BY size DESC LIMIT 1",
};
const TILES = {
  name: 'log_tiles_read',
  text: `SELECT wanted.place, encode(t.hashes, 'hex')
    FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS wanted (level, number, place)
    JOIN log_tiles t ON t.level = wanted.level AND t.number = wanted.number`,
};

/** Reads the log. An entry's index is its position less one. */
export class PostgresLogReader implements LogReader {
  readonly #read: OnConnection;
  readonly #journal: JournalRows;
  readonly #bodies: ArchivedBodies | undefined;

  constructor(read: OnConnection, journal: JournalRows, bodies?: ArchivedBodies) {
    this.#bodies = bodies;
    this.#read = read;
    this.#journal = journal;
  }

  async sealedSize(): Promise<number> {
    return this.#read(async (connection) => (await lastSize(connection)) ?? 0);
  }

  async lastCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#read(async (connection) => {
      const [row] = (await connection.run(LAST)).rows;
      if (!row) return undefined;
      const [size, at, note, edge] = row;
      return { size: Number(size), at: Number(at), note: String(note), edge: bytesOf(edge) };
    });
  }

  async readSealed({ from, limit }: { from: number; limit: number }): Promise<readonly SealedEntry[]> {
    const sealed = await this.#read(async (connection) => {
      const count = Math.min(limit, ((await lastSize(connection)) ?? 0) - from);
      if (count <= 0) return [];
      const entries = await this.#journal.read(connection, from, count);
      return entries.map(({ position, ...entry }) => ({ index: position - 1, ...entry }));
    });
    return withBodies(sealed, this.#bodies, byIndex);
  }

  async readFullTiles(
    tiles: readonly { level: number; number: number }[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    if (tiles.length === 0) return [];
    return this.#read(async (connection) => {
      const { rows } = await connection.run(TILES, [
        `{${tiles.map(({ level }) => level).join(',')}}`,
        `{${tiles.map(({ number }) => number).join(',')}}`,
      ]);
      const found: (Uint8Array | undefined)[] = tiles.map(() => undefined);
      for (const [place, hashes] of rows as readonly Row[]) found[Number(place) - 1] = bytesOf(hashes);
      return found;
    });
  }
}

/** @returns the last checkpoint's size */
export async function lastSize(connection: Connection): Promise<number | undefined> {
  const size = (await connection.run(SIZE)).rows[0]?.[0];
  return size === null || size === undefined ? undefined : Number(size);
}

function bytesOf(hex: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(String(hex), 'hex'));
}
