import { after } from 'node:test';
import { storeContract } from '../../contract/store.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

storeContract('PostgreSQL', async () => {
  const database = await PostgresDatabase.create(server);
  let store = await database.open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await database.open();
      return store;
    },
    openReader: () => database.openReader(),
    dispose: () => database.dispose(),
  };
});
