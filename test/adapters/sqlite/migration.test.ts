import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { APPLICATION_ID, MIGRATIONS } from '../../../src/adapters/sqlite/schema.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/store.ts';
import { temporaryFolder } from '../../services/application.ts';

const BEFORE = 3;
const ids = ['0190-b', '0190-a', '0190-c'];

test('transactions that were clustered by user are all there after the migration, found as before', async (t) => {
  const path = join(await temporaryFolder(t), 'old.sqlite');
  const old = new DatabaseSync(path);
  old.exec(MIGRATIONS.slice(0, BEFORE).join(';'));
  old.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${BEFORE}`);
  old.exec("INSERT INTO users VALUES (1, 'alice', '-', 'key', 'user', 0, 5)");
  const insert = old.prepare(
    "INSERT INTO transactions VALUES (1, ?, ?, '1.00', 'EUR', 'DE89-2', 'ES79-1', 'ca', 'shop', 5, ?, 0, 0, '')",
  );
  for (const [index, id] of ids.entries()) insert.run(id, index === 2 ? 'approved' : 'pending', 10 + index);
  old.close();

  const store = await openSqliteStore({ path });
  t.after(() => store.close());
  const listed = await store.listServiceTransactions({ serviceId: 'shop', limit: 9 });
  assert.deepEqual(
    listed.map(({ transactionId, status }) => [transactionId, status]),
    [
      ['0190-c', 'approved'],
      ['0190-b', 'pending'],
      ['0190-a', 'pending'],
    ],
  );
  assert.deepEqual(await store.findTransaction({ userId: 1, transactionId: '0190-a' }), listed[2]);
  assert.equal(await store.findTransaction({ userId: 2, transactionId: '0190-a' }), undefined);
  const expired = await store.listExpiredTransactions({ before: 11, limit: 9 });
  assert.deepEqual(
    expired.map(({ transactionId }) => transactionId),
    ['0190-b'],
  );
});
