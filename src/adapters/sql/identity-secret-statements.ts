import type { IdentitySecretsRow } from '../../ports/store.ts';
import { IDENTITY_SECRETS } from './columns.ts';

/* The statements about the keys of messages in the vault, in SQL that both engines share. */

const COLUMNS = Object.values(IDENTITY_SECRETS).join(', ');

export const DELETE_OFFERED = 'DELETE FROM identity_secrets WHERE user_id = $1 AND version = 0';
export const ENROL_SECRETS =
  'UPDATE identity_secrets SET version = $3 WHERE user_id = $1 AND sign_key = $2 AND version = 0';
export const DELETE_OTHERS = 'DELETE FROM identity_secrets WHERE user_id = $1 AND version <> $2';
export const DELETE_SECRETS = 'DELETE FROM identity_secrets WHERE user_id = $1';
export const FIND_SECRETS = `SELECT ${COLUMNS} FROM identity_secrets WHERE user_id = $1 ORDER BY version DESC`;
export const PRUNE_SECRETS = `DELETE FROM identity_secrets WHERE (user_id, sign_key) IN (
  SELECT s.user_id, s.sign_key FROM identity_secrets s
  LEFT JOIN identities i ON i.user_id = s.user_id AND i.version = s.version AND i.revoked_at = 0
  WHERE (s.version = 0 AND s.made_at < $1) OR (s.version > 0 AND i.user_id IS NULL) LIMIT $2)`;
export const LIST_WRAPPED = `SELECT user_id, sign_key, use, wrapped FROM (
  SELECT user_id, sign_key, 'seal' AS use, seal_wrapped AS wrapped FROM identity_secrets
  UNION ALL SELECT user_id, sign_key, 'sign', sign_wrapped FROM identity_secrets) AS w
  WHERE (user_id, sign_key, use) > ($1, $2, $3) ORDER BY user_id, sign_key, use LIMIT $4`;
export const REPLACE_SIGN =
  'UPDATE identity_secrets SET sign_wrapped = $3 WHERE user_id = $1 AND sign_key = $2 AND sign_wrapped = $4';
export const REPLACE_SEAL =
  'UPDATE identity_secrets SET seal_wrapped = $3 WHERE user_id = $1 AND sign_key = $2 AND seal_wrapped = $4';

/** The thumbprint and the use that a wrapped key's id consists of; before the first where it has none. */
export function secretOf(id: string): readonly [signKey: string, use: string] {
  const slash = id.indexOf('/');
  return slash < 0 ? ['', ''] : [id.slice(0, slash), id.slice(slash + 1)];
}

export function identitySecrets(row: readonly unknown[]): IdentitySecretsRow {
  const members = Object.keys(IDENTITY_SECRETS);
  return Object.fromEntries(
    members.map((member, index) => [member, row[index]]),
  ) as unknown as IdentitySecretsRow;
}
