import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { storeError } from './errors.ts';
import { makePrivateFile } from './private-file.ts';

/**
 * Copies the database while it is being written: reads one snapshot of it, off the main thread. The copy is one file of
 * mode 0600. It is durable under its name when this resolves; until then its name ends in `.part`.
 * @param signal ends it at its next step
 * @throws StoreUnavailable when the file exists already or cannot be written
 */
export async function backupDatabase(sourcePath: string, path: string, signal?: AbortSignal): Promise<void> {
  if (existsSync(path)) throw new StoreUnavailable(`no backup was made: ${path} is there already`);
  const part = `${path}.part`;
  try {
    rmSync(part, { force: true });
    makePrivateFile(part);
    await copySnapshot(sourcePath, part, signal);
    sync(part);
    signal?.throwIfAborted();
    renameSync(part, path);
    sync(dirname(path));
  } catch (error) {
    rmSync(part, { force: true });
    const known = storeError(error);
    throw known instanceof StoreUnavailable
      ? new StoreUnavailable(`no backup was made: ${known.message}`, { cause: error })
      : known;
  }
}

async function copySnapshot(sourcePath: string, path: string, signal?: AbortSignal): Promise<void> {
  const source = new DatabaseSync(sourcePath, { readOnly: true, timeout: LIMITS.storeBusyTimeMs });
  try {
    // SQLite restarts a backup whenever its source changes. An open read transaction sees no change.
    source.exec('BEGIN; SELECT position FROM watermark');
    await backup(source, path, {
      rate: LIMITS.backupPagesPerStep,
      progress: () => signal?.throwIfAborted(),
    });
    source.exec('COMMIT');
  } finally {
    source.close();
  }
  // Outside WAL mode the copy is one file, which can be moved alone.
  const copy = new DatabaseSync(path);
  try {
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
