import type { KeyReplacement, StoredKey, VaultBinding, WrappedKeyRef } from '../../ports/store.ts';
import { datasetOf, LIST_DATASET_SEEDS, REPLACE_DATASET_SEED } from '../sql/dataset-statements.ts';
import { LIST_WRAPPED, REPLACE_SEAL, REPLACE_SIGN, secretOf } from '../sql/identity-secret-statements.ts';
import type { Connection } from './connection.ts';

const MACS = {
  name: 'keys_macs',
  text: "SELECT user_id, mac_key FROM users WHERE user_id > $1 AND mac_key <> '' ORDER BY user_id LIMIT $2",
};
const SEEDS = {
  name: 'keys_seeds',
  text: 'SELECT user_id, token_id, seed FROM tokens WHERE (user_id, token_id) > ($1::bigint, $2::text) ORDER BY user_id, token_id LIMIT $3',
};
const WEBHOOKS = {
  name: 'keys_webhooks',
  text: 'SELECT secret_id, wrapped FROM webhook_secrets WHERE secret_id > $1 ORDER BY secret_id LIMIT $2',
};
const DATASETS = { name: 'keys_datasets', text: LIST_DATASET_SEEDS };
const IDENTITY_SECRETS = { name: 'keys_identity_secrets', text: LIST_WRAPPED };
const REPLACE = {
  sign: { name: 'keys_replace_identity_sign', text: REPLACE_SIGN },
  seal: { name: 'keys_replace_identity_seal', text: REPLACE_SEAL },
  dataset: { name: 'keys_replace_dataset', text: REPLACE_DATASET_SEED },
  mac: {
    name: 'keys_replace_mac',
    text: 'UPDATE users SET mac_key = $3 WHERE user_id = $1 AND mac_key = $2',
  },
  seed: {
    name: 'keys_replace_seed',
    text: 'UPDATE tokens SET seed = $3 WHERE user_id = $1 AND seed = $2 AND token_id = $4',
  },
  webhook: {
    name: 'keys_replace_webhook',
    text: 'UPDATE webhook_secrets SET wrapped = $3 WHERE secret_id = $1 AND wrapped = $2',
  },
} as const;

/**
 * Lists wrapped keys: the users' in order of user id, the tokens' in order of user and token id, the webhooks' in order of
 * their secrets' ids, those of datasets in order of name and version, then those of identities.
 */
export async function listWrappedKeys(
  connection: Connection,
  after: WrappedKeyRef | undefined,
  limit: number,
): Promise<StoredKey[]> {
  const keys: StoredKey[] = [];
  if (after === undefined || after.kind === 'mac') {
    const { rows } = await connection.run(MACS, [after?.userId ?? -1, limit]);
    for (const [userId, wrapped] of rows) {
      keys.push({ kind: 'mac', userId: userId as number, tokenId: '', wrapped: wrapped as string });
    }
  }
  if (keys.length < limit && (after === undefined || after.kind === 'mac' || after.kind === 'seed')) {
    const [from, tokenId] = after?.kind === 'seed' ? [after.userId, after.tokenId] : [-1, ''];
    const { rows } = await connection.run(SEEDS, [from, tokenId, limit - keys.length]);
    for (const [userId, id, wrapped] of rows) {
      keys.push({
        kind: 'seed',
        userId: userId as number,
        tokenId: id as string,
        wrapped: wrapped as string,
      });
    }
  }
  if (keys.length < limit && after?.kind !== 'dataset' && after?.kind !== 'identity') {
    const from = after?.kind === 'webhook' ? after.tokenId : '';
    const { rows } = await connection.run(WEBHOOKS, [from, limit - keys.length]);
    for (const [id, wrapped] of rows) {
      keys.push({ kind: 'webhook', userId: 0, tokenId: id as string, wrapped: wrapped as string });
    }
  }
  if (keys.length < limit && after?.kind !== 'identity') {
    const [dataset, version] = datasetOf(after?.kind === 'dataset' ? after.tokenId : '');
    const { rows } = await connection.run(DATASETS, [dataset, version, limit - keys.length]);
    for (const [name, number, wrapped] of rows)
      keys.push({ kind: 'dataset', userId: 0, tokenId: `${name}/${number}`, wrapped: wrapped as string });
  }
  if (keys.length < limit) {
    const from = after?.kind === 'identity' ? [after.userId, ...secretOf(after.tokenId)] : [-1, '', ''];
    const { rows } = await connection.run(IDENTITY_SECRETS, [...from, limit - keys.length]);
    for (const [userId, signKey, use, wrapped] of rows)
      keys.push({
        ...{ kind: 'identity', userId: userId as number, tokenId: `${signKey}/${use}` },
        wrapped: wrapped as string,
      });
  }
  return keys;
}

/** Replaces keys in one unit of work. Safe to retry when the outcome is lost: a replaced key no longer equals `expected`. */
export async function replaceWrappedKeys(
  connection: Connection,
  replacements: readonly KeyReplacement[],
): Promise<boolean[]> {
  if (replacements.length === 0) return [];
  const results = await connection.pipeline([['BEGIN'], ...replacements.map(replacementOf), ['COMMIT']]);
  return results.slice(1, -1).map(({ count }) => count === 1);
}

function replacementOf({ kind, userId, tokenId, expected, replacement }: KeyReplacement) {
  if (kind === 'mac') return [REPLACE.mac, [userId, expected, replacement]] as const;
  if (kind === 'seed') return [REPLACE.seed, [userId, expected, replacement, tokenId]] as const;
  if (kind === 'dataset') return [REPLACE.dataset, [...datasetOf(tokenId), replacement, expected]] as const;
  if (kind === 'identity') {
    const [signKey, use] = secretOf(tokenId);
    const statement = use === 'sign' ? REPLACE.sign : REPLACE.seal;
    return [statement, [userId, signKey, replacement, expected]] as const;
  }
  return [REPLACE.webhook, [tokenId, expected, replacement]] as const;
}

const BIND = {
  name: 'keys_bind_vault',
  text: 'INSERT INTO vault_binding AS b VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET key_version = excluded.key_version WHERE b.identity = excluded.identity AND b.key_version < excluded.key_version',
};
const BINDING = { name: 'keys_vault_binding', text: 'SELECT identity, key_version FROM vault_binding' };

/** Repeated without harm, when its answer was lost. */
export async function bindVault(
  connection: Connection,
  { identity, keyVersion }: VaultBinding,
): Promise<VaultBinding> {
  await connection.run(BIND, [identity, keyVersion]);
  const bound = await findVaultBinding(connection);
  if (!bound) throw new Error('the vault was not bound');
  return bound;
}

export async function findVaultBinding(connection: Connection): Promise<VaultBinding | undefined> {
  const { rows } = await connection.run(BINDING);
  const [bound] = rows;
  return bound && { identity: String(bound[0]), keyVersion: Number(bound[1]) };
}
