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
  await connection.run(REVIVE, [all ? Number.MAX_SAFE_INTEGER : LIMITS.laneOldMs]);
  await connection.run(NOTE);
  await connection.run(QUIET, [quietMs]);
}
