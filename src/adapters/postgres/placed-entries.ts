/**
 * The entries of the place `p`, for a `LATERAL`. A place names its unit of work by lane and number, or as it was before the
 * switch to lanes by transaction id (lane-order.ts).
 */
export const ENTRIES_OF_PLACE = `
        SELECT * FROM journal WHERE p.lane IS NULL AND xid = p.xid
        UNION ALL
        SELECT * FROM journal WHERE p.lane IS NOT NULL AND lane = p.lane AND seq = p.seq`;

/** Columns of the places that the positions $1 to $2 touch. */
const TOUCHED = `SELECT first_position, lane, seq, xid FROM places
        WHERE first_position >= coalesce((SELECT max(first_position) FROM places WHERE first_position <= $1::bigint), 1)
          AND first_position <= $2::bigint`;

/**
 * The same as a statement's `FROM` where Citus distributes the journal and the places are the coordinator's: these are read first,
 * then each shard is asked for their entries.
 * @param touched the places to read, with the columns of `places`
 */
export function placedInShards(columns: string, touched = TOUCHED): string {
  return `(
      SELECT p.first_position + row_number() OVER (PARTITION BY p.first_position ORDER BY j.ordinal) - 1 AS position, ${columns}
      FROM (${touched}) AS p
      JOIN journal j ON (p.lane IS NOT NULL AND j.lane = p.lane AND j.seq = p.seq) OR (p.lane IS NULL AND j.xid = p.xid)
    ) AS placed`;
}

/**
 * A table expression: `position` and columns of the entries of all places that the positions $1 to $2 touch. Positions outside of
 * these are among them.
 */
export function placedEntries(columns: string): string {
  return `(
      SELECT p.first_position + row_number() OVER (PARTITION BY p.first_position ORDER BY j.ordinal) - 1 AS position, ${columns}
      FROM places p CROSS JOIN LATERAL (${ENTRIES_OF_PLACE}
      ) AS j
      WHERE p.first_position >= coalesce((SELECT max(first_position) FROM places WHERE first_position <= $1::bigint), 1)
        AND p.first_position <= $2::bigint
    ) AS placed`;
}
