import { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID, MIGRATIONS } from '../../../src/adapters/sqlite/schema.ts';
import { type OldRow, oldSessionsContract } from '../sql/old-sessions.ts';
import { SqliteFolder } from './folder.ts';

/** The migrations before the one that adds the column. */
const BEFORE = 4;
const INSERT =
  'INSERT INTO sessions (user_id, session_id, kind, label, token_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)';

oldSessionsContract('SQLite', async () => {
  const folder = new SqliteFolder();
  const database = new DatabaseSync(folder.path);
  database.exec(MIGRATIONS.slice(0, BEFORE).join(';'));
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${BEFORE}`);
  database.exec("INSERT INTO users VALUES (1, 'user1', '-', 'key', 'user', 0, 5)");
  return {
    async insert({ user_id, session_id, kind, token_id }) {
      database.prepare(INSERT).run(user_id, session_id, kind, '', token_id, 1_000, 9_000);
    },
    upgrade: () => folder.open(),
    async select() {
      const rows = database.prepare('SELECT user_id, session_id, kind, token_id FROM sessions').all();
      return rows as unknown as OldRow[];
    },
    async dispose() {
      database.close();
      await folder.dispose();
    },
  };
});
