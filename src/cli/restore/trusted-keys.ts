import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { KeySet } from '../../application/keys/es256.ts';
import { readSecretFile } from '../../config/secret-file.ts';
import type { Config } from '../../config.ts';
import { StartRefused } from '../../domain/errors.ts';
import { text } from '../../language/text.ts';
import { type TrustedKeys, unverified } from '../backup/backup-folder.ts';
import { usageFailure } from '../shell/failure.ts';
import { ask } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';

/**
 * Returns the keys that a backup is verified by: those in the given file; else those in the backup's own vault, opened by
 * the passphrase that the operator has. The vault came with the backup and is trusted all the same: nobody makes a file
 * that this passphrase opens without knowing it.
 *
 * Why: docs/DECISIONS.md#a-backup-is-verified-by-the-vault-that-its-passphrase-opens
 */
export function trustedKeys(shell: Shell, config: Config, verifyKey: string | undefined): TrustedKeys {
  if (verifyKey !== undefined) return () => readKeySet(verifyKey);
  return async (vaultFile) => {
    const { sealedPublicKeys } = await import('../../compose.ts');
    try {
      return { keys: await sealedPublicKeys(vaultFile, await passphraseOf(shell, config)) };
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error;
      throw unverified(error.message, error.message);
    }
  };
}

async function passphraseOf(shell: Shell, config: Config): Promise<string> {
  if (config.vaultPassphrase !== null) return config.vaultPassphrase;
  const { passphrasePath } = await import('../../compose.ts');
  const kept = passphrasePath(config);
  if (existsSync(kept)) {
    const read = readSecretFile(kept);
    if ('text' in read) return read.text;
    throw usageFailure(text(read.problem, read.problem));
  }
  if (process.stdin.isTTY)
    return ask(shell, text('Passphrase of the backup', 'Contraseña de la copia'), true);
  throw unverified('its passphrase is not known', 'no se conoce su contraseña');
}

/** A JWK set, or one JWK (RFC 7517). */
async function readKeySet(file: string): Promise<KeySet> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null) {
      const { keys = [value] } = value as { keys?: unknown };
      if (Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null))
        return { keys };
    }
  } catch (error) {
    const { message } = error as Error;
    throw usageFailure(text(`${file}: ${message}`, `${file}: ${message}`));
  }
  throw usageFailure(
    text(`${file} holds no key set (RFC 7517)`, `${file} no contiene un juego de claves (RFC 7517)`),
  );
}
