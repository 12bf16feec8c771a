import { LIMITS } from '../../limits.ts';
import type { Changes } from '../../ports/store.ts';
import { LOCK_SEQUENCER, LOCK_SPACE } from './advisory-locks.ts';
import type { Connection } from './connection.ts';

/*
 * The order of before the lanes: by transaction ids. It stands as long as servers of the version before may run beside this
 * one, since they know no other (lane-order.ts).
 */

/** A unit of work below the oldest running one is final, and no other can be committed before it any more. */
const FINAL = 'xid < pg_snapshot_xmin(pg_current_snapshot())';
const LAST = "coalesce((SELECT max(xid) FROM places), '0'::xid8)";

const WAITING = {
  name: 'places_waiting',
  text: `SELECT EXISTS (SELECT FROM journal WHERE xid > ${LAST} AND ${FINAL})`,
};
/** @param isFinal which units of work get their places, of those that have none */
export const sequenceOf = (
  isFinal: string,
  limit: string,
) => `INSERT INTO places (first_position, xid, entries)
    SELECT coalesce((SELECT first_position + entries FROM places ORDER BY first_position DESC LIMIT 1), 1)
        + coalesce(sum(entries) OVER (ORDER BY xid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), xid, entries
      FROM (SELECT xid, count(*) AS entries FROM journal WHERE xid > ${LAST} AND ${isFinal} GROUP BY xid ORDER BY xid LIMIT ${limit}) AS units`;

const SEQUENCE = { name: 'places_insert', text: sequenceOf(FINAL, '$1') };
const LOCK = { name: 'places_lock', text: 'SELECT pg_advisory_xact_lock($1, $2)' };

/** Assigns positions to all entries whose unit of work is final by now. */
export async function placeByXid(connection: Connection): Promise<void> {
  for (;;) {
    const { rows } = await connection.run(WAITING);
    if (rows[0]?.[0] !== true) return;
    try {
      // The lock is taken before the statement takes its snapshot; otherwise two servers would assign the same positions.
      await connection.pipeline([
        ['BEGIN ISOLATION LEVEL READ COMMITTED'],
        [LOCK, [LOCK_SPACE, LOCK_SEQUENCER]],
        [SEQUENCE, [LIMITS.commitSequencerEntriesMax]],
        ['COMMIT'],
      ]);
    } catch (error) {
      if (!connection.lost) await connection.run('ROLLBACK');
      throw error;
    }
  }
}

const NOW = { name: 'changes_now', text: 'SELECT pg_current_snapshot()::text' };
/**
 * Entries that this statement sees and the snapshot before it did not: each unit of work once, however long it ran. The
 * earlier snapshot saw every transaction below its `xmin`, so the index is read from there on, in its order. Without that
 * condition a generic plan would read the whole journal.
 */
const SINCE = {
  name: 'changes_since',
  text: `WITH changes AS (
      SELECT user_id, version FROM journal
      WHERE xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)
      ORDER BY xid, ordinal LIMIT ${LIMITS.changedEntriesMax}
    )
    SELECT pg_current_snapshot()::text, coalesce(sum(entries), 0)::int, coalesce(json_agg(json_build_array(user_id, version)), '[]')
    FROM (SELECT user_id, max(version) AS version, count(*) AS entries FROM changes GROUP BY user_id) AS users`,
};

/** What a poll found: the mark to begin the next one at, and the users, `all` where they are too many. */
export interface Poll {
  readonly mark: string;
  readonly users: Changes['users'];
}

export async function snapshotNow(connection: Connection): Promise<string> {
  const { rows } = await connection.run(NOW);
  return String(rows[0]?.[0]);
}

/** @param mark a snapshot, as text */
export async function changedSinceSnapshot(connection: Connection, mark: string): Promise<Poll> {
  const { rows } = await connection.run(SINCE, [mark]);
  const [snapshot, entries, users] = rows[0] ?? [];
  return {
    mark: String(snapshot),
    users:
      Number(entries) >= LIMITS.changedEntriesMax
        ? 'all'
        : (users as readonly (readonly [number, number])[]).map(([userId, version]) => ({ userId, version })),
  };
}
