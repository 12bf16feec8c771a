import { closeSync, openSync } from 'node:fs';

/**
 * Makes an empty file that only its owner can read, unless there is one: then it is left unopened, for closing a
 * descriptor of a file releases every lock that this process holds on it (fcntl(2)).
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
