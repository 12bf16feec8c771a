import type { DatabaseSync } from 'node:sqlite';
import { foreignObjects } from './foreign-objects.ts';
import type { JournalIndex } from './journal-index.ts';

const PROBLEMS_MAX = 20;

/**
 * Looks for objects that are not Sello's, and for damage in the file's pages, rows and indexes, between tables, and for gaps in the journal. Reads the whole
 * file and blocks: for operators' commands, not for a running server. Does NOT check the journal's hashes; the audit does.
 * @returns what is damaged, at most a few lines; empty when nothing is
 */
export function findDamage(database: DatabaseSync, index: JournalIndex): string[] {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  const problems: string[] = foreignObjects(database, version).slice(0, PROBLEMS_MAX);
  for (const row of database.prepare(`PRAGMA integrity_check(${PROBLEMS_MAX})`).all()) {
    const text = String(row.integrity_check);
    if (text !== 'ok') problems.push(text);
  }
  // Queries on damaged pages fail.
  if (problems.length > 0) return problems;
  for (const row of database.prepare('PRAGMA foreign_key_check').all().slice(0, PROBLEMS_MAX)) {
    problems.push(`a row of ${String(row.table)} belongs to a user who is not there`);
  }
  const journal = database.prepare('SELECT count(*) AS entries, max(position) AS last FROM journal').get();
  if (journal && Number(journal.entries) !== Number(journal.last)) {
    problems.push(`the journal has gaps: ${journal.entries} entries up to position ${journal.last}`);
  }
  const unlinked = database.prepare(
    `SELECT j.position FROM journal AS j LEFT JOIN journal AS p ON p.position = j.previous_position
    WHERE (j.version = 1 AND j.previous_position <> 0)
      OR (j.version > 1 AND (p.user_id IS NOT j.user_id OR p.version IS NOT j.version - 1)) LIMIT ${PROBLEMS_MAX}`,
  );
  for (const { position } of unlinked.all()) {
    problems.push(
      `entry ${position} does not point to the entry before it of its user: it was moved, or one was`,
    );
  }
  const watermark = database.prepare('SELECT position FROM watermark').get()?.position;
  if (Number(watermark) > index.last) problems.push('entries are missing at the end of the journal');
  return problems;
}
