import { storeContract } from '../../contract/store.ts';
import { SqliteFolder } from './folder.ts';

storeContract('SQLite', async () => {
  const folder = new SqliteFolder();
  let store = await folder.open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await folder.open();
      return store;
    },
    openReader: () => folder.openReader(),
    dispose: () => folder.dispose(),
  };
});
