import { constants } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { elapsedMs } from '../system/clock.ts';
import type { PublicJwk } from '../vault-keys/public-jwk.ts';
import { createFile, removeLeftovers, type WriteObserver } from './atomic-file.ts';
import { decodeFile } from './file-format.ts';
import { FileVault } from './file-vault.ts';
import { decodeKeys, generateKeys, type KeySet, wipeKeys } from './key-set.ts';
import {
  DERIVATION_COST,
  type DerivationCost,
  deriveSealingKey,
  newDerivation,
  type SealingKey,
  seal,
  unseal,
} from './seal.ts';
import { SealedFile } from './sealed-file.ts';

export interface FileVaultOptions {
  readonly path: string;
  /** See `resolvePassphrase`. */
  readonly passphrase: string;
  readonly random: Random;
  readonly clock: Clock;
  /** A monotonic clock, for the lifetime of unwrapped keys. */
  readonly elapsedMs?: () => number;
  readonly unwrappedKeysMax?: number;
  readonly unwrappedKeyTimeMs?: number;
  /** The Argon2id cost of vaults that this process creates or whose passphrase it changes. */
  readonly derivationCost?: DerivationCost;
  readonly observeWrite?: WriteObserver;
}

/**
 * Opens a vault file.
 * @throws StartRefused when it is missing, unreadable or damaged, or the passphrase is wrong; the message says which and
 * what to do
 */
export async function openFileVault(options: FileVaultOptions): Promise<FileVault> {
  const { path } = options;
  const { bytes, sealingKey, keys } = await unsealFile(path, options.passphrase);
  await removeLeftovers(path).catch(() => undefined);
  const complete = withDefaults(options);
  return new FileVault(new SealedFile(bytes, sealingKey, complete), keys, complete);
}

/**
 * Reads the verification keys of a vault file, which is authentic if it opens: nobody seals one without the passphrase.
 * Changes nothing beside it.
 * @throws StartRefused as `openFileVault` does
 */
export async function sealedPublicKeys(path: string, passphrase: string): Promise<readonly PublicJwk[]> {
  const { sealingKey, keys } = await unsealFile(path, passphrase);
  sealingKey.key.fill(0);
  wipeKeys(keys);
  return keys.signingKeys.map(({ jwk }) => jwk);
}

async function unsealFile(
  path: string,
  passphrase: string,
): Promise<{ readonly bytes: Buffer; readonly sealingKey: SealingKey; readonly keys: KeySet }> {
  const bytes = await read(path);
  const file = decodeFile(bytes);
  if ('damage' in file) {
    throw new StartRefused(
      `The key vault ${path} is damaged: ${file.damage}. Nothing was opened and nothing changed. Restore the file from a backup.`,
    );
  }
  const sealingKey = await deriveSealingKey(passphrase, file.header.derivation);
  const content = unseal(sealingKey, file);
  if (!content) {
    sealingKey.key.fill(0);
    throw new StartRefused(
      `The key vault ${path} does not open: the passphrase is another, or the file was tampered with. Nothing was changed. ` +
        'Give the passphrase that it was made with, or restore the file from a backup with the passphrase of that time.',
    );
  }
  const keys = decodeKeys(content);
  content.fill(0);
  return { bytes, sealingKey, keys };
}

/**
 * Creates a vault with new keys, and opens it. Does NOT check whether the store holds keys wrapped under a lost vault:
 * the caller must check that first.
 * @throws StartRefused when the file exists or cannot be written
 */
export async function createFileVault(options: FileVaultOptions): Promise<FileVault> {
  const { path, random, clock } = options;
  const complete = withDefaults(options);
  const sealingKey = await deriveSealingKey(
    options.passphrase,
    newDerivation(random, complete.derivationCost),
  );
  const keys = generateKeys(random, clock.now());
  const bytes = seal(sealingKey, keys, random);
  try {
    await createFile(path, bytes, options.observeWrite);
  } catch (error) {
    const code = codeOf(error);
    throw new StartRefused(
      code === 'EEXIST'
        ? `There is a key vault at ${path} already: it is never overwritten. Open it, or move it away.`
        : `The key vault ${path} cannot be made (${code}). Its folder must exist and be writable by this user.`,
    );
  }
  return new FileVault(new SealedFile(bytes, sealingKey, complete), keys, complete);
}

function withDefaults(options: FileVaultOptions) {
  return {
    elapsedMs,
    unwrappedKeysMax: LIMITS.unwrappedKeysCachedMax,
    unwrappedKeyTimeMs: LIMITS.unwrappedKeyTimeMs,
    derivationCost: DERIVATION_COST,
    observeWrite: () => undefined,
    ...options,
  };
}

async function read(path: string): Promise<Buffer> {
  try {
    const { size, mode } = await stat(path);
    // A pipe or a device would be read for ever.
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new StartRefused(`${path} is no key vault: it is not a regular file.`);
    }
    if (size > LIMITS.vaultFileBytesMax) {
      throw new StartRefused(`${path} is no key vault: it is larger than ${LIMITS.vaultFileBytesMax} bytes.`);
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    const code = codeOf(error);
    throw new StartRefused(
      code === 'ENOENT'
        ? `There is no key vault at ${path}. Put the file back, from a backup if need be: what is wrapped under its keys opens with no other.`
        : `The key vault ${path} cannot be read (${code}). Give this user the right to read it.`,
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
