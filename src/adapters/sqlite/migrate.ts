import type { DatabaseSync } from 'node:sqlite';
import { StartRefused } from '../../domain/errors.ts';
import { foreignObjects } from './foreign-objects.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';

const NAMED_MAX = 5;

/**
 * Migrates the tables to this program's version, each migration in its own transaction.
 * @throws StartRefused for a database of another program or a newer version, or with objects that are not Sello's
 */
export function migrate(database: DatabaseSync, path: string): void {
  const found = checkSchema(database, path);
  const foreign = found === 0 ? [] : foreignObjects(database, found);
  if (foreign.length > 0) {
    throw new StartRefused(
      `${path} was changed from outside: ${foreign.slice(0, NAMED_MAX).join('; ')}. Nothing was opened. Find out who did ` +
        'it; then restore a backup, or drop what is not Sello’s and run sello audit verify.',
    );
  }
  for (let version = found; version < MIGRATIONS.length; version++) {
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(MIGRATIONS[version] ?? '');
      database.exec(
        `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}; COMMIT`,
      );
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** @returns the version of the tables, 0 for an empty file */
export function checkSchema(database: DatabaseSync, path: string): number {
  const version = pragma(database, 'user_version');
  const applicationId = pragma(database, 'application_id');
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || version !== 0 || tables !== 0)) {
    throw new StartRefused(`${path} is the database of another program: name another file`);
  }
  if (version > MIGRATIONS.length) {
    throw new StartRefused(
      `${path} was written by a newer version of Sello (its tables have version ${version}, this program knows ` +
        `${MIGRATIONS.length}): start that version, or restore a backup made by this one`,
    );
  }
  return version;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
