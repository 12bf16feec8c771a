import type { EntryType } from '../../domain/journal/entry.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { LIMITS } from '../../limits.ts';
import type { JournalEntry, LinkedEntry, UserHead } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import { CommitSequencer } from './commit-sequencer.ts';
import type { Connection, Row } from './connection.ts';
import { PLACE_COLUMNS, placeFrom, placesOf } from './entry-places.ts';
import { LaneOrder } from './lane-order.ts';
import { placedEntries, placedInShards } from './placed-entries.ts';

const ENTRY = "j.user_id, j.version, j.at, j.type, j.body, encode(j.hash, 'hex')";
/**
 * An entry's position: its unit of work's first position, plus the entries before it in that unit. 0 if not assigned yet. A
 * unit of work is known by its transaction id before the switch to lanes, and afterwards has none (lane-order.ts).
 */
const POSITION = `coalesce(CASE WHEN j.xid IS NULL THEN
    (SELECT p.first_position FROM places p WHERE p.lane = j.lane AND p.seq = j.seq)
      + (SELECT count(*) FROM journal b WHERE b.lane = j.lane AND b.seq = j.seq AND b.ordinal < j.ordinal)
  ELSE
    (SELECT p.first_position FROM places p WHERE p.xid = j.xid)
      + (SELECT count(*) FROM journal b WHERE b.xid = j.xid AND b.ordinal < j.ordinal)
  END, 0)`;

const PREVIOUS =
  "(SELECT encode(b.hash, 'hex') FROM journal b WHERE b.user_id = $1 AND b.version = j.version - 1)";

const RANGE = {
  name: 'journal_range',
  text: `SELECT * FROM ${placedEntries(ENTRY)} WHERE position BETWEEN $1::bigint AND $2::bigint ORDER BY position`,
  sharded: `SELECT * FROM ${placedInShards(ENTRY)} WHERE position BETWEEN $1::bigint AND $2::bigint ORDER BY position`,
};
/** The hashes of a range of positions, in their order, in hex. */
const HASHES = {
  name: 'journal_hashes',
  text: `SELECT string_agg(encode(hash, 'hex'), '' ORDER BY position) FROM ${placedEntries('j.hash')} WHERE position BETWEEN $1::bigint AND $2::bigint`,
  sharded: `SELECT string_agg(encode(hash, 'hex'), '' ORDER BY position) FROM ${placedInShards('j.hash')} WHERE position BETWEEN $1::bigint AND $2::bigint`,
};
const LAST = {
  name: 'journal_last',
  text: 'SELECT first_position + entries - 1 FROM places ORDER BY first_position DESC LIMIT 1',
};
const ofUser = (position: string, more = '') => `SELECT ${position}, ${ENTRY}${more} FROM journal j
    WHERE j.user_id = $1 AND j.version < $2::bigint ORDER BY j.version DESC LIMIT $3`;
const OF_USER = {
  name: 'journal_of_user',
  text: ofUser(POSITION),
  sharded: ofUser('0', `, ${PLACE_COLUMNS}`),
};
/** A user's times never decrease with the versions, so a binary search finds the first entry of the time. */
const ofUserAt = (position: string, more = '') => `WITH RECURSIVE search (low, high) AS (
      SELECT 1, coalesce((SELECT max(version) FROM journal WHERE user_id = $1), 0) + 1
      UNION ALL
      SELECT CASE WHEN m.at < $2::bigint THEN (low + high) / 2 + 1 ELSE low END,
             CASE WHEN m.at < $2::bigint THEN high ELSE (low + high) / 2 END
      FROM search, LATERAL (SELECT at FROM journal WHERE user_id = $1 AND version = (low + high) / 2) AS m
      WHERE low < high
    )
    SELECT ${position}, ${ENTRY}, ${PREVIOUS}${more} FROM journal j
    WHERE j.user_id = $1 AND j.at = $2::bigint
      AND j.version >= (SELECT max(low) FROM search) AND j.version < (SELECT max(low) FROM search) + $3::int
    ORDER BY j.version`;
const OF_USER_AT = {
  name: 'journal_of_user_at',
  text: ofUserAt(POSITION),
  sharded: ofUserAt('0', `, ${PLACE_COLUMNS}`),
};
const HEADS = {
  name: 'journal_heads',
  text: `SELECT user_id, version, position FROM (
      SELECT u.user_id, j.version, ${POSITION} AS position
      FROM (SELECT user_id FROM users WHERE user_id > $1 ORDER BY user_id LIMIT $2) AS u
      JOIN LATERAL (SELECT * FROM journal WHERE user_id = u.user_id ORDER BY version DESC LIMIT 1) AS j ON true
    ) AS heads ORDER BY user_id`,
};
/** The heads with what their positions are found by. Parameter: the users. */
const HEADS_IN_SHARDS = {
  name: 'journal_heads_in_shards',
  text: `SELECT j.user_id, j.version, ${PLACE_COLUMNS} FROM journal j
    JOIN (SELECT user_id, max(version) AS version FROM journal WHERE user_id = ANY ($1::bigint[]) GROUP BY user_id) AS h
      ON h.user_id = j.user_id AND h.version = j.version
    ORDER BY j.user_id`,
};
const NEXT_USERS = {
  name: 'users_next',
  text: 'SELECT user_id FROM users WHERE user_id > $1 ORDER BY user_id LIMIT $2',
};
const USERS_AFTER = {
  name: 'users_after',
  text: 'SELECT max(user_id) FROM (SELECT user_id FROM users WHERE user_id > $1 ORDER BY user_id LIMIT $2) AS u',
};

