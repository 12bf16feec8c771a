import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartRefused } from '../../domain/errors.ts';
import { giveToOwnerOf } from '../system/file-owner.ts';
import { makePrivateFile } from './private-file.ts';

/**
 * The right to write a database, held by one process: an exclusive lock on an empty SQLite file beside it. The kernel
 * releases it however the process ends. The file `.pid` only names the holder for people.
 *
 * The process that holds the lock must not open the `.owner` file in any other way: closing any descriptor of a file
 * releases the process's locks on it (fcntl(2), "the file's locks").
 *
 * Why: docs/DECISIONS.md#the-database-lock-is-a-file
 */
export class OwnerLock {
  readonly #pidPath: string;
  readonly #database: DatabaseSync;

  private constructor(pidPath: string, database: DatabaseSync) {
    this.#pidPath = pidPath;
    this.#database = database;
  }

  /** @throws StartRefused naming the process that holds the lock */
  static acquire(path: string): OwnerLock {
    const ownerPath = `${path}.owner`;
    const pidPath = `${path}.pid`;
    makePrivateFile(ownerPath);
    const database = new DatabaseSync(ownerPath, { timeout: 0 });
    try {
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      const busy = error instanceof Error && 'errcode' in error && error.errcode === 5;
      if (!busy) throw error;
      const owner = readPid(pidPath);
      throw new StartRefused(
        `the database ${path} is in use by ${owner === undefined ? 'another process' : `process ${owner}`}: ` +
          'stop that server first, or name another data folder',
      );
    }
    writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
    giveToOwnerOf(dirname(path), pidPath);
    return new OwnerLock(pidPath, database);
  }

  release(): void {
    rmSync(this.#pidPath, { force: true });
    this.#database.close();
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
