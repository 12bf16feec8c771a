import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyReplacement, StoredKey, WrappedKeyRef } from '../../ports/store.ts';
import { plainRows } from './row-sql.ts';

/** Lists the users' wrapped keys in order of user id, then the tokens' in order of user and token id; replaces them. */
export class WrappedKeys {
  readonly #macs: StatementSync;
  readonly #seeds: StatementSync;
  readonly #replaceMac: StatementSync;
  readonly #replaceSeed: StatementSync;

  constructor(database: DatabaseSync) {
    this.#macs = database.prepare(
      "SELECT 'mac' AS kind, user_id AS userId, '' AS tokenId, mac_key AS wrapped FROM users WHERE user_id > ? AND mac_key <> '' ORDER BY user_id LIMIT ?",
    );
    this.#seeds = database.prepare(
      "SELECT 'seed' AS kind, user_id AS userId, token_id AS tokenId, seed AS wrapped FROM tokens WHERE (user_id, token_id) > (?, ?) ORDER BY user_id, token_id LIMIT ?",
    );
    this.#replaceMac = database.prepare('UPDATE users SET mac_key = ? WHERE user_id = ? AND mac_key = ?');
    this.#replaceSeed = database.prepare(
      'UPDATE tokens SET seed = ? WHERE user_id = ? AND token_id = ? AND seed = ?',
    );
  }

  list(after: WrappedKeyRef | undefined, limit: number): StoredKey[] {
    const keys: StoredKey[] = [];
    if (after?.kind !== 'seed') {
      keys.push(...plainRows<StoredKey>(this.#macs.all(after?.userId ?? -1, limit)));
    }
    if (keys.length < limit) {
      const [userId, tokenId] = after?.kind === 'seed' ? [after.userId, after.tokenId] : [-1, ''];
      keys.push(...plainRows<StoredKey>(this.#seeds.all(userId, tokenId, limit - keys.length)));
    }
    return keys;
  }

  /** Runs inside the caller's unit of work. */
  replace(replacements: readonly KeyReplacement[]): boolean[] {
    return replacements.map(({ kind, userId, tokenId, expected, replacement }) => {
      const result =
        kind === 'mac'
          ? this.#replaceMac.run(replacement, userId, expected)
          : this.#replaceSeed.run(replacement, userId, tokenId, expected);
      return Number(result.changes) === 1;
    });
  }
}
