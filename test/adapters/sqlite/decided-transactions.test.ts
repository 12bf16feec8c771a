/*
 * Goal: SQLite writes the outcome of a transaction after its decision, yet every reader of the store sees it at once.
 * Method: a second connection reads the table itself; a process is killed before the outcome is written.
 */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SqliteStore } from '../../../src/adapters/sqlite/store.ts';
import type { TransactionRow } from '../../../src/ports/store.ts';
import { answer, type Chain, registered, transaction } from '../../contract/chain.ts';
import { SqliteFolder } from './folder.ts';

let folder: SqliteFolder;
beforeEach(() => {
  folder = new SqliteFolder();
});
afterEach(() => folder.dispose());

interface Waiting {
  readonly chain: Chain;
  readonly row: TransactionRow;
}

async function waitingOf(store: SqliteStore, count: number): Promise<readonly Waiting[]> {
  const chains = await registered(store, count);
  const waiting = chains.map((chain, index) => {
    const id = `t${String(index).padStart(4, '0')}`;
    return { chain, row: transaction(chain.userId, id, { serviceId: 's', expiresAt: 2_000 }) };
  });
  await store.append(
    waiting.map(({ chain, row }) => chain.next({ rows: [{ kind: 'transaction.insert', transaction: row }] })),
  );
  return waiting;
}

/** How many the table itself has as approved, by another connection. */
function written(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare("SELECT count(*) AS count FROM transactions WHERE status = 'approved'").get();
  database.close();
  return Number(row?.count);
}

async function assertApproved(store: SqliteStore, { chain, row }: Waiting): Promise<void> {
  const { userId, transactionId, serviceId } = row;
  const approved = { ...row, status: 'approved', decidedAt: 1_500, decidedVersion: chain.version };
  assert.deepEqual(await store.findTransaction({ userId, transactionId }), approved);
  assert.deepEqual(await store.findServiceTransaction({ serviceId, transactionId }), approved);
  assert.deepEqual((await store.load([userId], 0))[0]?.pendingTransactions, []);
}

