import { createHash } from 'node:crypto';
import { chmod, lstat, open, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { manifestFault } from '../../application/backups/manifest-signature.ts';
import type { JournalVerdict } from '../../application/journal/verify-journal.ts';
import type { KeySet } from '../../application/keys/es256.ts';
import { text } from '../../language/text.ts';
import { verifyStoredJournal } from '../../operator/audit/stored-journal.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import { openPlainFile, readPlainFile } from './plain-file.ts';

export const MANIFEST = 'manifest.json';
/** The signature of the manifest, made by the vault (src/application/backups/manifest-signature.ts). */
export const SIGNATURE = 'manifest.jws';
const FORMAT = 'sello-backup';
/** Version 1 had no signature. */
const FORMAT_VERSION = 2;
const MANIFEST_BYTES_MAX = 16_384;
/** What SQLite would read beside a database, without a digest of it. */
const SIDE_FILES = ['-journal', '-wal', '-shm'] as const;

/** The contents of a backup. It is written last, so its presence shows that the backup is complete. */
export interface Manifest {
  readonly format: string;
  readonly format_version: number;
  readonly created_at: string;
  readonly database: string;
  readonly vault: string;
  readonly entries: number;
  readonly users: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** @throws Error in words for the operator when it is missing or not a regular file */
export async function digestOf(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const sum = createHash('sha256');
  let bytes = 0;
  const file = await openPlainFile(path);
  const chunks = file.createReadStream({ highWaterMark: 1_048_576 });
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sum.digest('hex') };
}

/**
 * Verifies the copies, then writes the manifest and its signature.
 * @param sign signs the manifest's text
 * @param archive the folder of entries that the database keeps no more
 * @throws CommandFailure when a copy is damaged
 */
export async function completeBackup(
  folder: string,
  { database, vault }: { readonly database: string; readonly vault: string },
  sign: (manifest: string) => Promise<string>,
  archive: string,
): Promise<Manifest> {
  const { entries, users } = await verifyDatabase(join(folder, database), archive);
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const name of [database, vault]) {
    await chmod(join(folder, name), 0o600);
    await sync(join(folder, name));
    files[name] = await digestOf(join(folder, name));
  }
  const at = new Date().toISOString();
  const manifest: Manifest = {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    created_at: at,
    database,
    vault,
    entries,
    users,
    files,
  };
  const content = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeWhole(join(folder, SIGNATURE), `${await sign(content)}\n`);
  await writeWhole(join(folder, MANIFEST), content);
  await sync(folder);
  return manifest;
}

async function writeWhole(path: string, content: string): Promise<void> {
  const part = `${path}.part`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, path);
}

export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Verifies the objects, pages, counts and every hash of a database that nothing writes to, and its other tables by its journal.
 * @param archive the folder of entries that the database keeps no more
 * @throws CommandFailure
 */
export async function verifyDatabase(path: string, archive: string): Promise<JournalVerdict> {
  const { ArchiveFolder, openSqliteReader } = await import('../../compose.ts');
  const reader = await openSqliteReader(path, new ArchiveFolder(archive));
  try {
    const [problem] = await reader.verifyIntegrity();
    if (problem !== undefined) throw broken(`${path}: ${problem}`);
    const verdict = await verifyStoredJournal(reader);
    const { fault, rowFault } = verdict;
    if (fault)
      throw broken(
        `${path}: entry ${fault.entry}, user ${fault.user}, version ${fault.version}: ${fault.reason}`,
      );
    if (rowFault) {
      throw broken(
        `${path}: ${rowFault.table}, user ${rowFault.userId}, ${rowFault.key}: ${rowFault.detail}`,
      );
    }
    return verdict;
  } finally {
    await reader.close();
  }
}

/** Where the keys come from that verify a backup: none for a backup that is restored unverified. */
export type TrustedKeys = (vaultFile: string) => Promise<KeySet>;

/**
 * Checks the digest of every file, the manifest's signature, and the database.
 * @param trustedKeys undefined: the signature is not checked, at the operator's word
 * @throws CommandFailure naming what does not match
 */
