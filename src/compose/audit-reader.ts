import { ArchiveFolder } from '../adapters/archive-folder/archive-folder.ts';
import type { Config } from '../config.ts';
import type { AuditReader } from '../ports/journal-reader.ts';
import { archivePath, isPostgres, storePath } from './paths.ts';
import { storeUrl } from './store.ts';

/**
 * Opens the database that `store_url` names, read-only.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function openAuditReader(config: Config): Promise<AuditReader> {
  const archive = new ArchiveFolder(archivePath(config));
  if (isPostgres(config)) {
    const { openPostgresReader } = await import('../adapters/postgres/reader.ts');
    return openPostgresReader(storeUrl(config), archive);
  }
  const { openSqliteReader } = await import('../adapters/sqlite/reader.ts');
  return openSqliteReader(storePath(config), archive);
}
