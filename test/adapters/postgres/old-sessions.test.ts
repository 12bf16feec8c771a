import { after } from 'node:test';
import { readAddress } from '../../../src/adapters/postgres/address.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { MIGRATIONS } from '../../../src/adapters/postgres/schema.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { type OldRow, oldSessionsContract } from '../sql/old-sessions.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

oldSessionsContract('PostgreSQL', async () => {
  const database = await PostgresDatabase.create(server);
  const address = readAddress(database.url);
  await migrate(address, undefined, MIGRATIONS.slice(0, 1));
  await database.query("INSERT INTO sello.users VALUES (1, 'user1', '-', 'key', 'user', false, 5)");
  return {
    async insert({ user_id, session_id, kind, token_id }) {
      await database.query(
        'INSERT INTO sello.sessions (user_id, session_id, kind, label, token_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)',
        [user_id, session_id, kind, '', token_id, 1_000, 9_000],
      );
    },
    async upgrade() {
      await migrate(address, undefined);
      return database.open();
    },
    async select() {
      const rows = await database.query('SELECT user_id, session_id, kind, token_id FROM sello.sessions');
      return rows as unknown as OldRow[];
    },
    dispose: () => database.dispose(),
  };
});
