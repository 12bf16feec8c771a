import { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID, MIGRATIONS } from '../../../src/adapters/sqlite/schema.ts';
import { oldNamesContract } from '../sql/old-names.ts';
import { SqliteFolder } from './folder.ts';

/** The migrations before the one that adds the claims. */
const BEFORE = MIGRATIONS.findIndex((sql) => sql.includes('CREATE TABLE name_claims'));
const INSERT =
  "INSERT INTO users (user_id, username, password_hash, mac_key, role, disabled, created_at) VALUES (?, ?, '-', 'key', 'user', 0, 5)";

oldNamesContract('SQLite', async () => {
  const folder = new SqliteFolder();
  const database = new DatabaseSync(folder.path);
  database.exec(MIGRATIONS.slice(0, BEFORE).join(';'));
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${BEFORE}`);
  return {
    async insert(userId, username) {
      database.prepare(INSERT).run(userId, username);
    },
    upgrade: () => folder.open(),
    async dispose() {
      database.close();
      await folder.dispose();
    },
  };
});
