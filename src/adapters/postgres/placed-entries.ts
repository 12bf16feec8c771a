/**
 * The entries of the place `p`, for a `LATERAL`. A place names its unit of work by lane and number, or as it was before the
 * switch to lanes by transaction id (lane-order.ts).
 */
export const ENTRIES_OF_PLACE = `
        SELECT * FROM journal WHERE p.lane IS NULL AND xid = p.xid
        UNION ALL
        SELECT * FROM journal WHERE p.lane IS NOT NULL AND lane = p.lane AND seq = p.seq`;

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
