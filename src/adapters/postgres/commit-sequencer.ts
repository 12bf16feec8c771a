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
      const { rows } = await connection.run(WAITING);
      if (rows[0]?.[0] !== true || !(await placeSome(connection))) return;
    }
  }
}

/** @returns whether anything got a place */
async function placeSome(connection: Connection): Promise<boolean> {
  try {
    // The lock is taken before the statement takes its snapshot; otherwise two servers would assign the same positions.
    const [, , fresh, next] = await connection.pipeline([
      ['BEGIN ISOLATION LEVEL READ COMMITTED'],
      [LOCK],
      [FRESH, [LIMITS.commitSequencerEntriesMax]],
      [NEXT],
    ]);
    const { units, placed } = readFresh(fresh?.rows ?? []);
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
  const named = units.flatMap(({ after }) => after.map((key) => Number(key.split('/')[0])));
  return [...new Set(named)].filter((lane) => !placed.has(lane));
}