describe('SQLite: what became of transactions', () => {
  test('is read as decided before the table has it, in lists too', async () => {
    const store = await folder.open();
    const waiting = await waitingOf(store, 20);
    const [first, second] = waiting;
    assert.ok(first && second);
    await store.append([first.chain.approval(first.row, 1_500)]);
    assert.equal(written(folder.path), 0, 'the table is behind');
    await assertApproved(store, first);
    assert.equal((await store.load([second.row.userId], 0))[0]?.pendingTransactions.length, 1);
    await store.append([second.chain.approval(second.row, 1_500)]);
    const { serviceId } = first.row;
    const list = async (more: { status?: 'pending' | 'approved'; below?: string; limit?: number }) => {
      const listed = await store.listServiceTransactions({ serviceId, limit: 50, ...more });
      for (const row of listed)
        assert.equal(row.status, row.transactionId < 't0002' ? 'approved' : 'pending');
      return listed.map(({ transactionId }) => transactionId);
    };
    const ids = waiting.map(({ row }) => row.transactionId).reverse();
    assert.deepEqual(await list({}), ids);
    assert.deepEqual(await list({ status: 'approved' }), ['t0001', 't0000']);
    assert.deepEqual(await list({ status: 'approved', below: 't0001' }), ['t0000']);
    assert.deepEqual(await list({ status: 'approved', limit: 1 }), ['t0001']);
    assert.deepEqual(await list({ status: 'pending' }), ids.slice(0, 18));
    assert.deepEqual(await list({ status: 'pending', below: 't0003', limit: 1 }), ['t0002']);
    assert.deepEqual(await list({ below: 't0003', limit: 2 }), ['t0002', 't0001']);
    assert.deepEqual(
      await store.listServiceTransactions({ serviceId: 'other', status: 'approved', limit: 9 }),
      [],
    );
    const expired = await store.listExpiredTransactions({ before: 3_000, limit: 50 });
    assert.deepEqual(expired.map(({ transactionId }) => transactionId).sort(), ids.slice(0, 18).sort());
    assert.equal((await store.listExpiredTransactions({ before: 3_000, limit: 5 })).length, 5);
    assert.equal(written(folder.path), 0, 'what only reads writes nothing');
  });

  test('is written together: fewer than 256 are behind at any time', async () => {
    const store = await folder.open();
    const waiting = await waitingOf(store, 600);
    for (const [index, { chain, row }] of waiting.entries()) {
      await store.append([chain.approval(row, 1_500)]);
      if (index % 50 === 0) assert.ok(index + 1 - written(folder.path) < 256, `after ${index + 1}`);
    }
    assert.ok(written(folder.path) >= 512);
    for (const one of waiting) await assertApproved(store, one);
    await store.close();
    assert.equal(written(folder.path), 600);
  });

  test('is found in the journal by the next start, as often as the process is killed', async () => {
    const store = await folder.open();
    const waiting = await waitingOf(store, 40);
    const approved = waiting.slice(0, 30);
    await store.append(approved.map(({ chain, row }) => chain.approval(row, 1_500)));
    assert.equal(written(folder.path), 0);
    let from = folder.path;
    for (let killed = 0; killed < 3; killed++) {
      // What a killed process leaves: the database and its log.
      const copy = new SqliteFolder(folder.folder);
      copyFileSync(from, copy.path);
      copyFileSync(`${from}-wal`, `${copy.path}-wal`);
      const next = await copy.open();
      for (const one of approved) await assertApproved(next, one);
      const pending = await next.load(
        waiting.slice(30, 40 - killed).map(({ row }) => row.userId),
        0,
      );
      assert.ok(pending.every((user) => user?.pendingTransactions.length === 1));
      const [last] = waiting.slice(39 - killed);
      assert.ok(last);
      const fork = { ...last, chain: last.chain.fork() };
      await next.append([fork.chain.approval(last.row, 1_500)]);
      await assertApproved(next, fork);
      from = copy.path;
      if (killed < 2) continue;
      await next.close();
      assert.equal(written(copy.path), 33);
    }
  });

  test('a decision that is not appended decides nothing, and none is decided twice', async () => {
    const store = await folder.open();
    const [one, other] = await waitingOf(store, 2);
    assert.ok(one && other);
    const { userId } = one.row;
    await store.append([other.chain.next({ rows: [answer(other.row.userId, 'key')] })]);
    const conflicting = other.chain.fork().approval(other.row, 1_500);
    const rows = [...conflicting.rows, answer(other.row.userId, 'key')];
    assert.deepEqual(await store.append([{ ...conflicting, rows }]), ['conflict']);
    const superseded = one.chain.fork();
    superseded.version--;
    assert.deepEqual(await store.append([superseded.approval(one.row, 1_500)]), ['superseded']);
    for (const { row } of [one, other]) {
      assert.equal((await store.load([row.userId], 0))[0]?.pendingTransactions.length, 1);
    }
    await store.append([one.chain.approval(one.row, 1_500)]);
    await assert.rejects(store.append([one.chain.fork().approval(one.row, 1_600)]), /not there/);
    const none = transaction(userId, 'none');
    await assert.rejects(store.append([one.chain.fork().approval(none, 1_600)]), /not there/);
    await assertApproved(store, one);
  });

  test('when the entry does not imply the row, the row is written with the entry', async () => {
    const store = await folder.open();
    const [one] = await waitingOf(store, 1);
    assert.ok(one);
    const { userId, transactionId } = one.row;
    const decided = { status: 'approved', decidedAt: 1_500, decidedVersion: 3, reason: '' } as const;
    await store.append([
      one.chain.next({ rows: [{ kind: 'transaction.update', userId, transactionId, ...decided }] }),
    ]);
    assert.equal(written(folder.path), 1);
    await assertApproved(store, one);
  });
});
