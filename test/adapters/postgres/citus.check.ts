import { after, describe, it } from 'node:test';
import { storeContract } from '../../contract/store.ts';
import { citusMissing, startCitus } from '../../services/citus.ts';
import { citusTemplate } from './citus-database.ts';
import { PostgresDatabase } from './database.ts';

const missing = citusMissing();

if (missing === undefined) {
  const server = await startCitus({ fast: true });
  after(() => server.remove());
  const template = await citusTemplate(server);

  storeContract('Citus', async () => {
    const database = await PostgresDatabase.create(server, template);
    let store = await database.open();
    return {
      store,
      inParts: true,
      async reopen() {
        await store.close();
        store = await database.open();
        return store;
      },
      openReader: () => database.openReader(),
      dispose: () => database.dispose(),
    };
  });
} else {
  describe('Citus', () => {
    it('holds to the contract of the store', { skip: missing });
  });
}
