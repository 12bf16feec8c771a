import { LIMITS } from '../../limits.ts';
import type { Changes } from '../../ports/store.ts';
import { liveLanes } from './commit-sequencer.ts';
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
/** The same where the journal is distributed: its shards are asked with the lanes in hand, which are the coordinator's. */
const NOW_IN_SHARDS = {
  name: 'changes_lanes_now_in_shards',
  text: `SELECT j.lane, max(j.seq), count(DISTINCT j.seq) FROM unnest($1::bigint[], $2::bigint[]) AS l (lane, placed_seq)
    JOIN journal j ON j.lane = l.lane AND j.seq > l.placed_seq GROUP BY j.lane`,
};
const SINCE_IN_SHARDS = {
  name: 'changes_lanes_since_in_shards',
  text: `SELECT j.lane, j.seq, j.user_id, j.version FROM unnest($1::bigint[], $2::bigint[]) AS l (lane, mark)
    JOIN journal j ON j.lane = l.lane AND j.seq > l.mark ORDER BY j.lane, j.seq LIMIT ${LIMITS.changedEntriesMax}`,
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
  if (connection.sharded) return lanesNowInShards(connection);
  const { rows } = await connection.run(NOW);
  return markOf(rows as readonly (readonly [number, number])[]);
}

async function changedSinceMarks(connection: Connection, mark: string): Promise<Poll> {
  const marks = mark
    .split(',')
    .slice(0, -1)
    .map((pair) => pair.split(':').map(Number));
  if (connection.sharded) return changedInShards(connection, new Map(marks as [number, number][]));
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

async function lanesNowInShards(connection: Connection): Promise<string> {
  const [lanes, placed] = await liveLanes(connection);
  const { rows } = await connection.run(NOW_IN_SHARDS, [lanes, placed]);
  const found = new Map(
    rows.map(([lane, last, units]) => [Number(lane), { last: Number(last), units: Number(units) }]),
  );
  return markOf(
    lanes.map((lane, index) => {
      const from = placed[index] as number;
      const { last, units } = found.get(lane) ?? { last: from, units: 0 };
      return [lane, units === last - from ? last : from] as const;
    }),
  );
}

async function changedInShards(connection: Connection, marks: ReadonlyMap<number, number>): Promise<Poll> {
  const [lanes] = await liveLanes(connection);
  const from = lanes.map((lane) => marks.get(lane) ?? 0);
  const { rows } = await connection.run(SINCE_IN_SHARDS, [lanes, from]);
  if (rows.length >= LIMITS.changedEntriesMax) return { mark: '', users: 'all' };
  const tops = new Map(lanes.map((lane, index) => [lane, from[index] as number]));
  const versions = new Map<number, number>();
  for (const [lane, seq, userId, version] of rows as readonly (readonly [number, number, number, number])[]) {
    if (seq === (tops.get(lane) ?? 0) + 1) tops.set(lane, seq);
    versions.set(userId, Math.max(version, versions.get(userId) ?? 0));
  }
  return { mark: markOf([...tops]), users: [...versions].map(([userId, version]) => ({ userId, version })) };
}

function markOf(lanes: readonly (readonly [number, number])[]): string {
  return lanes.map(([lane, seq]) => `${lane}:${seq},`).join('');
}
