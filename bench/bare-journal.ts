import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../src/adapters/sqlite/connection.ts';
import { JournalWriter } from '../src/adapters/sqlite/journal-writer.ts';
import { migrate } from '../src/adapters/sqlite/migrate.ts';
import { exampleEntry } from './example-entry.ts';

/** Rows of the journal as transactions by MAC write them, and nothing else, on a file opened as the store opens its own. */
export interface BareJournal {
  /** Commits so many rows together. */
  commit(rows: number): void;
  close(): void;
}

/** @param folder is made */
export async function openBareJournal(folder: string): Promise<BareJournal> {
  await mkdir(folder);
  const path = join(folder, 'bare.sqlite');
  const database = openDatabase(path);
  migrate(database, path);
  const writer = new JournalWriter(database);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const entry = exampleEntry();
  let position = 0;
  return {
    commit(rows) {
      begin.run();
      for (let n = 0; n < rows; n++) {
        position++;
        writer.stage(entry, position, position - 1);
      }
      writer.flush();
      commit.run();
    },
    close: () => database.close(),
  };
}
