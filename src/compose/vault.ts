import { existsSync } from 'node:fs';
import { systemRandom } from '../adapters/system/random.ts';
import { resolvePassphrase } from '../adapters/vault-file/passphrase.ts';
import { createFileVault, openFileVault } from '../adapters/vault-file/vault.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import { passphrasePath, vaultPath } from './paths.ts';

export interface OpenedVault {
  readonly vault: KeyVault;
  /** Where the keys are one file: its path. */
  readonly sealedFile: string | undefined;
}

export interface VaultSurroundings {
  readonly clock: Clock;
  /** Whether the store holds keys that only the vault they were wrapped in opens; told where a new vault would be made. */
  readonly keysAreStored: () => Promise<boolean>;
  /** Paths of what is made go here. */
  readonly generated: string[];
}

/**
 * Opens what `vault_url` names.
 * @throws StartRefused where an operator can mend what is wrong
 */
export async function openVault(config: Config, surroundings: VaultSurroundings): Promise<OpenedVault> {
  return openSealedFile(config, surroundings);
}

async function openSealedFile(
  config: Config,
  { clock, keysAreStored, generated }: VaultSurroundings,
): Promise<OpenedVault> {
  const path = vaultPath(config);
  const exists = existsSync(path);
  if (!exists && (await keysAreStored())) {
    throw new StartRefused(
      `The key vault ${path} is missing, and the users in the database have keys that only it opens: restore it from a backup. Nothing was changed.`,
    );
  }
  const passphraseFile = passphrasePath(config);
  if (exists && config.vaultPassphrase === null && !existsSync(passphraseFile)) {
    throw new StartRefused(
      `The key vault ${path} is sealed, and the file ${passphraseFile} with its passphrase is missing: put it back, or give vault_passphrase_file.`,
    );
  }
  const { passphrase, origin } = await resolvePassphrase({
    given: config.vaultPassphrase ?? undefined,
    generateInto: passphraseFile,
    random: systemRandom,
  });
  if (origin === 'generated') generated.push(passphraseFile);
  const options = { path, passphrase, random: systemRandom, clock };
  if (!exists) generated.push(path);
  return { vault: await (exists ? openFileVault(options) : createFileVault(options)), sealedFile: path };
}
