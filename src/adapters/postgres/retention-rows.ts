import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
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
import type { JournalRows } from './journal-rows.ts';
import { beginUnderLease, type OnConnection } from './leases.ts';
import { lastSize } from './log-rows.ts';
import { commitDurably } from './synchronous-commit.ts';

const STATE = { name: 'retention_state', text: 'SELECT archived, pruned, archived_at FROM retention' };
const ERASURES = {
  name: 'erasures_list',
  text: 'SELECT user_id, entries, at, done FROM erasures ORDER BY user_id',
};
const PREVIOUS = {
  name: 'journal_previous',
  text: `SELECT wanted.place, encode(j.hash, 'hex')
    FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS wanted (user_id, version, place)
    JOIN journal j ON j.user_id = wanted.user_id AND j.version = wanted.version - 1`,
};
const SET_ARCHIVED = {
  name: 'retention_archived',
  text: 'UPDATE retention SET archived = $1, archived_at = $2 WHERE archived = $3 AND archived <= $1',
};
const SET_PRUNED = { name: 'retention_pruned', text: 'UPDATE retention SET pruned = $1 WHERE pruned = $2' };
/** The latest entry of a user keeps its state. */
const PRUNE = {
  name: 'journal_prune',
  text: `UPDATE journal j SET body = '', state = CASE WHEN EXISTS
      (SELECT FROM journal n WHERE n.user_id = j.user_id AND n.version = j.version + 1) THEN '' ELSE j.state END
    FROM unnest($1::bigint[], $2::int[]) AS pruned (user_id, version)
    WHERE j.user_id = pruned.user_id AND j.version = pruned.version`,
};
const ERASE = {
  name: 'journal_erase',
  text: `UPDATE journal SET body = '', state = '', challenge = NULL
    WHERE user_id = $1 AND version < $2::bigint AND version >= $2::bigint - $3::int RETURNING version`,
};
const NEWEST = { name: 'journal_newest', text: 'SELECT max(version) FROM journal WHERE user_id = $1' };
const FINISH = { name: 'erasures_finish', text: 'UPDATE erasures SET done = true WHERE user_id = $1' };

/** Reads what retention took away. */
export class PostgresRetentionReader implements RetentionReader {
  readonly #read: OnConnection;

  constructor(read: OnConnection) {
    this.#read = read;
  }

  readRetention(): Promise<RetentionState> {
    return this.#read(stateNow);
  }

  async listErasures(): Promise<readonly Erasure[]> {
    return this.#read(async (connection) => {
      const { rows } = await connection.run(ERASURES);
      return rows.map(([userId, entries, at, done]) => ({
        ...{ userId: Number(userId), entries: Number(entries), at: Number(at), done: done === true },
      }));
    });
  }
}

/** Takes bodies away. */
export class PostgresRetentionStore extends PostgresRetentionReader implements RetentionStore {
  readonly #read: OnConnection;
  readonly #change: OnConnection;
  readonly #journal: JournalRows;

  constructor(read: OnConnection, change: OnConnection, journal: JournalRows) {
    super(read);
    this.#read = read;
    this.#change = change;
    this.#journal = journal;
  }

  async readLinked({ from, limit }: { from: number; limit: number }): Promise<readonly LinkedSealedEntry[]> {
    return this.#read(async (connection) => {
      const count = Math.min(limit, ((await lastSize(connection)) ?? 0) - from);
      if (count <= 0) return [];
      const entries = await this.#journal.read(connection, from, count);
      const { rows } = await connection.run(PREVIOUS, keysOf(entries));
      const previous = new Map(rows.map(([place, hash]) => [Number(place) - 1, String(hash)]));
      return entries.map(({ position, ...entry }, place) => ({
        ...{ index: position - 1, ...entry },
        previous: previous.get(place) ?? GENESIS_HASH,
      }));
    });
  }

  async setArchived(change: {
    lease: HeldLease;
    expected: number;
    archived: number;
    at: number;
  }): Promise<boolean> {
    const { lease, expected, archived, at } = change;
    const done = await this.#underLease(lease, async (connection) => {
      const { count } = await connection.run(SET_ARCHIVED, [archived, at, expected]);
      return count === 1;
    });
    return done ?? false;
  }

  async pruneBodies({ lease, limit }: { lease: HeldLease; limit: number }): Promise<number | undefined> {
    const { archived, pruned } = await this.readRetention();
    const to = Math.min(archived, pruned + limit);
    if (to <= pruned) return pruned;
    const entries = await this.#read((connection) => this.#journal.read(connection, pruned, to - pruned));
    return this.#underLease(lease, async (connection) => {
      const { count } = await connection.run(SET_PRUNED, [to, pruned]);
      if (count !== 1) return (await stateNow(connection)).pruned;
      await connection.run(PRUNE, keysOf(entries));
      return to;
    });
  }

  async eraseBodies(slice: {
    userId: UserId;
    below: number;
    limit: number;
  }): Promise<{ lowest: number; indexes: readonly number[] }> {
    const { userId, limit } = slice;
    const found = await this.#read((connection) =>
      this.#journal.readUser(connection, userId, slice.below, limit),
    );
    const indexes = found.filter(({ position }) => position > 0).map(({ position }) => position - 1);
    return this.#change(async (connection) => {
      const newest = Number((await connection.run(NEWEST, [userId])).rows[0]?.[0] ?? 0);
      const { rows } = await connection.run(ERASE, [userId, Math.min(slice.below, newest + 1), limit]);
      const lowest = rows.length === 0 ? 0 : Math.min(...rows.map(([version]) => Number(version)));
      return { lowest, indexes };
    });
  }

  async finishErasure(userId: UserId): Promise<void> {
    await this.#change((connection) => connection.run(FINISH, [userId]));
  }

  /** @returns undefined where the lease is another's */
  #underLease<T>(lease: HeldLease, work: (connection: Connection) => Promise<T>): Promise<T | undefined> {
    return this.#change(async (connection) => {
      if (!(await beginUnderLease(connection, lease))) {
        await connection.run('ROLLBACK');
        return undefined;
      }
      const result = await work(connection);
      await commitDurably(connection);
      return result;
    });
  }
}

async function stateNow(connection: Connection): Promise<RetentionState> {
  const [archived, pruned, archivedAt] = (await connection.run(STATE)).rows[0] ?? [];
  return { archived: Number(archived), pruned: Number(pruned), archivedAt: Number(archivedAt) };
}

function keysOf(entries: readonly { readonly userId: UserId; readonly version: number }[]) {
  return [
    `{${entries.map(({ userId }) => userId).join(',')}}`,
    `{${entries.map(({ version }) => version).join(',')}}`,
  ];
}
