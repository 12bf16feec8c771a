import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, open, readFile, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JournalVerdict } from '../../application/journal/verify-journal.ts';
import { text } from '../../language/text.ts';
import { verifyStoredJournal } from '../../operator/audit/stored-journal.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';

export const MANIFEST = 'manifest.json';
const FORMAT = 'sello-backup';
const FORMAT_VERSION = 1;

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

export async function digestOf(file: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 }) as AsyncIterable<Buffer>) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sum.digest('hex') };
}

/** Verifies the copies, then writes the manifest. @throws CommandFailure when a copy is damaged */
export async function completeBackup(folder: string, database: string, vault: string): Promise<Manifest> {
  const { entries, users } = await verifyDatabase(join(folder, database));
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
  const part = join(folder, `${MANIFEST}.part`);
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, join(folder, MANIFEST));
  await sync(folder);
  return manifest;
}

export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Verifies pages, counts and every hash of a database that nothing writes to. @throws CommandFailure */
export async function verifyDatabase(path: string): Promise<JournalVerdict> {
  const { openSqliteReader } = await import('../../compose.ts');
  const reader = await openSqliteReader(path);
  try {
    const [problem] = await reader.verifyIntegrity();
    if (problem !== undefined) throw broken(`${path}: ${problem}`);
    const verdict = await verifyStoredJournal(reader);
    const { fault } = verdict;
    if (fault)
      throw broken(
        `${path}: entry ${fault.entry}, user ${fault.user}, version ${fault.version}: ${fault.reason}`,
      );
    return verdict;
  } finally {
    await reader.close();
  }
}

/** Checks the manifest and the digest of every file. @throws CommandFailure naming what does not match */
export async function verifyBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  for (const name of [manifest.database, manifest.vault]) {
    const expected = Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
    if (!expected) throw broken(`${MANIFEST}: no digest of ${name}`);
    const found = await stat(join(folder, name)).then(
      () => digestOf(join(folder, name)),
      () => undefined,
    );
    if (!found) throw broken(`${name} is missing`);
    if (found.sha256 !== expected.sha256 || found.bytes !== expected.bytes) {
      throw broken(
        `${name} is not what was copied: expected SHA-256 ${expected.sha256}, found ${found.sha256}`,
      );
    }
  }
  await verifyDatabase(join(folder, manifest.database));
  return manifest;
}

async function readManifest(folder: string): Promise<Manifest> {
  let content: string;
  try {
    content = await readFile(join(folder, MANIFEST), 'utf8');
  } catch (error) {
    const reason = (error as Error).message;
    throw new CommandFailure(
      EXIT.usage,
      'no_backup',
      text(`${folder} is no complete backup: ${reason}`, `${folder} no es una copia completa: ${reason}`),
      text('Name a folder that `sello backup` made.', 'Indica una carpeta hecha por `sello backup`.'),
    );
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(content);
  } catch {
    throw broken(`${MANIFEST} is not JSON`);
  }
  const { format, format_version: version, database, vault, files } = manifest;
  const named =
    typeof database === 'string' && typeof vault === 'string' && typeof files === 'object' && files !== null;
  if (format !== FORMAT || !named) throw broken(`${MANIFEST} is none of a backup`);
  if (version !== FORMAT_VERSION)
    throw broken(`${MANIFEST}: format version ${version}, expected ${FORMAT_VERSION}`);
  // A manifest may name files of its own folder only.
  if (basename(database) !== database || basename(vault) !== vault)
    throw broken(`${MANIFEST} names files of other folders`);
  return manifest;
}

function broken(what: string): CommandFailure {
  return new CommandFailure(
    EXIT.refused,
    'backup_broken',
    text(`the backup is not whole: ${what}`, `la copia no está completa: ${what}`),
    text('Nothing was restored. Use another backup.', 'No se ha restaurado nada. Usa otra copia.'),
  );
}
