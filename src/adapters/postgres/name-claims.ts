import { NAME_CLAIM_VERSION, nameClaim } from '../../domain/look-alikes/name-claim.ts';
import { claimStatement, releaseStatement, UNCLAIMED } from '../sql/name-claims.ts';
import type { Connection, Statement } from './connection.ts';

/** Values of both: skeleton, holder. */
export const CLAIM: Statement = { name: 'name_claims_claim', text: claimStatement('$1', '$2') };
export const RELEASE: Statement = { name: 'name_claims_release', text: releaseStatement('$1', '$2') };

const FIND = {
  name: 'usernames_unclaimed',
  text: `SELECT username FROM usernames WHERE ${UNCLAIMED} ORDER BY user_id LIMIT $1`,
};
const FILL = {
  name: 'name_claims_fill',
  text: 'INSERT INTO name_claims (skeleton, holder) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
};
const MARK = {
  name: 'usernames_claimed',
  text: `UPDATE usernames SET claim_version = ${NAME_CLAIM_VERSION} WHERE username = ANY ($1::text[])`,
};

/**
 * Claims for users who were registered before names were claimed, or are by a server of a version before. Several servers
 * may do so at once: they take names in the same order, and a claim that is there stays.
 * @returns how many
 */
export async function claimUnclaimed(connection: Connection, limit: number): Promise<number> {
  const { rows } = await connection.run(FIND, [limit]);
  if (rows.length === 0) return 0;
  const names = rows.map(([username]) => String(username));
  const claims = names.map(nameClaim);
  await connection.pipeline([
    ['BEGIN'],
    [FILL, [claims.map(({ skeleton }) => skeleton), claims.map(({ holder }) => holder)]],
    [MARK, [names]],
    ['COMMIT'],
  ]);
  return names.length;
}
