// A process that archives and erases what its arguments say, until it is killed: FOLDER [USER].
import { eraseUser } from '../../src/application/users/erase-user.ts';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';

const [folder = '', user] = process.argv.slice(2);
const { config } = loadConfig({ flags: { '--data-dir': folder } });
const application = await openApplication(config, { maintenance: false });
const { retention, store } = application.context;
process.stdout.write('begun\n');
const outcome = await retention.archive({ before: Number.MAX_SAFE_INTEGER });
if (user !== undefined) {
  const found = (await store.findUser(user))?.userId;
  if (found !== undefined) await eraseUser(application.context, found);
  await retention.eraseAll();
}
await application.close();
process.stdout.write(`done ${JSON.stringify(outcome)}\n`);
