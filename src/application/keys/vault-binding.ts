import type { KeyVault } from '../../ports/key-vault.ts';
import type { Store, VaultBinding } from '../../ports/store.ts';

/**
 * What tells a vault from any other: the id of its first verification key, which it keeps for good, and the key version
 * that it has got to, which tells it from older copies of itself.
 * @throws VaultUnavailable
 */
export async function bindingOf(vault: KeyVault): Promise<VaultBinding> {
  const [keys, keyVersion] = await Promise.all([vault.publicKeys(), vault.activeKeyVersion()]);
  const identity = keys.at(-1)?.jwk.kid;
  if (identity === undefined) throw new Error('a vault has no verification key');
  return { identity, keyVersion };
}

/**
 * Binds the store to its vault, at the first start and whenever the vault has new keys. The first vault stays bound.
 * @returns why this vault must not be used with this store; undefined when it may
 * @throws VaultUnavailable, StoreUnavailable
 *
 * Why: docs/DECISIONS.md#a-store-is-bound-to-its-vault
 */
export async function bindVault(
  store: Pick<Store, 'bindVault'>,
  vault: KeyVault,
): Promise<string | undefined> {
  const own = await bindingOf(vault);
  const bound = await store.bindVault(own);
  if (bound.identity !== own.identity) {
    return (
      `is another vault than the one that this database is bound to (its first key is ${own.identity}, ` +
      `expected ${bound.identity}). Name the right vault, or restore both from one backup.`
    );
  }
  if (bound.keyVersion > own.keyVersion) {
    return (
      `is an older copy of this database's vault: it has key version ${own.keyVersion}, the database has known ` +
      `version ${bound.keyVersion}. Restore the newest copy.`
    );
  }
  return undefined;
}
