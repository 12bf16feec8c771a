import { LIMITS } from '../../limits.ts';
import type { Changes } from '../../ports/store.ts';
import type { Connection } from './connection.ts';

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
const CURSOR = /^(\d{1,15})\/(\d+:\d+:[\d,]*)$/;

/**
 * Reports the users about whom entries were appended since `cursor` (Store.changedSince).
 * @param era changes when the database server does; a cursor of another era answers `all`, since snapshots of one server
 *   mean nothing on another
 *
 * Why: docs/DECISIONS.md#servers-poll-for-each-others-entries
 */
export async function changedSince(
  connection: Connection,
  era: number,
  cursor: string | undefined,
): Promise<Changes> {
  const found = cursor === undefined ? undefined : CURSOR.exec(cursor);
  const known = found && Number(found[1]) === era ? found[2] : undefined;
  if (known === undefined) {
    const { rows } = await connection.run(NOW);
    return { cursor: `${era}/${String(rows[0]?.[0])}`, users: cursor === undefined ? [] : 'all' };
  }
  const { rows } = await connection.run(SINCE, [known]);
  const [snapshot, entries, users] = rows[0] ?? [];
  return {
    cursor: `${era}/${String(snapshot)}`,
    users:
      Number(entries) >= LIMITS.changedEntriesMax
        ? 'all'
        : (users as readonly (readonly [number, number])[]).map(([userId, version]) => ({ userId, version })),
  };
}
