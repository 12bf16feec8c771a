import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyReplacement, StoredKey, VaultBinding, WrappedKeyRef } from '../../ports/store.ts';
import { datasetOf, LIST_DATASET_SEEDS, REPLACE_DATASET_SEED } from '../sql/dataset-statements.ts';
import { LIST_WRAPPED, REPLACE_SEAL, REPLACE_SIGN, secretOf } from '../sql/identity-secret-statements.ts';
import { plainRows, prepareShared } from './row-sql.ts';

/** Before the first key of an identity. */
const FIRST = [-1, '', ''] as const;

/**
 * Lists wrapped keys: the users' in order of user id, the tokens' in order of user and token id, the webhooks' in order of
 * their secrets' ids, those of datasets in order of name and version, then those of identities; replaces them.
 */
export class WrappedKeys {
  readonly #macs: StatementSync;
  readonly #seeds: StatementSync;
  readonly #webhooks: StatementSync;
  readonly #datasets: StatementSync;
  readonly #identities: StatementSync;
  readonly #replaceSign: StatementSync;
  readonly #replaceSeal: StatementSync;
  readonly #replaceMac: StatementSync;
  readonly #replaceSeed: StatementSync;
  readonly #replaceWebhook: StatementSync;
  readonly #replaceDataset: StatementSync;
  readonly #bind: StatementSync;
  readonly #binding: StatementSync;

  constructor(database: DatabaseSync) {
    this.#macs = database.prepare(
      "SELECT 'mac' AS kind, user_id AS userId, '' AS tokenId, mac_key AS wrapped FROM users WHERE user_id > ? AND mac_key <> '' ORDER BY user_id LIMIT ?",
    );
    this.#seeds = database.prepare(
      "SELECT 'seed' AS kind, user_id AS userId, token_id AS tokenId, seed AS wrapped FROM tokens WHERE (user_id, token_id) > (?, ?) ORDER BY user_id, token_id LIMIT ?",
    );
    this.#webhooks = database.prepare(
      "SELECT 'webhook' AS kind, 0 AS userId, secret_id AS tokenId, wrapped FROM webhook_secrets WHERE secret_id > ? ORDER BY secret_id LIMIT ?",
    );
    this.#datasets = prepareShared(database, LIST_DATASET_SEEDS);
    this.#replaceDataset = prepareShared(database, REPLACE_DATASET_SEED);
    this.#identities = prepareShared(database, LIST_WRAPPED);
    this.#replaceSign = prepareShared(database, REPLACE_SIGN);
    this.#replaceSeal = prepareShared(database, REPLACE_SEAL);
    this.#replaceMac = database.prepare('UPDATE users SET mac_key = ? WHERE user_id = ? AND mac_key = ?');
    this.#replaceSeed = database.prepare(
      'UPDATE tokens SET seed = ? WHERE user_id = ? AND token_id = ? AND seed = ?',
    );
    this.#replaceWebhook = database.prepare(
      'UPDATE webhook_secrets SET wrapped = ? WHERE secret_id = ? AND wrapped = ?',
    );
    this.#bind = database.prepare(
      'INSERT INTO vault_binding VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET key_version = excluded.key_version WHERE identity = excluded.identity AND key_version < excluded.key_version',
    );
    this.#binding = database.prepare('SELECT identity, key_version AS keyVersion FROM vault_binding');
  }

  list(after: WrappedKeyRef | undefined, limit: number): StoredKey[] {
    const keys: StoredKey[] = [];
    if (after === undefined || after.kind === 'mac') {
      keys.push(...plainRows<StoredKey>(this.#macs.all(after?.userId ?? -1, limit)));
    }
    if (keys.length < limit && (after === undefined || after.kind === 'mac' || after.kind === 'seed')) {
      const [userId, tokenId] = after?.kind === 'seed' ? [after.userId, after.tokenId] : [-1, ''];
      keys.push(...plainRows<StoredKey>(this.#seeds.all(userId, tokenId, limit - keys.length)));
    }
    if (keys.length < limit && after?.kind !== 'dataset' && after?.kind !== 'identity') {
      const from = after?.kind === 'webhook' ? after.tokenId : '';
      keys.push(...plainRows<StoredKey>(this.#webhooks.all(from, limit - keys.length)));
    }
    if (keys.length < limit && after?.kind !== 'identity') {
      const from = datasetOf(after?.kind === 'dataset' ? after.tokenId : '');
      for (const row of this.#datasets.all(...from, limit - keys.length)) {
        const [dataset, version, wrapped] = row as unknown as readonly [string, number, string];
        keys.push({ kind: 'dataset', userId: 0, tokenId: `${dataset}/${version}`, wrapped });
      }
    }
    if (keys.length < limit) {
      const from = after?.kind === 'identity' ? ([after.userId, ...secretOf(after.tokenId)] as const) : FIRST;
      for (const row of this.#identities.all(...from, limit - keys.length)) {
        const [userId, signKey, use, wrapped] = row as unknown as readonly [number, string, string, string];
        keys.push({ kind: 'identity', userId, tokenId: `${signKey}/${use}`, wrapped });
      }
    }
    return keys;
  }

  /** Runs inside the caller's unit of work. */
  replace(replacements: readonly KeyReplacement[]): boolean[] {
    return replacements.map(({ kind, userId, tokenId, expected, replacement }) => {
      const { changes } = {
        mac: () => this.#replaceMac.run(replacement, userId, expected),
        seed: () => this.#replaceSeed.run(replacement, userId, tokenId, expected),
        webhook: () => this.#replaceWebhook.run(replacement, tokenId, expected),
        identity: () => {
          const [signKey, use] = secretOf(tokenId);
          const replace = use === 'sign' ? this.#replaceSign : this.#replaceSeal;
          return replace.run(userId, signKey, replacement, expected);
        },
        dataset: () => this.#replaceDataset.run(...datasetOf(tokenId), replacement, expected),
      }[kind]();
      return Number(changes) === 1;
    });
  }

  /** Runs inside the caller's unit of work. */
  findBinding(): VaultBinding | undefined {
    return plainRows<VaultBinding>(this.#binding.all())[0];
  }

  bind({ identity, keyVersion }: VaultBinding): VaultBinding {
    this.#bind.run(identity, keyVersion);
    const binding = this.findBinding();
    if (!binding) throw new Error('the vault was not bound');
    return binding;
  }
}
