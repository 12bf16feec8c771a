import type { IdentityRow, IdentitySecretsRow, NamedIdentity, UserId } from '../../ports/store.ts';
import { FIND_SECRETS, identitySecrets } from '../sql/identity-secret-statements.ts';
import {
  FIND_SEALING_KEY,
  findIdentityStatement,
  LIST_IDENTITIES,
  namedIdentity,
} from '../sql/identity-statements.ts';
import type { Connection } from './connection.ts';
import { cannotBeStored } from './storable.ts';

const FIND = { name: 'identities_find', text: findIdentityStatement('usernames') };
const LIST = { name: 'identities_list', text: LIST_IDENTITIES };
const SECRETS = { name: 'identity_secrets_find', text: FIND_SECRETS };
const BY_SEALING_KEY = { name: 'identities_by_sealing_key', text: FIND_SEALING_KEY };

export async function findIdentity(
  connection: Connection,
  username: string,
): Promise<NamedIdentity | undefined> {
  if (cannotBeStored(username)) return undefined;
  return (await connection.run(FIND, [username])).rows.map(namedIdentity)[0];
}

export async function listIdentities(
  connection: Connection,
  userId: UserId,
  limit: number,
): Promise<IdentityRow[]> {
  return (await connection.run(LIST, [userId, limit])).rows.map(namedIdentity);
}

export async function findSealingKeys(
  connection: Connection,
  thumbprints: readonly string[],
): Promise<(NamedIdentity | undefined)[]> {
  const found = await connection.pipeline(thumbprints.map((thumbprint) => [BY_SEALING_KEY, [thumbprint]]));
  return found.map(({ rows }) => rows.map(namedIdentity)[0]);
}

export async function findIdentitySecrets(
  connection: Connection,
  userId: UserId,
): Promise<IdentitySecretsRow[]> {
  return (await connection.run(SECRETS, [userId])).rows.map(identitySecrets);
}
