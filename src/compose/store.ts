import { existsSync } from 'node:fs';
import { openSqliteStore, type SqliteStore } from '../adapters/sqlite/store.ts';
import type { Config } from '../config.ts';
import type { Store } from '../ports/store.ts';
import { storePath } from './paths.ts';

export interface OpenedStore {
  readonly store: Store;
  /** The same where it is one file: it alone can be copied while it is in use. */
  readonly sqlite: SqliteStore | undefined;
  /** What an operator knows it by, without secrets. */
  readonly name: string;
}

/**
 * Opens what `store_url` names; paths of what is made go to `generated`.
 * @throws StartRefused where an operator can mend what is wrong
 */
export async function openStore(config: Config, generated: string[]): Promise<OpenedStore> {
  const path = storePath(config);
  if (!existsSync(path)) generated.push(path);
  const sqlite = await openSqliteStore({ path });
  return { store: sqlite, sqlite, name: path };
}
