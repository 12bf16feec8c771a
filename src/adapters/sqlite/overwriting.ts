import type { DatabaseSync } from 'node:sqlite';

/** Runs `work` so that what it frees is overwritten: the file holds nothing any more that it takes away. */
export function overwriting(database: DatabaseSync, work: () => void): void {
  database.exec('PRAGMA secure_delete = ON');
  try {
    work();
  } finally {
    database.exec('PRAGMA secure_delete = FAST');
  }
}
