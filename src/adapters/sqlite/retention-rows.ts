import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { HeldLease } from '../../ports/lease.ts';
import type {
  Erasure,
  LinkedSealedEntry,
  RetentionReader,
  RetentionState,
  RetentionStore,
} from '../../ports/retention.ts';
import type { UserId } from '../../ports/store.ts';
import type { Connection } from './connection.ts';
import type { JournalIndex } from './journal-index.ts';
import type { JournalRows } from './journal-rows.ts';
import type { Change, SqliteLeases } from './leases.ts';
import { overwriting } from './overwriting.ts';

const COLUMNS = 'position, previous_position, user_id, version, at, type, challenge, hash, state, body';

/** Reads what retention took away. */
export class SqliteRetentionReader implements RetentionReader {
  readonly #connection: Connection;
  readonly #state: StatementSync;
  readonly #erasures: StatementSync;

  constructor(connection: Connection) {
    const database: DatabaseSync = connection.database;
    this.#connection = connection;
    this.#state = database.prepare('SELECT archived, pruned, archived_at FROM retention');
    this.#erasures = database.prepare('SELECT user_id, entries, at, done FROM erasures ORDER BY user_id');
  }

  async readRetention(): Promise<RetentionState> {
    return this.#connection.read(() => this.stateNow());
  }

  async listErasures(): Promise<readonly Erasure[]> {
    return this.#connection.read(() =>
      this.#erasures.all().map(({ user_id, entries, at, done }) => ({
        ...{ userId: Number(user_id), entries: Number(entries), at: Number(at), done: Number(done) === 1 },
      })),
    );
  }

  /** Runs inside the caller's unit of work. */
  stateNow(): RetentionState {
    const { archived, pruned, archived_at: archivedAt } = this.#state.get() ?? {};
    return { archived: Number(archived), pruned: Number(pruned), archivedAt: Number(archivedAt) };
  }
}

/** The retention of a database whose tables are of a version that had none. */
export const NO_RETENTION: RetentionReader = {
  readRetention: async () => ({ archived: 0, pruned: 0, archivedAt: 0 }),
  listErasures: async () => [],
};

/** Takes bodies away, in the process that owns the file. */
export class SqliteRetentionStore extends SqliteRetentionReader implements RetentionStore {
  readonly #connection: Connection;
  readonly #journal: JournalRows;
  readonly #change: Change;
  readonly #leases: SqliteLeases;
  readonly #index: JournalIndex;
  readonly #complete: () => void;
  readonly #setArchived: StatementSync;
  readonly #setPruned: StatementSync;
  readonly #rows: StatementSync;
  readonly #delete: StatementSync;
  readonly #insert: StatementSync;
  readonly #erase: StatementSync;
  readonly #finish: StatementSync;

  constructor(
    connection: Connection,
    journal: JournalRows,
    own: {
      readonly change: Change;
      readonly leases: SqliteLeases;
      readonly index: JournalIndex;
      /** Completes what is written behind the journal, up to its end. */
      readonly complete: () => void;
    },
  ) {
    super(connection);
    const { database } = connection;
    this.#connection = connection;
    this.#journal = journal;
    this.#change = own.change;
    this.#leases = own.leases;
    this.#index = own.index;
    this.#complete = own.complete;
    this.#setArchived = database.prepare(
      'UPDATE retention SET archived = ?, archived_at = ? WHERE archived = ? AND archived <= ?1',
    );
    this.#setPruned = database.prepare('UPDATE retention SET pruned = ?');
    const range = 'position > ? AND position <= ?';
    this.#rows = database.prepare(`SELECT ${COLUMNS} FROM journal WHERE ${range} ORDER BY position`, {
      returnArrays: true,
    });
    this.#delete = database.prepare(`DELETE FROM journal WHERE ${range}`);
    this.#insert = database.prepare(
      `INSERT INTO journal (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')`,
    );
    this.#erase = database.prepare(
      "UPDATE journal SET body = '', state = '', challenge = NULL WHERE position = ?",
    );
    this.#finish = database.prepare('UPDATE erasures SET done = 1 WHERE user_id = ?');
  }

  async readLinked({ from, limit }: { from: number; limit: number }): Promise<readonly LinkedSealedEntry[]> {
    return this.#connection.readTogether(() =>
      this.#journal
        .readLinked(from, limit)
        .map(({ position, ...entry }) => ({ index: position - 1, ...entry })),
    );
  }

  async setArchived(change: {
    lease: HeldLease;
    expected: number;
    archived: number;
    at: number;
  }): Promise<boolean> {
    const { lease, expected, archived, at } = change;
    return this.#change(
      () =>
        this.#leases.isCurrent(lease) && Number(this.#setArchived.run(archived, at, expected).changes) === 1,
    );
  }

  /**
   * Rows are deleted and inserted anew: a smaller row in its old place would leave the rest of its page empty.
   *
   * Why: docs/DECISIONS.md#a-pruned-entry-keeps-its-row
   */
  async pruneBodies({ lease, limit }: { lease: HeldLease; limit: number }): Promise<number | undefined> {
    // After a crash the table of transactions is completed from the bodies after the watermark.
    const known = this.#connection.read(() => this.stateNow());
    if (this.#index.watermark < Math.min(known.archived, known.pruned + limit)) this.#complete();
    return this.#change(() => {
      if (!this.#leases.isCurrent(lease)) return undefined;
      const { archived, pruned } = this.stateNow();
      const to = Math.min(archived, pruned + limit, this.#index.watermark);
      if (to <= pruned) return pruned;
      const rows = this.#rows.all(pruned, to) as unknown as readonly Row[];
      // The user of a body that was taken away may be erased later.
      overwriting(this.#connection.database, () => this.#delete.run(pruned, to));
      for (const [position, previous, userId, version, at, type, challenge, hash, state] of rows) {
        const kept = this.#index.heads.position(userId) === position ? state : '';
        this.#insert.run(position, previous, userId, version, at, type, challenge, hash, kept);
      }
      this.#setPruned.run(to);
      return to;
    });
  }

  async eraseBodies(slice: {
    userId: UserId;
    below: number;
    limit: number;
  }): Promise<{ lowest: number; indexes: readonly number[] }> {
    const { userId, below, limit } = slice;
    const entries = await this.#journal.readUser(userId, below, limit);
    this.#change(() => {
      overwriting(this.#connection.database, () => {
        for (const { position } of entries) this.#erase.run(position);
      });
    });
    return {
      lowest: entries.at(-1)?.version ?? 0,
      indexes: entries.map(({ position }) => position - 1),
    };
  }

  /** Also moves the log of writes into the file and cuts it, for it holds what was erased. */
  async finishErasure(userId: UserId): Promise<void> {
    this.#change(() => this.#finish.run(userId));
    this.#connection.read(() => this.#connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  }
}

type Row = readonly [
  position: number,
  previous: number,
  userId: number,
  version: number,
  at: number,
  type: string,
  challenge: SQLInputValue,
  hash: Uint8Array,
  state: string,
];
