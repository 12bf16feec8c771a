import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { giveToOwnerOf } from '../system/file-owner.ts';

/** The steps of a replacement, in order. A test stops the process at each. */
export type WriteStep = 'created' | 'half_written' | 'written' | 'synced' | 'placed' | 'folder_synced';

/** Called after each step. */
export type WriteObserver = (step: WriteStep) => void;

/**
 * Replaces a file atomically: a reader, also after a crash, sees the complete old or the complete new file. Writes a
 * temporary file beside it with mode 0600, flushes it, gives it the owner of the old one, renames it over that and flushes
 * the folder. Durable when it resolves.
 */
export async function replaceFile(path: string, bytes: Uint8Array, observe?: WriteObserver): Promise<void> {
  await writeThenMove(path, bytes, rename, observe);
}

/**
 * Creates a file atomically.
 * @throws the system's error with code `EEXIST` when the file exists, also when another process was faster; it stays
 * unchanged
 */
export async function createFile(path: string, bytes: Uint8Array, observe?: WriteObserver): Promise<void> {
  await writeThenMove(
    path,
    bytes,
    async (from, to) => {
      await link(from, to);
      await unlink(from);
    },
    observe,
  );
}

/** Deletes the temporary files of processes that no longer run. */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith('.new')) continue;
    const processId = Number(name.slice(prefix.length).split('.', 1)[0]);
    if (Number.isInteger(processId) && processId > 0 && !isRunning(processId)) {
      await unlink(join(dirname(path), name)).catch(() => undefined);
    }
  }
}

async function writeThenMove(
  path: string,
  bytes: Uint8Array,
  move: (from: string, to: string) => Promise<void>,
  observe: WriteObserver = () => undefined,
): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomUUID().slice(0, 8)}.new`;
  try {
    await withFile(temporary, 'wx', async (file) => {
      observe('created');
      const half = bytes.length >> 1;
      await file.writeFile(bytes.subarray(0, half));
      observe('half_written');
      await file.writeFile(bytes.subarray(half));
      observe('written');
      await file.sync();
      observe('synced');
    });
    giveToOwnerOf(existsSync(path) ? path : dirname(path), temporary);
    await move(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  observe('placed');
  await syncFolder(dirname(path));
  observe('folder_synced');
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder, and its file systems journal a rename by themselves.
  if (process.platform === 'win32') return;
  await withFile(path, 'r', (folder) => folder.sync());
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
