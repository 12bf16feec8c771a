import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { FileVault } from '../../src/adapters/vault-file/file-vault.ts';
import {
  createFileVault,
  type FileVaultOptions,
  openFileVault,
} from '../../src/adapters/vault-file/open-file-vault.ts';
import type { VaultFixture } from './key-vault.ts';

export const PASSPHRASE = 'a passphrase of the tests';

/** What a vault costs to open in tests: the least that Argon2id allows. */
export const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 } as const;

export function vaultOptions(folder: string, more: Partial<FileVaultOptions> = {}): FileVaultOptions {
  return {
    path: join(folder, 'vault'),
    passphrase: PASSPHRASE,
    random: systemRandom,
    clock: systemClock,
    derivationCost: CHEAP,
    ...more,
  };
}

export async function throwAwayFolder(): Promise<{
  readonly folder: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-vault-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A file vault in a folder of its own. */
export async function createVaultFixture(
  more: Partial<FileVaultOptions> = {},
): Promise<VaultFixture & { readonly vault: FileVault; readonly options: FileVaultOptions }> {
  const { folder, remove } = await throwAwayFolder();
  const options = vaultOptions(folder, more);
  const vault = await createFileVault(options);
  let current = vault;
  return {
    vault,
    options,
    async reopen() {
      await current.close();
      current = await openFileVault(options);
      return current;
    },
    async remove() {
      await current.close();
      await remove();
    },
  };
}
