import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The moments of a replacement, in order: a test stops the process at each. */
export type WriteStep = 'created' | 'half_written' | 'written' | 'synced' | 'placed' | 'folder_synced';

/** Told of each step when it is done. */
export type WriteObserver = (step: WriteStep) => void;

/**
 * Replaces a file so that whoever opens it, after a crash too, sees the old or the new one whole: written beside it
 * with mode 0600, flushed, renamed over it, the folder flushed. Durable when it resolves.
 */
export async function replaceFile(path: string, bytes: Uint8Array, observe?: WriteObserver): Promise<void> {
  await place(path, bytes, rename, observe);
}

/**
 * The same for a file that must not be there yet.
 * @throws the system's error with code `EEXIST` when it is, also when another process was faster; it is left untouched
 */
export async function createFile(path: string, bytes: Uint8Array, observe?: WriteObserver): Promise<void> {
  await place(
    path,
    bytes,
    async (from, to) => {
      await link(from, to);
      await unlink(from);
    },
    observe,
  );
}

/** Deletes what writers that no longer run have left beside the file. */
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

async function place(
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
  // Windows can open no folder, and its file systems journal a rename by themselves.
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