export async function verifyBackup(
  folder: string,
  trustedKeys: TrustedKeys | undefined,
  archive: string,
): Promise<Manifest> {
  const { manifest, content } = await readManifest(folder);
  for (const name of [manifest.database, manifest.vault]) {
    const expected = Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
    if (!expected) throw broken(`${MANIFEST}: no digest of ${name}`);
    const found = await digestOf(join(folder, name)).catch((error: Error) => {
      throw broken(`${name} ${error.message}`);
    });
    if (found.sha256 !== expected.sha256 || found.bytes !== expected.bytes) {
      throw broken(
        `${name} is not what was copied: expected SHA-256 ${expected.sha256}, found ${found.sha256}`,
      );
    }
  }
  if (trustedKeys) await verifySignature(folder, manifest, content, trustedKeys);
  for (const suffix of SIDE_FILES) {
    const name = `${manifest.database}${suffix}`;
    if (
      await lstat(join(folder, name)).then(
        () => true,
        () => false,
      )
    ) {
      throw broken(`${name} is beside the database and no part of the backup`);
    }
  }
  await verifyDatabase(join(folder, manifest.database), archive);
  return manifest;
}

async function verifySignature(
  folder: string,
  { vault, format_version: version }: Manifest,
  content: string,
  trustedKeys: TrustedKeys,
): Promise<void> {
  const signature = await readPlainFile(join(folder, SIGNATURE), MANIFEST_BYTES_MAX).catch(() => undefined);
  if (signature === undefined) {
    const reason = version === 1 ? 'it was made by a version without signatures' : `${SIGNATURE} is missing`;
    throw unverified(`it is not signed: ${reason}`, `no está firmada (${SIGNATURE})`);
  }
  const keys = await trustedKeys(join(folder, vault));
  const fault = manifestFault(content, signature, keys);
  if (fault !== undefined) throw broken(`${SIGNATURE}: ${fault}`);
}

/** A backup that cannot be verified, unlike one that is wrong. */
export function unverified(en: string, es: string): CommandFailure {
  return new CommandFailure(
    EXIT.refused,
    'backup_unverified',
    text(`the backup cannot be verified: ${en}`, `la copia no se puede verificar: ${es}`),
    text(
      'Give its passphrase (vault_passphrase_file) or the keys of its vault (--verify-key FILE, see docs/commands.md). Or --unverified, which means: whoever could write to that folder may have changed roles, passwords and tokens.',
      'Dé su contraseña (vault_passphrase_file) o las claves de su almacén (--verify-key FICHERO, ver docs/commands.md). O --unverified, que significa: quien haya podido escribir en esa carpeta puede haber cambiado roles, contraseñas y tokens.',
    ),
  );
}

async function readManifest(
  folder: string,
): Promise<{ readonly manifest: Manifest; readonly content: string }> {
  let content: string;
  try {
    content = await readPlainFile(join(folder, MANIFEST), MANIFEST_BYTES_MAX);
  } catch (error) {
    const reason = `${MANIFEST} ${(error as Error).message}`;
    throw new CommandFailure(
      EXIT.usage,
      'no_backup',
      text(`${folder} is no complete backup: ${reason}`, `${folder} no es una copia completa: ${reason}`),
      text('Name a folder that `sello backup` made.', 'Indique una carpeta hecha por `sello backup`.'),
    );
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(content);
  } catch {
    throw broken(`${MANIFEST} is not JSON`);
  }
  const { format, format_version: version, database, vault, files } = manifest ?? {};
  const named =
    typeof database === 'string' && typeof vault === 'string' && typeof files === 'object' && files !== null;
  if (format !== FORMAT || !named) throw broken(`${MANIFEST} is none of a backup`);
  if (version !== 1 && version !== FORMAT_VERSION)
    throw broken(`${MANIFEST}: format version ${version}, expected ${FORMAT_VERSION}`);
  // A manifest may name two files of its own folder only.
  const names = [database, vault];
  if (names.some((name) => basename(name) !== name || ['', '.', '..', MANIFEST, SIGNATURE].includes(name)))
    throw broken(`${MANIFEST} names files of other folders`);
  if (database === vault) throw broken(`${MANIFEST} names one file twice`);
  return { manifest, content };
}

function broken(what: string): CommandFailure {
  return new CommandFailure(
    EXIT.refused,
    'backup_broken',
    text(`the backup is not whole: ${what}`, `la copia no está completa: ${what}`),
    text('Nothing was restored. Use another backup.', 'No se ha restaurado nada. Use otra copia.'),
  );
}