/** Reads the journal in its order, and a user's entries. */
export class JournalRows {
  readonly #sequencer: CommitSequencer;

  constructor(order = new LaneOrder()) {
    this.#sequencer = new CommitSequencer(order);
  }

  async read(connection: Connection, after: number, limit: number): Promise<JournalEntry[]> {
    await this.#sequencer.complete(connection);
    return range(connection, after + 1, after + limit);
  }

  /** The hashes after a position, packed. */
  async readHashes(connection: Connection, after: number, limit: number): Promise<Uint8Array> {
    await this.#sequencer.complete(connection);
    const { rows } = await connection.run(HASHES, [after + 1, after + limit]);
    return Uint8Array.from(Buffer.from(String(rows[0]?.[0] ?? ''), 'hex'));
  }

  /** Newest first, below the position; Infinity: from the latest. */
  async readBackwards(connection: Connection, below: number, limit: number): Promise<JournalEntry[]> {
    await this.#sequencer.complete(connection);
    const { rows } = await connection.run(LAST);
    const last = Math.min(Number(rows[0]?.[0] ?? 0), below - 1);
    return (await range(connection, Math.max(1, last - limit + 1), last)).reverse();
  }

  /** An entry without a position yet has position 0; this method does not wait for it. */
  async readUser(
    connection: Connection,
    userId: UserId,
    below: number,
    limit: number,
  ): Promise<JournalEntry[]> {
    const { rows } = await connection.run(OF_USER, [userId, Math.min(below, Number.MAX_SAFE_INTEGER), limit]);
    return (await withPositions(connection, rows, 7)).map(entryFrom);
  }

  async findAt(connection: Connection, userId: UserId, at: number): Promise<LinkedEntry[]> {
    const { rows } = await connection.run(OF_USER_AT, [userId, at, LIMITS.batchMax]);
    return (await withPositions(connection, rows, 8)).map((row) => ({
      ...entryFrom(row),
      previous: (row[7] as string | null) ?? GENESIS_HASH,
    }));
  }

  /** In order of user id, after the given id. A head without a position yet counts as after all others. */
  async heads(connection: Connection, after: UserId, limit: number): Promise<UserHead[]> {
    const heads: UserHead[] = [];
    for (let from = after; heads.length < limit; ) {
      if (connection.sharded) {
        const users = (await connection.run(NEXT_USERS, [from, limit])).rows.map(([userId]) =>
          Number(userId),
        );
        const last = users.at(-1);
        if (last === undefined) break;
        const { rows } = await connection.run(HEADS_IN_SHARDS, [users]);
        const placed = await withPositions(
          connection,
          rows.map((row) => [0, ...row]),
          3,
        );
        for (const [position, userId, version] of placed)
          heads.push({
            userId: Number(userId),
            version: Number(version),
            position: assignedPosition(position),
          });
        from = last;
        continue;
      }
      const [found, end] = await connection.pipeline([
        [HEADS, [from, limit]],
        [USERS_AFTER, [from, limit]],
      ]);
      for (const [userId, version, position] of found?.rows ?? [])
        heads.push({
          userId: Number(userId),
          version: Number(version),
          position: assignedPosition(position),
        });
      const last = end?.rows[0]?.[0];
      if (typeof last !== 'number') break;
      from = last;
    }
    return heads.slice(0, limit);
  }

  /** Assigns positions in the background, so that a read finds little to do. */
  complete(connection: Connection): Promise<void> {
    return this.#sequencer.complete(connection);
  }
}

/** @param from the column from which on a row has its place, where the journal is distributed */
async function withPositions(
  connection: Connection,
  rows: readonly Row[],
  from: number,
): Promise<readonly Row[]> {
  if (!connection.sharded) return rows;
  const positions = await placesOf(
    connection,
    rows.map((row) => placeFrom(row.slice(from))),
  );
  return rows.map((row, index) => [positions[index], ...row.slice(1)]);
}

function assignedPosition(position: unknown): number {
  return position === 0 ? Number.MAX_SAFE_INTEGER : Number(position);
}

async function range(connection: Connection, from: number, to: number): Promise<JournalEntry[]> {
  if (to < from) return [];
  const { rows } = await connection.run(RANGE, [from, to]);
  return rows.map(entryFrom);
}

function entryFrom([position, userId, version, at, type, body, hash]: Row): JournalEntry {
  return {
    position: Number(position),
    userId: userId as UserId,
    version: version as number,
    at: at as number,
    type: type as EntryType,
    body: body as string,
    hash: hash as string,
  };
}
