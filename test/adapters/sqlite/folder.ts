import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteReader, type SqliteReader } from '../../../src/adapters/sqlite/reader.ts';
import {
  openSqliteStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from '../../../src/adapters/sqlite/store.ts';

/** A folder for one test's database; whatever was opened in it is closed when it is disposed of. */
export class SqliteFolder {
  readonly folder: string;
  readonly path: string;
  readonly #opened: { close(): Promise<void> }[] = [];

  /** @param parent where commits need not reach a disk, races may be run a thousand times */
  constructor(parent: string = tmpdir()) {
    this.folder = mkdtempSync(join(parent, 'sello-store-'));
    this.path = join(this.folder, 'sello.sqlite');
  }

  async open(options: Omit<SqliteStoreOptions, 'path'> = {}): Promise<SqliteStore> {
    const store = await openSqliteStore({ path: this.path, ...options });
    this.#opened.push(store);
    return store;
  }

  async openReader(): Promise<SqliteReader> {
    const reader = await openSqliteReader(this.path);
    this.#opened.push(reader);
    return reader;
  }

  async dispose(): Promise<void> {
    for (const opened of this.#opened) await opened.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Memory where there is such a folder (Linux), else the disk. */
export function fastFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
