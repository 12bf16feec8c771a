/*
 * Goal: pending transactions and services are found, listed and ended as decided.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ServiceRow, SYSTEM_USER_ID, type TransactionRow } from '../../src/ports/store.ts';
import { Chain, digestOf, registered, session, transaction } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

function service(serviceId: string, name: string, more: Partial<ServiceRow> = {}): ServiceRow {
  return {
    serviceId,
    name,
    scopes: ['transactions:write', 'codes:verify'],
    keys: [{ hash: digestOf(name), createdAt: 1_000 }],
    disabled: false,
    createdAt: 1_000,
    ...more,
  };
}

const insert = (row: TransactionRow) => ({ kind: 'transaction.insert', transaction: row }) as const;

export function transactionsContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: transactions that wait`, () => {
    test(
      'one is found by its user and by the service that asked, by nobody else',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const own = transaction(userId, 't1');
        const asked = transaction(userId, 't2', { serviceId: 's1' });
        await store.append([a.next({ rows: [insert(own), insert(asked)] })]);
        assert.deepEqual(await store.findTransaction({ userId, transactionId: 't1' }), own);
        assert.deepEqual(await store.findTransaction({ userId, transactionId: 't2' }), asked);
        assert.equal(await store.findTransaction({ userId: b.userId, transactionId: 't1' }), undefined);
        assert.equal(await store.findTransaction({ userId, transactionId: 'T1' }), undefined);
        const ofService = (serviceId: string, transactionId: string) =>
          store.findServiceTransaction({ serviceId, transactionId });
        assert.deepEqual(await ofService('s1', 't2'), asked);
        assert.equal(await ofService('s2', 't2'), undefined);
        assert.equal(await ofService('s1', 't1'), undefined);
        assert.equal(await ofService('', 't1'), undefined);
      }),
    );

    test(
      'an id is taken once a user, and what has been decided is not decided again',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        await store.append([a.next({ rows: [insert(transaction(userId, 't'))] })]);
        const again = a.fork().next({ rows: [insert(transaction(userId, 't'))] });
        const foreign = b.next({ rows: [insert(transaction(b.userId, 't'))] });
        assert.deepEqual(await store.append([again, foreign]), ['conflict', 'appended']);

        const decision = {
          kind: 'transaction.update',
          userId,
          transactionId: 't',
          status: 'refused',
          decidedAt: 2_000,
          decidedVersion: 3,
          reason: 'not_me',
        } as const;
        assert.deepEqual(await store.append([a.next({ rows: [decision] })]), ['appended']);
        assert.deepEqual(
          await store.findTransaction({ userId, transactionId: 't' }),
          transaction(userId, 't', {
            status: 'refused',
            decidedAt: 2_000,
            decidedVersion: 3,
            reason: 'not_me',
          }),
        );
        await assert.rejects(store.append([a.fork().next({ rows: [{ ...decision, status: 'approved' }] })]));
        assert.equal((await store.findTransaction({ userId, transactionId: 't' }))?.status, 'refused');
        assert.equal(
          (await store.findTransaction({ userId: b.userId, transactionId: 't' }))?.status,
          'pending',
        );
      }),
    );

    test(
      'a user is loaded with those that wait, and with those alone',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const rows = ['t1', 't2', 't3'].map((id) => transaction(userId, id));
        await store.append([
          a.next({ rows: rows.map(insert) }),
          b.next({ rows: [insert(transaction(b.userId, 't9'))] }),
        ]);
        const decided = { status: 'cancelled', decidedAt: 2_000, decidedVersion: 3, reason: '' } as const;
        await store.append([
          a.next({ rows: [{ kind: 'transaction.update', userId, transactionId: 't2', ...decided }] }),
        ]);
        const [record] = await store.load([userId], 0);
        assert.deepEqual(record?.pendingTransactions, [rows[0], rows[2]]);
      }),
    );

    test(
      'those of a service are listed newest first, by page and by status',
      withEmpty(async (store) => {
        const chains = await registered(store, 3);
        for (let index = 1; index <= 9; index++) {
          const chain = chains[index % 3];
          assert.ok(chain);
          const status = index % 2 === 0 ? 'approved' : 'pending';
          const serviceId = index === 5 ? 'other' : index === 6 ? '' : 's';
          await store.append([
            chain.next({ rows: [insert(transaction(chain.userId, `t${index}`, { serviceId, status }))] }),
          ]);
        }
        const ids = async (more: { below?: string; status?: 'pending' | 'approved'; limit?: number }) =>
          (await store.listServiceTransactions({ serviceId: 's', limit: 100, ...more })).map(
            ({ transactionId }) => transactionId,
          );
        assert.deepEqual(await ids({}), ['t9', 't8', 't7', 't4', 't3', 't2', 't1']);
        assert.deepEqual(await ids({ limit: 2 }), ['t9', 't8']);
        assert.deepEqual(await ids({ below: 't8', limit: 2 }), ['t7', 't4']);
        assert.deepEqual(await ids({ below: 't1' }), []);
        assert.deepEqual(await ids({ status: 'approved' }), ['t8', 't4', 't2']);
        assert.deepEqual(await ids({ status: 'pending', below: 't7', limit: 1 }), ['t3']);
        assert.deepEqual(await store.listServiceTransactions({ serviceId: 'none', limit: 9 }), []);
        assert.deepEqual(await store.listServiceTransactions({ serviceId: '', limit: 9 }), []);
      }),
    );

    test(
      'those whose time is over are listed while they wait, the oldest first',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        await store.append([
          a.next({
            rows: [
              insert(transaction(a.userId, 't1', { expiresAt: 3_000 })),
              insert(transaction(a.userId, 't2', { expiresAt: 1_000 })),
              insert(transaction(a.userId, 't3', { expiresAt: 500, status: 'expired' })),
            ],
          }),
          b.next({ rows: [insert(transaction(b.userId, 't4', { expiresAt: 2_000 }))] }),
        ]);
        const ids = async (before: number, limit: number) =>
          (await store.listExpiredTransactions({ before, limit })).map(({ transactionId }) => transactionId);
        assert.deepEqual(await ids(9_000, 9), ['t2', 't4', 't1']);
        assert.deepEqual(await ids(9_000, 2), ['t2', 't4']);
        assert.deepEqual(await ids(3_000, 9), ['t2', 't4']);
        assert.deepEqual(await ids(1_000, 9), []);
      }),
    );
  });

  describe(`${name}: services`, () => {
    test(
      'are listed by name, found by any of their keys, and changed whole',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        const shop = service('s1', 'shop');
        const bank = service('s2', 'bank', { scopes: [], disabled: true });
        assert.deepEqual(await store.listServices(), []);
        await store.append([
          system.next({ rows: [{ kind: 'service.insert', service: shop }] }),
          system.next({ rows: [{ kind: 'service.insert', service: bank }] }),
        ]);
        assert.deepEqual(await store.listServices(), [bank, shop]);
        assert.deepEqual(await store.findService(digestOf('shop')), shop);
        assert.equal(await store.findService(digestOf('none')), undefined);

        const keys = [
          { hash: digestOf('shop'), createdAt: 1_000 },
          { hash: digestOf('shop, new'), createdAt: 2_000 },
        ];
        const both = { ...shop, keys, scopes: ['codes:verify'] };
        await store.append([system.next({ rows: [{ kind: 'service.update', service: both }] })]);
        assert.deepEqual(await store.findService(digestOf('shop')), both);
        assert.deepEqual(await store.findService(digestOf('shop, new')), both);
        const rotated = { ...both, keys: keys.slice(1), disabled: true };
        await store.append([system.next({ rows: [{ kind: 'service.update', service: rotated }] })]);
        assert.equal(await store.findService(digestOf('shop')), undefined);
        assert.deepEqual(await store.findService(digestOf('shop, new')), rotated);
        assert.deepEqual(await store.listServices(), [bank, rotated]);
      }),
    );

    test(
      'the last use of a session is the latest that is recorded, made or proven; a session that is gone has none',
      withEmpty(async (store) => {
        const [chain] = await registered(store, 1);
        assert.ok(chain);
        const { userId } = chain;
        const made = session(userId, 's');
        const { sessionId } = made;
        await store.append([chain.next({ rows: [{ kind: 'session.insert', session: made }] })]);
        assert.equal(await store.lastSessionUse(userId, sessionId), 2_000);
        await store.recordSessionUses([]);
        await store.recordSessionUses([
          { userId, sessionId, at: 5_000 },
          { userId, sessionId: digestOf('gone'), at: 5_000 },
        ]);
        await store.recordSessionUses([{ userId, sessionId, at: 4_999 }]);
        assert.equal(await store.lastSessionUse(userId, sessionId), 5_000);
        assert.equal(await store.lastSessionUse(userId, digestOf('gone')), undefined);
        // What decisions read of it stays as it was.
        assert.deepEqual((await store.load([userId], 0))[0]?.sessions, [made]);
      }),
    );

    test(
      'hint, end and last use of a key are kept through changes, and go with the key; an older use does not count',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        const first = { hash: digestOf('first'), createdAt: 1_000, hint: 'slo_abcdef', expiresAt: 9_000 };
        const second = { hash: digestOf('second'), createdAt: 2_000 };
        const shop = service('s1', 'shop', { keys: [first, second] });
        const keys = async () => (await store.listServices())[0]?.keys;
        await store.append([system.next({ rows: [{ kind: 'service.insert', service: shop }] })]);
        assert.deepEqual(await keys(), [first, second]);
        await store.recordServiceKeyUses([]);
        await store.recordServiceKeyUses([
          { hash: first.hash, hint: 'other', at: 5_000 },
          { hash: second.hash, hint: 'slo_second', at: 4_000 },
          { hash: digestOf('none'), hint: 'none', at: 4_000 },
        ]);
        await store.recordServiceKeyUses([{ hash: first.hash, hint: '', at: 4_999 }]);
        const used = [
          { ...first, lastUsedAt: 5_000 },
          { ...second, hint: 'slo_second', lastUsedAt: 4_000 },
        ];
        assert.deepEqual(await keys(), used);
        assert.deepEqual((await store.findService(second.hash))?.keys, used);
        // Read before the use was recorded.
        const third = { hash: digestOf('third'), createdAt: 3_000, hint: 'slo_thirdx' };
        const changed = { ...shop, keys: [second, third] };
        await store.append([system.next({ rows: [{ kind: 'service.update', service: changed }] })]);
        assert.deepEqual(await keys(), [used[1], third]);
        const back = { ...shop, keys: [{ hash: first.hash, createdAt: 4_000 }] };
        await store.append([system.next({ rows: [{ kind: 'service.update', service: back }] })]);
        assert.deepEqual(await keys(), [{ hash: first.hash, createdAt: 4_000 }]);
      }),
    );

    test(
      'a name or a key that is taken is a conflict, and nothing of the service stays',
      withEmpty(async (store) => {
        const [other] = await registered(store, 1);
        assert.ok(other);
        const system = new Chain(SYSTEM_USER_ID, 'system');
        const shop = service('s1', 'shop');
        await store.append([system.next({ rows: [{ kind: 'service.insert', service: shop }] })]);
        const rivals = [
          service('s2', 'shop', { keys: [] }),
          service('s2', 'another', { keys: [{ hash: digestOf('shop'), createdAt: 1_000 }] }),
          service('s1', 'another', { keys: [] }),
        ];
        for (const rival of rivals) {
          assert.deepEqual(
            await store.append([
              other.next(),
              system.fork().next({ rows: [{ kind: 'service.insert', service: rival }] }),
            ]),
            ['appended', 'conflict'],
          );
          assert.deepEqual(await store.listServices(), [shop]);
        }
        const missing = { kind: 'service.update', service: service('s9', 'none') } as const;
        await assert.rejects(store.append([system.fork().next({ rows: [missing] })]));
        assert.equal(await store.findService(digestOf('none')), undefined);
      }),
    );
  });
}
