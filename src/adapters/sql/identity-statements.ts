import type { NamedIdentity } from '../../ports/store.ts';
import { IDENTITIES } from './columns.ts';

/* The statements about identities, in SQL that both engines share (message-statements.ts). */

const COLUMNS = Object.values(IDENTITIES)
  .map((column) => `i.${column}`)
  .join(', ');

export const INSERT_KEY =
  'INSERT INTO identity_keys (thumbprint, user_id, version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
export const UPDATE_IDENTITY = `UPDATE identities SET level = coalesce($3, level), seen = coalesce($4, seen),
  verified_by = coalesce($5, verified_by), revoked_at = coalesce($6, revoked_at), revoked_reason = coalesce($7, revoked_reason)
  WHERE user_id = $1 AND version = $2`;
/** The columns of `IDENTITIES`, in their order, and the user's name. @param names the table in which names are unique */
export const findIdentityStatement = (
  names: 'users' | 'usernames',
) => `SELECT ${COLUMNS}, u.username FROM ${names} n
  JOIN users u ON u.user_id = n.user_id JOIN identities i ON i.user_id = n.user_id
  WHERE n.username = $1 AND i.revoked_at = 0 AND NOT u.disabled`;
export const LIST_IDENTITIES = `SELECT ${COLUMNS}, '' FROM identities i WHERE user_id = $1 ORDER BY version DESC LIMIT $2`;
export const FIND_SEALING_KEY = `SELECT ${COLUMNS}, u.username FROM identity_keys k
  JOIN identities i ON i.user_id = k.user_id AND i.version = k.version AND i.seal_key = k.thumbprint
  JOIN users u ON u.user_id = k.user_id WHERE k.thumbprint = $1 AND i.revoked_at = 0 AND NOT u.disabled`;

export function namedIdentity(row: readonly unknown[]): NamedIdentity {
  const members = [...Object.keys(IDENTITIES), 'username'];
  return Object.fromEntries(members.map((member, index) => [member, row[index]])) as unknown as NamedIdentity;
}
