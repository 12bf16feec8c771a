import { VaultUnavailable } from '../../domain/errors.ts';
import type { KeyVault, PublicKey } from '../../ports/key-vault.ts';

const lastKnown = new WeakMap<KeyVault, readonly PublicKey[]>();

/**
 * Returns the vault's verification keys for publication (the JWKS). While the vault does not answer, returns the last
 * known ones, which stay right for all that they verify. A key made since is missing from those: do not refuse a
 * signature because its key is not in this list.
 * @throws VaultUnavailable if the vault has never answered
 */
export async function publishedKeys(vault: KeyVault): Promise<readonly PublicKey[]> {
  try {
    const keys = await vault.publicKeys();
    lastKnown.set(vault, keys);
    return keys;
  } catch (error) {
    const keys = lastKnown.get(vault);
    if (keys && error instanceof VaultUnavailable) return keys;
    throw error;
  }
}
