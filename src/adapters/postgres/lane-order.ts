import { LOCK_SEQUENCER, LOCK_SPACE } from './advisory-locks.ts';
import type { Connection } from './connection.ts';
import { OLD_CONNECTION_NAME } from './connection-name.ts';
import { sequenceOf } from './xid-order.ts';

const BY_LANES = { name: 'by_lanes', text: 'SELECT EXISTS (SELECT FROM lanes WHERE lane = 0)' };

/**
 * Tells which order stands. Every server of this version writes lanes; the journal is read by them from the switch on, which the
 * row of lane 0 marks. It never goes back.
 */
export class LaneOrder {
  #byLanes = false;

  async isByLanes(connection: Connection): Promise<boolean> {
    if (!this.#byLanes) this.#byLanes = (await connection.run(BY_LANES)).rows[0]?.[0] === true;
    return this.#byLanes;
  }
}

const OLD_SERVERS = `SELECT count(*)::int FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = '${OLD_CONNECTION_NAME}'`;

/** @returns how many connections servers of the version before have open */
export async function oldConnections(connection: Connection): Promise<number> {
  return Number((await connection.run(OLD_SERVERS)).rows[0]?.[0]);
}

const INDEXES: readonly { readonly name: string; readonly on: string }[] = [
  { name: 'journal_by_lane', on: 'journal (lane, seq) WHERE lane IS NOT NULL' },
  { name: 'journal_by_old_xid', on: 'journal (xid, ordinal) WHERE xid IS NOT NULL' },
];

/**
 * Makes lanes the order of the journal: gives every entry its place by the order of before, and lets no server of the version
 * before write any more. The indexes are made while servers work; the step itself holds the journal for a moment. May be
 * called again after it was interrupted.
 * @param version of the tables, which programs must know from now on
 * @param isEmpty no server works on the tables yet
 */
export async function switchToLanes(
  connection: Connection,
  version: number,
  { isEmpty }: { readonly isEmpty: boolean },
): Promise<void> {
  const concurrently = isEmpty ? '' : 'CONCURRENTLY';
  for (const { name, on } of INDEXES) await makeIndex(connection, name, on, concurrently);
  await connection.run('BEGIN');
  try {
    // Nobody else gives places meanwhile.
    await connection.run(`SELECT pg_advisory_xact_lock(${LOCK_SPACE}, ${LOCK_SEQUENCER})`);
    // Waits for the units of work that are under way; none is left when the places are given. No other table in use is locked.
    await connection.run('LOCK TABLE journal IN ACCESS EXCLUSIVE MODE');
    await connection.run(sequenceOf('true', 'ALL'));
    await connection.run(`
      UPDATE lanes SET placed_seq = coalesce((SELECT max(seq) FROM journal j WHERE j.lane = lanes.lane), 0);
      INSERT INTO lanes (lane, placed_seq, seen_seq, seen_at, quiet) VALUES (0, 0, 0, 0, true);
      ALTER TABLE journal ALTER COLUMN xid DROP DEFAULT, ALTER COLUMN xid DROP NOT NULL,
        ADD CONSTRAINT journal_lane_check CHECK (xid IS NOT NULL OR lane IS NOT NULL AND seq IS NOT NULL) NOT VALID;
      UPDATE schema_version SET compatible_from = greatest(compatible_from, ${version})`);
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
  await connection.run(`DROP INDEX ${concurrently} IF EXISTS journal_by_xid`);
}

/** Makes an index without stopping writers. One that an interrupted attempt left incomplete is made anew. */
async function makeIndex(
  connection: Connection,
  name: string,
  on: string,
  concurrently: string,
): Promise<void> {
  const { rows } = await connection.run(
    `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('sello.${name}')`,
  );
  if (rows[0]?.[0] === true) return;
  if (rows.length > 0) await connection.run(`DROP INDEX ${name}`);
  await connection.run(`CREATE INDEX ${concurrently} ${name} ON ${on}`);
}
