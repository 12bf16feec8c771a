import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openSqliteStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from '../../../src/adapters/sqlite/store.ts';

/** A folder for one test's database; whatever was opened in it is closed when it is disposed of. */
export class SqliteFolder {
  readonly folder: string;
  readonly path: string;
  readonly #stores: SqliteStore[] = [];

  /** @param parent where commits need not reach a disk, races may be run a thousand times */
  constructor(parent: string = tmpdir()) {
    this.folder = mkdtempSync(join(parent, 'sello-store-'));
    this.path = join(this.folder, 'sello.sqlite');
  }

  async open(options: Omit<SqliteStoreOptions, 'path'> = {}): Promise<SqliteStore> {
    const store = await openSqliteStore({ path: this.path, ...options });
    this.#stores.push(store);
    return store;
  }

  async dispose(): Promise<void> {
    for (const store of this.#stores) await store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Memory where there is such a folder (Linux), else the disk. */
export function fastFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
