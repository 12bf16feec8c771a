import { LIMITS } from '../../limits.ts';
import type { Connection } from './connection.ts';
import { LOCK_SEQUENCER, LOCK_SPACE } from './migrate.ts';

/** A unit of work below the oldest running one is final, and no other can be committed before it any more. */
const FINAL = 'xid < pg_snapshot_xmin(pg_current_snapshot())';
const LAST = "coalesce((SELECT max(xid) FROM places), '0'::xid8)";

const WAITING = {
  name: 'places_waiting',
  text: `SELECT EXISTS (SELECT FROM journal WHERE xid > ${LAST} AND ${FINAL})`,
};
const SEQUENCE = {
  name: 'places_insert',
  text: `INSERT INTO places (first_position, xid, entries)
    SELECT coalesce((SELECT first_position + entries FROM places ORDER BY first_position DESC LIMIT 1), 1)
        + coalesce(sum(entries) OVER (ORDER BY xid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), xid, entries
      FROM (SELECT xid, count(*) AS entries FROM journal WHERE xid > ${LAST} AND ${FINAL} GROUP BY xid ORDER BY xid LIMIT $1) AS units`,
};
const LOCK = { name: 'places_lock', text: 'SELECT pg_advisory_xact_lock($1, $2)' };

/**
 * Assigns journal positions to committed units of work, in the table `places`. A position is final once it is assigned,
 * and entries committed later get higher ones, so a reader that has read up to a position misses nothing below it. One
 * server assigns at a time, before reads and in the background.
 *
 * Why: docs/DECISIONS.md#units-of-work-are-sequenced-not-entries
 */
export class CommitSequencer {
  #running: Promise<void> | undefined;

  /** Assigns positions to all entries whose unit of work is final by now. */
  async complete(connection: Connection): Promise<void> {
    for (;;) {
      const { rows } = await connection.run(WAITING);
      if (rows[0]?.[0] !== true) return;
      // One statement a server at a time serves all its readers.
      this.#running ??= sequenceSome(connection).finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    }
  }
}

async function sequenceSome(connection: Connection): Promise<void> {
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
