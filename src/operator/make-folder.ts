import { mkdir, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StartRefused } from '../domain/errors.ts';

/** Thrown when a folder cannot or must not be made. The message is for the operator. */
export class FolderRefused extends StartRefused {
  override name = 'FolderRefused';
}

export interface MadeFolder {
  /** Its path without symbolic links. */
  readonly path: string;
  /** The folders that were made for it, the outermost first. */
  readonly made: readonly string[];
}

/** File systems whose files are the kernel's interfaces: magic numbers of statfs(2). */
const KERNEL_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x1cd1, 'devpts'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0x73636673, 'securityfs'],
  [0x62656570, 'configfs'],
  [0xcafe4a11, 'bpf'],
  [0x6165676c, 'pstore'],
  [0xde5e81e4, 'efivarfs'],
  [0x19800202, 'mqueue'],
]);
const DEVICES = /^\/dev(?!\/shm(\/|$))(\/|$)/;

/**
 * Makes a folder and those above it that are missing, each of mode 0700 unless `mode` is given. Only on file systems
 * that keep files: under /proc and its like a `mkdir` fails in ways that never end for Node's `recursive`.
 * @throws FolderRefused
 */
export async function makeFolder(folder: string, mode = 0o700): Promise<MadeFolder> {
  const missing: string[] = [];
  let existing = resolve(folder);
  // Ends at the root, which exists.
  while (!(await isThere(existing))) {
    missing.unshift(basename(existing));
    existing = dirname(existing);
  }
  try {
    let path = await realpath(existing);
    const { type } = await statfs(path);
    const kernel = KERNEL_FILE_SYSTEMS.get(type) ?? (DEVICES.test(path) ? 'devices' : undefined);
    if (kernel) throw new FolderRefused(`${folder} is on a file system of the kernel (${kernel})`);
    if (!(await stat(path)).isDirectory()) throw new FolderRefused(`${existing} is not a folder`);
    const made: string[] = [];
    for (const name of missing) {
      path = join(path, name);
      // Another process may have made it meanwhile.
      if (await makeOne(path, mode)) made.push(path);
    }
    return { path, made };
  } catch (error) {
    throw refused(folder, error);
  }
}

async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return false;
    throw refused(path, error);
  }
}

function refused(folder: string, error: unknown): FolderRefused {
  if (error instanceof FolderRefused) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new FolderRefused(`${folder} cannot be made (${code ?? message})`);
}
