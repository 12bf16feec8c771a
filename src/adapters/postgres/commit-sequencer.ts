import { LIMITS } from '../../limits.ts';
import type { Connection } from './connection.ts';
import { LOCK_PLACES, LOCK_SPACE } from './migrate.ts';

/** A unit of work below the oldest that is still under way is final, and none can come to stand before it. */
const FINAL = 'xid < pg_snapshot_xmin(pg_current_snapshot())';
const LAST = "coalesce((SELECT max(xid) FROM places), '0'::xid8)";

const WAITING = {
  name: 'places_waiting',
  text: `SELECT EXISTS (SELECT FROM journal WHERE xid > ${LAST} AND ${FINAL})`,
};
const PLACE = {
  name: 'places_insert',
  text: `INSERT INTO places (first_position, xid, entries)
    SELECT coalesce((SELECT first_position + entries FROM places ORDER BY first_position DESC LIMIT 1), 1)
        + coalesce(sum(entries) OVER (ORDER BY xid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), xid, entries
      FROM (SELECT xid, count(*) AS entries FROM journal WHERE xid > ${LAST} AND ${FINAL} GROUP BY xid ORDER BY xid LIMIT $1) AS units`,
};
const LOCK = { name: 'places_lock', text: 'SELECT pg_advisory_xact_lock($1, $2)' };

/**
 * Gives units of work their places in the journal's order, each once and for good: whoever read up to a place never
 * misses an entry before it. One server does it at a time, when somebody reads and in the background.
 */
export class CommitSequencer {
  #running: Promise<void> | undefined;

  /** Gives a place to every entry whose unit of work is final by now. */
  async complete(connection: Connection): Promise<void> {
    for (;;) {
      const { rows } = await connection.run(WAITING);
      if (rows[0]?.[0] !== true) return;
      // Each server waits for one of its own: what that one finds is what the others want.
      this.#running ??= placeSome(connection).finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    }
  }
}

async function placeSome(connection: Connection): Promise<void> {
  try {
    // The lock is waited for before the statement takes its snapshot, or two would give the same places.
    await connection.pipeline([
      ['BEGIN ISOLATION LEVEL READ COMMITTED'],
      [LOCK, [LOCK_SPACE, LOCK_PLACES]],
      [PLACE, [LIMITS.commitSequencerEntriesMax]],
      ['COMMIT'],
    ]);
  } catch (error) {
    if (!connection.lost) await connection.run('ROLLBACK');
    throw error;
  }
}
