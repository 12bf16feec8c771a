import type { Config } from '../config.ts';
import type { Store, UserId } from '../ports/store.ts';
import { isPostgres, storePath } from './paths.ts';
import { storeUrl } from './store.ts';

/** What an audit needs, read as of each call, beside a server at work or without one. */
export interface JournalReader extends Pick<Store, 'readJournal' | 'readUserJournal' | 'findUser' | 'close'> {
  /** Where the entries of users end, in order of user id, after the given one. */
  heads(page: {
    readonly after: UserId;
    readonly limit: number;
  }): Promise<readonly { readonly userId: UserId; readonly version: number; readonly position: number }[]>;
  /** Reads everything. @returns what is wrong with the database, nothing when all is well */
  verifyIntegrity(): Promise<readonly string[]>;
}

/**
 * Opens the journal of what `store_url` names, to read it alone.
 * @throws StartRefused where an operator can mend what is wrong
 */
export async function openJournalReader(config: Config): Promise<JournalReader> {
  if (isPostgres(config)) {
    const { openPostgresReader } = await import('../adapters/postgres/reader.ts');
    return openPostgresReader(storeUrl(config));
  }
  const { openSqliteReader } = await import('../adapters/sqlite/reader.ts');
  return openSqliteReader(storePath(config));
}
