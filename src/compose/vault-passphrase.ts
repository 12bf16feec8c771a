import { existsSync } from 'node:fs';
import { OwnerLock } from '../adapters/sqlite/owner-lock.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { openFileVault } from '../adapters/vault-file/open-file-vault.ts';
import { resolvePassphrase } from '../adapters/vault-file/passphrase.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import { LIMITS } from '../limits.ts';
import { isPostgres, passphrasePath, storePath, vaultPath } from './paths.ts';

export interface PassphraseChange {
  /** The current passphrase, when neither the configuration nor the data folder has it. */
  readonly typed?: string | undefined;
  readonly next: string;
}

/**
 * Seals the file of keys under another passphrase, then opens it with that. Interrupted at any moment, it leaves a
 * file that opens with one of the two. Holds the lock of the SQLite database meanwhile, so no server on that database
 * runs or starts. Does NOT check for a server on PostgreSQL or for a vault's process.
 * @returns the path of the file
 * @throws StartRefused when the file is missing or does not open, a server has the database, or the passphrase is
 * invalid
 * @throws VaultUnavailable when the file cannot be written: it is unchanged then
 */
export async function changeVaultPassphrase(
  config: Config,
  { typed, next }: PassphraseChange,
): Promise<string> {
  const path = vaultPath(config);
  if (next === '' || Buffer.byteLength(next) > LIMITS.passphraseBytesMax) {
    throw new StartRefused(`A passphrase has 1 to ${LIMITS.passphraseBytesMax} bytes.`);
  }
  const lock =
    isPostgres(config) || !existsSync(storePath(config)) ? undefined : OwnerLock.acquire(storePath(config));
  try {
    const { passphrase } = await resolvePassphrase({
      given: config.vaultPassphrase ?? typed,
      generateInto: passphrasePath(config),
      mayGenerate: false,
      random: systemRandom,
    });
    if (passphrase === next)
      throw new StartRefused('The new passphrase is the one of now. Nothing was changed.');
    const options = { path, random: systemRandom, clock: systemClock };
    const vault = await openFileVault({ ...options, passphrase });
    try {
      await vault.changePassphrase(next);
    } finally {
      await vault.close();
    }
    await (await openFileVault({ ...options, passphrase: next })).close();
    return path;
  } finally {
    lock?.release();
  }
}
