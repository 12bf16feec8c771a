import { LIMITS } from '../../limits.ts';
import type { Connection, Row } from './connection.ts';
import type { LaneOrder } from './lane-order.ts';
import { REVIVE_LANES } from './lane-upkeep.ts';
import { type FreshUnit, mergeLanes } from './merge-lanes.ts';
import { placeByXid } from './xid-order.ts';

const WAITING = {
  name: 'lanes_waiting',
  text: `SELECT EXISTS (SELECT FROM lanes l WHERE NOT l.quiet
      AND EXISTS (SELECT FROM journal j WHERE j.lane = l.lane AND j.seq > l.placed_seq))`,
};
/** Whoever holds this row gives places. */
const LOCK = { name: 'lanes_lock', text: 'SELECT lane FROM lanes WHERE lane = 0 FOR UPDATE' };
/**
 * Units of work without a place, with those of other lanes without one that have the entries before theirs. The look for
 * these goes by the primary key, an entry at a time: another plan would read the whole journal.
 */
const FRESH = {
  name: 'lanes_fresh',
  text: `SELECT l.lane, l.placed_seq, j.seq, count(*)::int, max(j.at),
      coalesce(json_agg(DISTINCT p.lane || '/' || p.seq) FILTER (WHERE o.lane IS NOT NULL AND o.lane <> l.lane), '[]')
    FROM lanes l
    CROSS JOIN LATERAL (SELECT user_id, version, seq, at FROM journal
      WHERE lane = l.lane AND seq > l.placed_seq ORDER BY seq LIMIT $1) AS j
    LEFT JOIN LATERAL (SELECT lane, seq FROM journal
      WHERE user_id = j.user_id AND version = j.version - 1 LIMIT 1) AS p ON true
    LEFT JOIN lanes o ON o.lane = p.lane AND o.placed_seq < p.seq
    WHERE NOT l.quiet
    GROUP BY l.lane, l.placed_seq, j.seq ORDER BY l.lane, j.seq`,
};
/** Where the journal is distributed its shards are asked with the lanes in hand, which are the coordinator's. */
const LIVE = { name: 'lanes_live', text: 'SELECT lane, placed_seq FROM lanes WHERE NOT quiet' };
const LANES = 'unnest($1::bigint[], $2::bigint[]) AS l (lane, placed_seq)';
const WAITING_IN_SHARDS = {
  name: 'lanes_waiting_in_shards',
  text: `SELECT 1 FROM ${LANES} JOIN journal j ON j.lane = l.lane AND j.seq > l.placed_seq LIMIT 1`,
};
/** As `FRESH`; of the units of work before theirs it names those that have places, too. */
const FRESH_IN_SHARDS = {
  name: 'lanes_fresh_in_shards',
  text: `SELECT j.lane, l.placed_seq, j.seq, count(*)::int, max(j.at),
      coalesce(json_agg(p.lane || '/' || p.seq) FILTER (WHERE p.lane <> j.lane), '[]')
    FROM ${LANES} JOIN journal j ON j.lane = l.lane AND j.seq > l.placed_seq AND j.seq <= l.placed_seq + $3::bigint
    LEFT JOIN journal p ON p.user_id = j.user_id AND p.version = j.version - 1
    GROUP BY j.lane, l.placed_seq, j.seq ORDER BY j.lane, j.seq`,
};
const PLACED_UP_TO = {
  name: 'lanes_placed_up_to',
  text: 'SELECT lane, placed_seq FROM lanes WHERE lane = ANY ($1::bigint[])',
};
const NEXT = {
  name: 'places_next',
  text: 'SELECT first_position + entries FROM places ORDER BY first_position DESC LIMIT 1',
};
const PLACE = {
  name: 'places_add',
  text: `INSERT INTO places (first_position, entries, lane, seq)
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[])`,
};
const PASS = {
  name: 'lanes_pass',
  text: `UPDATE lanes SET placed_seq = passed.seq FROM unnest($1::bigint[], $2::bigint[]) AS passed (lane, seq)
    WHERE lanes.lane = passed.lane`,
};

/**
 * Assigns journal positions to committed units of work, in the table `places`. A position is final once it is assigned,
 * and entries committed later get higher ones, so a reader that has read up to a position misses nothing below it. One
 * server assigns at a time, before reads and in the background.
 *
 * Why: docs/DECISIONS.md#the-order-is-read-from-lanes
 */
export class CommitSequencer {
  readonly #order: LaneOrder;
  #running: Promise<void> | undefined;

  constructor(order: LaneOrder) {
    this.#order = order;
  }

