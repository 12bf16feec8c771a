import type { Config } from '../config.ts';
import type { AuditReader } from '../ports/journal-reader.ts';
import { isPostgres, storePath } from './paths.ts';
import { storeUrl } from './store.ts';

/**
 * Opens the database that `store_url` names, read-only.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function openAuditReader(config: Config): Promise<AuditReader> {
  if (isPostgres(config)) {
    const { openPostgresReader } = await import('../adapters/postgres/reader.ts');
    return openPostgresReader(storeUrl(config));
  }
  const { openSqliteReader } = await import('../adapters/sqlite/reader.ts');
  return openSqliteReader(storePath(config));
}
