import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { giveToOwnerOf } from '../system/file-owner.ts';

/**
 * Creates an empty file that only its owner can read. A file that exists is not opened: closing a descriptor of a file
 * releases every lock that this process holds on it (fcntl(2)).
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    giveToOwnerOf(dirname(path), path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