  /** Assigns positions to all entries that are committed by now, but for those that must wait for others. */
  async complete(connection: Connection): Promise<void> {
    // One step a server at a time serves all its readers. One under way may have begun too early for this caller.
    await this.#running?.catch(() => undefined);
    this.#running ??= this.#placeAll(connection).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #placeAll(connection: Connection): Promise<void> {
    if (!(await this.#order.isByLanes(connection))) return placeByXid(connection);
    for (;;) {
      if (!(await isWaiting(connection)) || !(await placeSome(connection))) return;
    }
  }
}

async function isWaiting(connection: Connection): Promise<boolean> {
  if (!connection.sharded) return (await connection.run(WAITING)).rows[0]?.[0] === true;
  return (await connection.run(WAITING_IN_SHARDS, await liveLanes(connection))).rows.length > 0;
}

/** The lanes that are looked at, and up to where each has places. */
export async function liveLanes(connection: Connection): Promise<readonly [number[], number[]]> {
  const { rows } = await connection.run(LIVE);
  return [rows.map(([lane]) => Number(lane)), rows.map(([, seq]) => Number(seq))];
}

async function freshUnits(
  connection: Connection,
): Promise<{ units: FreshUnit[]; placed: Map<number, number> }> {
  if (!connection.sharded)
    return readFresh((await connection.run(FRESH, [LIMITS.commitSequencerEntriesMax])).rows);
  const [lanes, seqs] = await liveLanes(connection);
  const { rows } = await connection.run(FRESH_IN_SHARDS, [lanes, seqs, LIMITS.commitSequencerUnitsMax]);
  const found = rows as readonly [number, number, number, number, number, readonly string[]][];
  const placed = new Map(found.map(([lane, placedSeq]) => [lane, placedSeq]));
  const named = new Set(found.flatMap(([, , , , , after]) => after.map(laneOf)));
  const upTo = await connection.run(PLACED_UP_TO, [[...named]]);
  const placedIn = new Map(upTo.rows.map(([lane, seq]) => [Number(lane), Number(seq)]));
  const isPlaced = (key: string) => Number(key.split('/')[1]) <= (placedIn.get(laneOf(key)) ?? 0);
  const units = found.map(([lane, , seq, entries, at, after]) => ({
    ...{ lane, seq, entries, at },
    after: [...new Set(after)].filter((key) => !isPlaced(key)),
  }));
  return { units, placed };
}

function laneOf(key: string): number {
  return Number(key.split('/')[0]);
}

/** @returns whether anything got a place */
async function placeSome(connection: Connection): Promise<boolean> {
  try {
    // The lock is taken before the statement takes its snapshot; otherwise two servers would assign the same positions.
    const [[, , next], { units, placed }] = await Promise.all([
      connection.pipeline([['BEGIN ISOLATION LEVEL READ COMMITTED'], [LOCK], [NEXT]]),
      freshUnits(connection),
    ]);
    const ordered = mergeLanes(units, placed);
    const passed = new Map(ordered.map(({ lane, seq }) => [lane, seq]));
    const awaited = lanesAwaited(units, placed);
    let position = Number(next?.rows[0]?.[0] ?? 1);
    const positions = ordered.map(({ entries }) => {
      position += entries;
      return position - entries;
    });
    await connection.pipeline([
      [
        PLACE,
        [
          positions,
          ordered.map(({ entries }) => entries),
          ordered.map(({ lane }) => lane),
          ordered.map(({ seq }) => seq),
        ],
      ],
      [PASS, [[...passed.keys()], [...passed.values()]]],
      ...(awaited.length > 0 ? ([[REVIVE_LANES, [awaited]]] as const) : []),
      ['COMMIT'],
    ]);
    return ordered.length > 0 || awaited.length > 0;
  } catch (error) {
    if (!connection.lost) await connection.run('ROLLBACK');
    throw error;
  }
}

function readFresh(rows: readonly Row[]): { units: FreshUnit[]; placed: Map<number, number> } {
  const units: FreshUnit[] = [];
  const placed = new Map<number, number>();
  const read = new Map<number, number>();
  for (const [lane, placedSeq, seq, entries, at, after] of rows as readonly [
    number,
    number,
    number,
    number,
    number,
    readonly string[],
  ][]) {
    units.push({ lane, seq, entries, at, after });
    placed.set(lane, placedSeq);
    read.set(lane, (read.get(lane) ?? 0) + entries);
  }
  // Where the reading was cut, the last unit of work may be incomplete.
  const whole = units.filter(
    ({ lane }, index) =>
      (read.get(lane) ?? 0) < LIMITS.commitSequencerEntriesMax || units[index + 1]?.lane === lane,
  );
  return { units: whole, placed };
}

/** Quiet lanes that others' entries wait for. */
function lanesAwaited(units: readonly FreshUnit[], placed: ReadonlyMap<number, number>): readonly number[] {
  const named = units.flatMap(({ after }) => after.map(laneOf));
  return [...new Set(named)].filter((lane) => !placed.has(lane));
}
