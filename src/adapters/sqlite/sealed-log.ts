import type { StatementSync } from 'node:sqlite';
import { LIMITS } from '../../limits.ts';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { LogStore, Seal } from '../../ports/log-store.ts';
import { nameOfLine } from '../sql/signature-name.ts';
import type { Connection } from './connection.ts';
import type { JournalIndex } from './journal-index.ts';
import type { JournalRows } from './journal-rows.ts';
import type { Change, SqliteLeases } from './leases.ts';
import { SqliteLogReader } from './log-rows.ts';
import type { RecentHashes } from './recent-hashes.ts';

const HASH_BYTES = 32;

/** The log of the process that owns the file. */
export class SqliteLogStore extends SqliteLogReader implements LogStore {
  readonly #connection: Connection;
  readonly #change: Change;
  readonly #leases: SqliteLeases;
  readonly #index: JournalIndex;
  readonly #recent: RecentHashes;
  readonly #hashes: StatementSync;
  readonly #insertTile: StatementSync;
  readonly #insertCheckpoint: StatementSync;
  readonly #addLine: StatementSync;
  readonly #dropCheckpoints: StatementSync;

  constructor(
    connection: Connection,
    journal: JournalRows,
    own: {
      readonly change: Change;
      readonly leases: SqliteLeases;
      readonly index: JournalIndex;
      readonly recent: RecentHashes;
      readonly bodies: ArchivedBodies | undefined;
    },
  ) {
    super(connection, journal, own.bodies);
    const { database } = connection;
    this.#connection = connection;
    this.#change = own.change;
    this.#leases = own.leases;
    this.#index = own.index;
    this.#recent = own.recent;
    this.#hashes = database.prepare('SELECT hash FROM journal WHERE position > ? ORDER BY position LIMIT ?', {
      returnArrays: true,
    });
    this.#insertTile = database.prepare('INSERT INTO log_tiles (level, number, hashes) VALUES (?, ?, ?)');
    this.#insertCheckpoint = database.prepare(
      'INSERT INTO log_checkpoints (size, at, note, edge) VALUES (?, ?, ?, ?)',
    );
    this.#addLine = database.prepare(
      'UPDATE log_checkpoints SET note = note || ?1 WHERE size = ?2 AND instr(note, ?3) = 0',
    );
    this.#dropCheckpoints = database.prepare(
      'DELETE FROM log_checkpoints WHERE size < (SELECT min(size) FROM (SELECT size FROM log_checkpoints ORDER BY size DESC LIMIT ?))',
    );
  }

  /** From memory while the entries are recent; otherwise a slice from the file, since reading blocks the process. */
  async readUnsealed({ from, limit }: { from: number; limit: number }): Promise<Uint8Array> {
    const { last } = this.#index;
    const to = Math.min(from + limit, last);
    if (to <= from) return new Uint8Array();
    const recent = this.#recent.read(from + 1, to + 1);
    if (recent) return recent;
    return this.#connection.read(() => {
      const rows = this.#hashes.all(from, Math.min(to - from, LIMITS.logEntriesPerReadMax));
      const packed = new Uint8Array(rows.length * HASH_BYTES);
      (rows as unknown as readonly (readonly [Uint8Array])[]).forEach(([hash], index) => {
        packed.set(hash, index * HASH_BYTES);
      });
      return packed;
    });
  }

  async addCosignature(size: number, line: string): Promise<boolean> {
    return this.#change(() => Number(this.#addLine.run(line, size, nameOfLine(line)).changes) === 1);
  }

  async seal({
    lease,
    previousSize,
    full,
    checkpoint,
  }: Seal): Promise<'sealed' | 'lease_lost' | 'superseded'> {
    return this.#change(() => {
      if (!this.#leases.isCurrent(lease)) return 'lease_lost';
      if (this.lastSizeNow() !== previousSize) return 'superseded';
      for (const { level, number, hashes } of full) this.#insertTile.run(level, number, hashes);
      const { size, at, note, edge } = checkpoint;
      this.#insertCheckpoint.run(size, at, note, edge);
      this.#dropCheckpoints.run(LIMITS.logCheckpointsKept);
      return 'sealed';
    });
  }
}
