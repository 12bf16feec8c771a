import { LIMITS } from '../../limits.ts';
import type { Connection } from './connection.ts';

const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const HAS_MORE = 'EXISTS (SELECT FROM journal j WHERE j.lane = lanes.lane AND j.seq > lanes.placed_seq)';

/** Parameter: the lanes. */
export const REVIVE_LANES = {
  name: 'lanes_revive',
  text: `UPDATE lanes SET quiet = false, seen_at = ${NOW} WHERE lane = ANY ($1::bigint[]) AND lane > 0`,
};
/** A process came back after its lane had become quiet. */
const REVIVE = {
  name: 'lanes_revive_late',
  text: `UPDATE lanes SET quiet = false, seen_at = ${NOW} WHERE quiet AND lane > 0 AND seen_at > ${NOW} - $1::bigint AND ${HAS_MORE}`,
};
const NOTE = {
  name: 'lanes_note',
  text: `UPDATE lanes SET seen_seq = placed_seq, seen_at = ${NOW} WHERE NOT quiet AND placed_seq > seen_seq`,
};
const QUIET = {
  name: 'lanes_quiet',
  text: `UPDATE lanes SET quiet = true WHERE NOT quiet AND lane > 0 AND placed_seq = seen_seq AND seen_at < ${NOW} - $1::bigint AND NOT ${HAS_MORE}`,
};

/**
 * Calls lanes quiet that nobody has written in for long, so that readers do not look at the lanes of all processes that ever
 * ran; and looks whether somebody wrote in a quiet one after all. No entry is lost by that: it is found later.
 * @param all looks at lanes too that have been quiet for long
 */
export async function lookAtLanes(
  connection: Connection,
  { all, quietMs = LIMITS.laneQuietMs }: { readonly all: boolean; readonly quietMs?: number },
): Promise<void> {
  if (connection.sharded) return lookInShards(connection, all, quietMs);
  await connection.run(REVIVE, [all ? Number.MAX_SAFE_INTEGER : LIMITS.laneOldMs]);
  await connection.run(NOTE);
  await connection.run(QUIET, [quietMs]);
}

const KNOWN = {
  name: 'lanes_known',
  text: `SELECT lane, placed_seq, quiet FROM lanes WHERE lane > 0 AND (NOT quiet OR seen_at > ${NOW} - $1::bigint)`,
};
const HIGHEST = {
  name: 'lanes_highest',
  text: 'SELECT lane, max(seq) FROM journal WHERE lane = ANY ($1::bigint[]) GROUP BY lane',
};
const QUIET_OF = {
  name: 'lanes_quiet_of',
  text: `UPDATE lanes SET quiet = true WHERE lane = ANY ($2::bigint[]) AND NOT quiet AND placed_seq = seen_seq AND seen_at < ${NOW} - $1::bigint`,
};

/** The same where the journal is distributed and the lanes are the coordinator's. */
async function lookInShards(connection: Connection, all: boolean, quietMs: number): Promise<void> {
  const { rows } = await connection.run(KNOWN, [all ? Number.MAX_SAFE_INTEGER : LIMITS.laneOldMs]);
  const found = await connection.run(HIGHEST, [rows.map(([lane]) => Number(lane))]);
  const highest = new Map(found.rows.map(([lane, seq]) => [lane, Number(seq)]));
  const hasMore = ([lane, placed]: (typeof rows)[number]) => (highest.get(lane) ?? 0) > Number(placed);
  const lanesOf = (wanted: typeof rows) => wanted.map(([lane]) => Number(lane));
  await connection.run(REVIVE_LANES, [lanesOf(rows.filter((row) => row[2] === true && hasMore(row)))]);
  await connection.run(NOTE);
  await connection.run(QUIET_OF, [quietMs, lanesOf(rows.filter((row) => !hasMore(row)))]);
}
