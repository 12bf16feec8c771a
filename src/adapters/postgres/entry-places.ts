import type { Connection, Row } from './connection.ts';

/** What an entry's position is found by: its unit of work, and its order in that. */
export interface Place {
  readonly lane: number | null;
  readonly seq: number | null;
  /** Of units of work of before the switch to lanes, as text. */
  readonly xid: string | null;
  readonly ordinal: number;
}

/** The columns of `Place`, in its order. */
export const PLACE_COLUMNS = 'j.lane, j.seq, j.xid::text, j.ordinal';

const FIRST = {
  name: 'entry_places_first',
  text: `SELECT lane, seq, xid::text, first_position FROM places
    WHERE (lane, seq) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[])) OR xid = ANY ($3::text[]::xid8[])`,
};
const BEFORE = {
  name: 'entry_places_before',
  text: `SELECT k.lane, k.seq, k.xid, k.ordinal, count(*)
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::integer[]) AS k (lane, seq, xid, ordinal)
    JOIN journal b ON b.ordinal < k.ordinal
      AND ((k.xid = '' AND b.lane = k.lane AND b.seq = k.seq) OR (k.xid <> '' AND b.xid::text = k.xid))
    GROUP BY k.lane, k.seq, k.xid, k.ordinal`,
};

export function placeFrom([lane, seq, xid, ordinal]: Row): Place {
  return {
    lane: lane as number | null,
    seq: seq as number | null,
    xid: xid as string | null,
    ordinal: Number(ordinal),
  };
}

/**
 * Finds entries' positions where Citus distributes the journal and the places are the coordinator's, so that no statement of
 * one user's shard can read both.
 * @returns of each its position, 0 where it has none yet
 */
export async function placesOf(connection: Connection, entries: readonly Place[]): Promise<number[]> {
  if (entries.length === 0) return [];
  const units = entries.map(
    ({ lane, seq, xid }) => [xid === null ? lane : -1, xid === null ? seq : -1, xid ?? ''] as const,
  );
  const [lanes, seqs, xids] = [
    units.map(([lane]) => lane ?? -1),
    units.map(([, seq]) => seq ?? -1),
    units.map(([, , xid]) => xid),
  ];
  const old = xids.filter((xid) => xid !== '');
  const first = new Map<string, number>();
  for (const [lane, seq, xid, position] of (await connection.run(FIRST, [lanes, seqs, old])).rows) {
    first.set(keyOf(lane, seq, ''), Number(position));
    if (typeof xid === 'string') first.set(keyOf(-1, -1, xid), Number(position));
  }
  const before = new Map<string, number>();
  const ordinals = entries.map(({ ordinal }) => ordinal);
  for (const [lane, seq, xid, ordinal, count] of (await connection.run(BEFORE, [lanes, seqs, xids, ordinals]))
    .rows)
    before.set(`${keyOf(lane, seq, xid)}/${ordinal}`, Number(count));
  return entries.map(({ ordinal }, index) => {
    const key = keyOf(lanes[index], seqs[index], xids[index]);
    const position = first.get(key);
    return position === undefined ? 0 : position + (before.get(`${key}/${ordinal}`) ?? 0);
  });
}

function keyOf(lane: unknown, seq: unknown, xid: unknown): string {
  return `${lane}/${seq}/${xid}`;
}
