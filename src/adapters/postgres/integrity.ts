import type { Connection } from './connection.ts';
import { foreignObjects } from './foreign-objects.ts';

const PROBLEMS_MAX = 20;

/** Each query gives one line for each problem. */
const CHECKS: readonly string[] = [
  `SELECT format('the journal has %s entries where %s were counted: positions %s to %s', found, entries, first_position, first_position + entries - 1)
    FROM (SELECT p.first_position, p.entries, CASE WHEN p.lane IS NULL THEN (SELECT count(*) FROM journal j WHERE j.xid = p.xid)
        ELSE (SELECT count(*) FROM journal j WHERE j.lane = p.lane AND j.seq = p.seq) END AS found FROM places p) AS counted
    WHERE found <> entries ORDER BY first_position`,
  `SELECT format('an entry of user %s, version %s, was put into the past of the journal', user_id, version)
    FROM journal j WHERE xid <= (SELECT max(xid) FROM places) AND NOT EXISTS (SELECT FROM places p WHERE p.xid = j.xid)`,
  `SELECT format('an entry of user %s, version %s, was put into the past of the journal', user_id, version)
    FROM journal j JOIN lanes l ON l.lane = j.lane WHERE j.xid IS NULL AND j.seq <= l.placed_seq
      AND NOT EXISTS (SELECT FROM places p WHERE p.lane = j.lane AND p.seq = j.seq)`,
  `SELECT format('an entry of user %s, version %s, is in a lane that is not there', user_id, version)
    FROM journal j WHERE j.xid IS NULL AND NOT EXISTS (SELECT FROM lanes l WHERE l.lane = j.lane)`,
  `SELECT format('the journal''s positions have a gap before %s', first_position)
    FROM (SELECT first_position, coalesce(lag(first_position + entries) OVER (ORDER BY first_position), 1) AS expected FROM places) AS placed
    WHERE first_position <> expected`,
  `SELECT format('user %s has a name that is not among the names, or another one', u.user_id)
    FROM users u LEFT JOIN usernames n USING (username) WHERE n.user_id IS DISTINCT FROM u.user_id`,
  ...['tokens', 'sessions', 'passkeys', 'transactions'].map(
    (table) =>
      `SELECT format('a row of ${table} belongs to a user who is not there: %s', user_id) FROM ${table} t WHERE NOT EXISTS (SELECT FROM users u WHERE u.user_id = t.user_id)`,
  ),
];

/** The units of work that the journal holds, read once: the places and lanes are the coordinator's. */
const UNITS = `units AS MATERIALIZED (SELECT lane, seq, xid, count(*) AS entries, min(user_id) AS user_id, min(version) AS version
    FROM journal GROUP BY lane, seq, xid)`;
/** The same as the checks above where Citus distributes users' rows. */
const CHECKS_IN_SHARDS: readonly string[] = [
  `WITH ${UNITS}, found AS (
      SELECT p.first_position, p.entries, coalesce(sum(u.entries), 0) AS found FROM places p
      LEFT JOIN units u ON CASE WHEN p.lane IS NULL THEN u.xid = p.xid ELSE u.lane = p.lane AND u.seq = p.seq END
      GROUP BY p.first_position, p.entries)
    SELECT format('the journal has %s entries where %s were counted: positions %s to %s', found, entries, first_position, first_position + entries - 1)
    FROM found WHERE found <> entries ORDER BY first_position`,
  `WITH ${UNITS} SELECT format('an entry of user %s, version %s, was put into the past of the journal', user_id, version)
    FROM units u WHERE xid <= (SELECT max(xid) FROM places) AND NOT EXISTS (SELECT FROM places p WHERE p.xid = u.xid)`,
  `WITH ${UNITS} SELECT format('an entry of user %s, version %s, was put into the past of the journal', user_id, version)
    FROM units u JOIN lanes l ON l.lane = u.lane WHERE u.xid IS NULL AND u.seq <= l.placed_seq
      AND NOT EXISTS (SELECT FROM places p WHERE p.lane = u.lane AND p.seq = u.seq)`,
  `WITH ${UNITS} SELECT format('an entry of user %s, version %s, is in a lane that is not there', user_id, version)
    FROM units u WHERE u.xid IS NULL AND NOT EXISTS (SELECT FROM lanes l WHERE l.lane = u.lane)`,
  `WITH named AS MATERIALIZED (SELECT user_id, username FROM users)
    SELECT format('user %s has a name that is not among the names, or another one', u.user_id)
    FROM named u LEFT JOIN usernames n USING (username) WHERE n.user_id IS DISTINCT FROM u.user_id`,
  ...CHECKS.filter((check) => check.includes('positions have a gap') || check.includes('who is not there')),
];

/**
 * Looks for damage: entries that were removed, or added below a position already assigned, and rows whose user does not
 * exist. Does NOT check the journal's hashes (the audit does) nor the server's pages (`pg_amcheck`, checksums).
 * @returns what is damaged, at most a few lines; empty when nothing is
 */
export async function findDamage(connection: Connection): Promise<string[]> {
  const problems: string[] = [...(await foreignObjects(connection))];
  for (const check of connection.sharded ? CHECKS_IN_SHARDS : CHECKS) {
    const { rows } = await connection.run(`${check} LIMIT ${PROBLEMS_MAX}`);
    for (const [problem] of rows) problems.push(String(problem));
  }
  return problems.slice(0, PROBLEMS_MAX);
}
