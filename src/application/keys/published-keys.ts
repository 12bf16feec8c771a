import { VaultUnavailable } from '../../domain/errors.ts';
import type { KeyVault, PublicKey } from '../../ports/key-vault.ts';

const lastKnown = new WeakMap<KeyVault, readonly PublicKey[]>();

/**
 * The vault's verification keys, to be published: as they are, or while the vault does not answer as they last were,
 * for what they verify stays true. A key made meanwhile is missing then: do not refuse on this list what it signed.
 * @throws VaultUnavailable when they were never known
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
