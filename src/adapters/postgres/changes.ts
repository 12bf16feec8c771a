import { LIMITS } from '../../limits.ts';
import type { Changes } from '../../ports/store.ts';
import type { Connection } from './connection.ts';
import type { LaneOrder } from './lane-order.ts';
import { changedSinceSnapshot, type Poll, snapshotNow } from './xid-order.ts';

/** Each lane with the number up to which it is complete. */
const NOW = {
  name: 'changes_lanes_now',
  text: `SELECT l.lane, CASE WHEN u.units = u.last - l.placed_seq THEN u.last ELSE l.placed_seq END
    FROM lanes l CROSS JOIN LATERAL (SELECT max(seq) AS last, count(DISTINCT seq) AS units FROM journal
      WHERE lane = l.lane AND seq > l.placed_seq) AS u
    WHERE NOT l.quiet`,
};
/**
 * Entries after the marks. A mark moves over complete units of work only: where one is missing, those behind it are told, and
 * told again until it is there. A lane without a mark is read from its beginning.
 */
const SINCE = {
  name: 'changes_lanes_since',
  text: `WITH live AS MATERIALIZED (
      SELECT l.lane, coalesce(k.seq, 0) AS mark
      FROM lanes l LEFT JOIN unnest($1::bigint[], $2::bigint[]) AS k (lane, seq) ON k.lane = l.lane WHERE NOT l.quiet
    ), changes AS MATERIALIZED (
      SELECT live.lane, live.mark, j.seq, j.user_id, j.version, dense_rank() OVER (PARTITION BY live.lane ORDER BY j.seq) AS nth
      FROM live CROSS JOIN LATERAL (SELECT seq, user_id, version FROM journal
        WHERE lane = live.lane AND seq > live.mark ORDER BY seq LIMIT ${LIMITS.changedEntriesMax}) AS j
    )
    SELECT
      (SELECT coalesce(json_agg(json_build_array(lane, top)), '[]') FROM (
        SELECT live.lane, coalesce(max(c.seq) FILTER (WHERE c.seq - c.mark = c.nth), live.mark) AS top
        FROM live LEFT JOIN changes c ON c.lane = live.lane GROUP BY live.lane, live.mark) AS tops),
      (SELECT count(*) FROM changes)::int,
      (SELECT coalesce(json_agg(json_build_array(user_id, version)), '[]') FROM (
        SELECT user_id, max(version) AS version FROM changes GROUP BY user_id) AS users)`,
};
const CURSOR = /^(\d{1,15})\/(?:xid\/(\d+:\d+:[\d,]*)|lanes\/((?:\d{1,15}:\d{1,15},)*))$/;

/**
 * Reports the users about whom entries were appended since `cursor` (Store.changedSince).
 * @param era changes when the database server does; a cursor of another era answers `all`, since another server may have
 *   had less or more
 *
 * Why: docs/DECISIONS.md#servers-poll-for-each-others-entries
 */
export async function changedSince(
  connection: Connection,
  order: LaneOrder,
  era: number,
  cursor: string | undefined,
): Promise<Changes> {
  const found = cursor === undefined ? undefined : CURSOR.exec(cursor);
  const isKnown = found && Number(found[1]) === era;
  const byLanes = await order.isByLanes(connection);
  const mark = isKnown ? found[byLanes ? 3 : 2] : undefined;
  const start = async () => (byLanes ? await lanesNow(connection) : await snapshotNow(connection));
  const cursorOf = (at: string) => `${era}/${byLanes ? 'lanes' : 'xid'}/${at}`;
  if (mark === undefined)
    return { cursor: cursorOf(await start()), users: cursor === undefined ? [] : 'all' };
  const poll = byLanes
    ? await changedSinceMarks(connection, mark)
    : await changedSinceSnapshot(connection, mark);
  // Everything up to a start that is read afterwards is told by `all`.
  return { cursor: cursorOf(poll.users === 'all' ? await start() : poll.mark), users: poll.users };
}

async function lanesNow(connection: Connection): Promise<string> {
  const { rows } = await connection.run(NOW);
  return markOf(rows as readonly (readonly [number, number])[]);
}

async function changedSinceMarks(connection: Connection, mark: string): Promise<Poll> {
  const marks = mark
    .split(',')
    .slice(0, -1)
    .map((pair) => pair.split(':').map(Number));
  const known = [marks.map(([lane]) => lane as number), marks.map(([, seq]) => seq as number)] as const;
  const { rows } = await connection.run(SINCE, known);
  const [tops, entries, users] = rows[0] as unknown as [
    readonly (readonly [number, number])[],
    number,
    readonly (readonly [number, number])[],
  ];
  return {
    mark: markOf(tops),
    users:
      entries >= LIMITS.changedEntriesMax ? 'all' : users.map(([userId, version]) => ({ userId, version })),
  };
}

function markOf(lanes: readonly (readonly [number, number])[]): string {
  return lanes.map(([lane, seq]) => `${lane}:${seq},`).join('');
}
