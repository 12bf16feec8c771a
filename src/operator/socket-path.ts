import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** `sun_path` of unix(7) has 108 bytes with its terminator; on macOS 104. */
const PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;

const NAME = 'sello.sock';

/** The path of a data folder's socket, and of a file in the folder that names the socket when it is elsewhere. */
export interface OperatorPath {
  readonly socket: string;
  /** Set when the data folder's path is too long for a socket. */
  readonly pointer: string | undefined;
}

/** Chooses the path of a socket: in the data folder, or in a new folder of mode 0700 when its path is too long. */
export function makeOperatorPath(dataDir: string): OperatorPath {
  const socket = join(dataDir, NAME);
  if (fits(socket)) return { socket, pointer: undefined };
  const folder = mkdtempSync(join(tmpdir(), 'sello-'));
  chmodSync(folder, 0o700);
  const pointer = pointerOf(dataDir);
  const elsewhere = join(folder, NAME);
  if (!fits(elsewhere))
    throw new Error(`no place for a socket: ${elsewhere} is longer than ${PATH_BYTES_MAX} bytes`);
  writeFileSync(pointer, `${elsewhere}\n`, { mode: 0o600 });
  return { socket: elsewhere, pointer };
}

/**
 * Finds the socket of a data folder. Uses one outside that folder only when this user alone can write to the socket's
 * folder: in a shared folder anyone could have replaced it.
 */
export function findOperatorPath(dataDir: string): string | undefined {
  const socket = join(dataDir, NAME);
  if (fits(socket)) return isOwn(statOf(socket)) ? socket : undefined;
  const elsewhere = readPointer(dataDir);
  if (elsewhere === undefined) return undefined;
  const folder = statOf(dirname(elsewhere));
  const guarded = isOwn(folder) && folder?.isDirectory() === true && (folder.mode & 0o077) === 0;
  return guarded && isOwn(statOf(elsewhere)) ? elsewhere : undefined;
}

export function removeOperatorPath({ socket, pointer }: OperatorPath): void {
  rmSync(socket, { force: true });
  if (pointer === undefined) return;
  rmSync(pointer, { force: true });
  rmSync(dirname(socket), { recursive: true, force: true });
}

function pointerOf(dataDir: string): string {
  return join(dataDir, `${NAME}.path`);
}

function readPointer(dataDir: string): string | undefined {
  try {
    return readFileSync(pointerOf(dataDir), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= PATH_BYTES_MAX;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Root may use any user's. */
function isOwn(stats: Stats | undefined): boolean {
  const user = process.getuid?.();
  return stats !== undefined && (user === undefined || user === 0 || stats.uid === user);
}
