import { after } from 'node:test';
import { readAddress } from '../../../src/adapters/postgres/address.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { MIGRATIONS } from '../../../src/adapters/postgres/schema.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { oldNamesContract } from '../sql/old-names.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

/** The migrations before the one that adds the claims. */
const BEFORE = MIGRATIONS.findIndex(({ sql }) => sql.includes('CREATE TABLE name_claims'));

oldNamesContract('PostgreSQL', async () => {
  const database = await PostgresDatabase.create(server);
  const address = readAddress(database.url);
  await migrate(address, undefined, MIGRATIONS.slice(0, BEFORE));
  return {
    async insert(userId, username) {
      await database.query('INSERT INTO sello.usernames (username, user_id) VALUES ($1, $2)', [
        username,
        userId,
      ]);
      await database.query("INSERT INTO sello.users VALUES ($1, $2, '-', 'key', 'user', false, 5)", [
        userId,
        username,
      ]);
      // Past it, as if that server had allocated it.
      await database.query(
        "SELECT setval('sello.user_ids', greatest($1, (SELECT last_value FROM sello.user_ids)))",
        [userId],
      );
    },
    async upgrade() {
      await migrate(address, undefined);
      return database.open();
    },
    dispose: () => database.dispose(),
  };
});
