/*
 * Goal: rows changed beside an untouched journal are found, and nothing is signed from them.
 * Method: the database of a stopped server is changed column by column, then verified and served.
 */
import assert from 'node:assert/strict';
import { chmod, cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { BackgroundVerification } from '../../src/application/journal/background-verification.ts';
import { receiptOf } from '../../src/application/receipts/find-receipt.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { findTransaction } from '../../src/application/transactions/find-transactions.ts';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { StoreUnavailable } from '../../src/domain/errors.ts';
import { entriesOf, nonces, withMac } from '../application/decisions/rewired.ts';
import { registeredSession, temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

/** A data folder with an approved and a refused transaction, and no server on it. */
async function dataFolder(t: TestContext) {
  const folder = await temporaryFolder(t);
  const { config } = loadConfig({ flags: { '--data-dir': folder } });
  const application = await openApplication(config);
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const [first = '', second = ''] = await nonces(context, session, 2);
  await authorise(context, withMac(session, first));
  const wrong = { message: Buffer.from('another'), value: '0'.repeat(64) };
  await authorise(context, withMac(session, second, { mac: wrong }));
  const ids = (await entriesOf(context, session.userId)).flatMap(({ transaction }) => transaction?.id ?? []);
  await application.close();
  const change = (sql: string) => {
    const database = new DatabaseSync(join(folder, 'sello.sqlite'));
    database.exec(sql);
    database.close();
  };
  return { folder, config, userId: session.userId, ids, change };
}

const REFUSED = "version = 4 AND type = 'transaction.refused'";

for (const [name, sql] of [
  ['its type', `UPDATE journal SET type = 'transaction.approved' WHERE ${REFUSED}`],
  ['its time', `UPDATE journal SET at = at - 86400000 WHERE ${REFUSED}`],
] as const) {
  test(`an entry whose body stands and beside which ${name} was changed is found`, async (t) => {
    const { folder, change } = await dataFolder(t);
    assert.equal((await selloJson(['audit', 'verify', '--data-dir', folder])).valid, true);
    change(sql);
    const run = await sello(['audit', 'verify', '--json', '--data-dir', folder]);
    assert.equal(run.code, 1);
    const { fault } = JSON.parse(run.stdout);
    assert.deepEqual([fault.user, fault.version, fault.reason], ['alice', 4, 'columns_mismatch']);
  });
}

test('no receipt is signed for a refusal that was made to look like an approval', async (t) => {
  const { config, userId, ids, change } = await dataFolder(t);
  const [approved = '', refused = ''] = ids;
  change(`UPDATE journal SET type = 'transaction.approved' WHERE ${REFUSED}`);
  const receipts = async (id: string) => {
    const { context, close } = await openApplication(config);
    try {
      const view = await findTransaction(context, userId, id);
      assert.equal(view?.status, 'approved');
      return await receiptOf(context, view);
    } finally {
      await close();
    }
  };
  assert.ok(await receipts(approved));
  await assert.rejects(receipts(refused), StoreUnavailable);
  change(
    `UPDATE journal SET body = replace(body, 'transaction.refused', 'transaction.approved') WHERE version = 4`,
  );
  await assert.rejects(receipts(refused), StoreUnavailable);
});

test('the verification that the console starts finds the entry that was changed', async (t) => {
  const { config, change } = await dataFolder(t);
  change(
    "UPDATE journal SET body = replace(body, 'transaction.refused', 'transaction.approved') WHERE version = 4",
  );
  const { context, close } = await openApplication(config);
  try {
    const verification = new BackgroundVerification(context);
    assert.equal(verification.start(), true);
    assert.equal(verification.start(), false, 'one at a time');
    while (verification.state.status === 'running') await new Promise(setImmediate);
    const { status, fault } = verification.state;
    assert.deepEqual([status, fault?.version, fault?.reason], ['faulty', 4, 'hash_mismatch']);
  } finally {
    await close();
  }
});

test('restored files are private, whatever modes the backup medium gave them', async (t) => {
  const { folder } = await dataFolder(t);
  const outside = await temporaryFolder(t);
  const backup = join(outside, 'backup');
  await selloJson(['backup', backup, '--data-dir', folder]);
  const medium = join(outside, 'medium');
  await cp(backup, medium, { recursive: true });
  for (const name of ['sello.sqlite', 'sello.vault']) await chmod(join(medium, name), 0o777);
  const second = join(outside, 'second');
  const passphrase = ['--vault-passphrase-file', join(folder, 'vault.passphrase')];
  await selloJson(['restore', medium, '--data-dir', second, ...passphrase]);
  for (const name of ['sello.sqlite', 'sello.vault'])
    assert.equal((await stat(join(second, name))).mode & 0o777, 0o600, name);
});
