import { StartRefused, StoreUnavailable } from '../../domain/errors.ts';

/** Primary result codes (https://www.sqlite.org/rescode.html): the low byte of an extended one. */
const REASONS: Readonly<Record<number, string>> = {
  3: 'its file may not be opened: check owner and permissions',
  5: 'another program holds its lock: close that program',
  6: 'another program holds its lock: close that program',
  7: 'memory ran out',
  8: 'its file or folder may not be written: check owner, permissions and the mount',
  10: 'the disk failed to read or write: check the disk and the system log',
  11: 'its file is damaged: stop the server, keep the file, and restore a backup',
  13: 'the disk is full: make space, nothing else needs to be done',
  14: 'its file cannot be opened: check the path, owner and permissions',
  15: 'another program holds its lock: close that program',
  17: 'its tables were changed by another program: restart the server',
  23: 'its file may not be opened: check owner and permissions',
  26: 'its file is not a database, or is damaged: restore a backup, or name another file',
};

/** Errors of the operating system, raised before SQLite opens the file. */
const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'its file or folder may not be written: check owner, permissions and the mount',
  EPERM: 'its file or folder may not be written: check owner, permissions and the mount',
  EROFS: 'its file or folder may not be written: check owner, permissions and the mount',
  ENOENT: 'its folder is not there: make it, or name another',
  ENOTDIR: 'its folder is not a folder: name another',
  EISDIR: 'it is a folder: name a file',
  ENOSPC: 'the disk is full: make space and try again',
  EDQUOT: 'the disk quota is used up: make space and try again',
};

const CONSTRAINT_UNIQUE = 2067;
const CONSTRAINT_PRIMARY_KEY = 1555;

/** SQLite's extended result code; undefined for any other error. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

export function isTaken(error: unknown): boolean {
  const code = resultCode(error);
  return code === CONSTRAINT_UNIQUE || code === CONSTRAINT_PRIMARY_KEY;
}

function reasonOf(error: unknown): string | undefined {
  const result = resultCode(error);
  if (result !== undefined) return REASONS[result & 0xff];
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? SYSTEM_REASONS[code] : undefined;
}

/** Translates an operating failure to StoreUnavailable with a reason in plain words. Any other error is a bug and is returned as it is. */
export function storeError(error: unknown): unknown {
  const reason = reasonOf(error);
  return reason === undefined
    ? error
    : new StoreUnavailable(`the database cannot answer: ${reason}`, { cause: error });
}

/** Translates an operating failure while the file is being opened to StartRefused, which names the file. */
export function startError(error: unknown, path: string): unknown {
  const reason = reasonOf(error);
  return reason === undefined
    ? error
    : new StartRefused(`the database ${path} cannot be opened: ${reason}`, { cause: error });
}
