/*
 * Goal: a reopened store has everything that it acknowledged; a closed store refuses all calls.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreUnavailable } from '../../src/domain/errors.ts';
import { answer, Chain, registered, session, token } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

export function lifeContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: life`, () => {
    test(
      'user ids are positive and never handed out twice, by parallel calls or after a restart',
      withEmpty(async (store, opened) => {
        const lists = await Promise.all([3, 1, 0, 7].map((count) => store.allocateUserIds(count)));
        assert.deepEqual(
          lists.map((list) => list.length),
          [3, 1, 0, 7],
        );
        const ids = lists.flat();
        assert.equal(new Set(ids).size, 11);
        assert.ok(ids.every((id) => Number.isSafeInteger(id) && id > 0));
        await store.append(ids.map((id) => new Chain(id).registration()));
        const more = await (await opened.reopen()).allocateUserIds(5);
        assert.ok(more.every((id) => !ids.includes(id)));
      }),
    );

    test(
      'everything is there after a restart, and goes on from there',
      withEmpty(async (store, opened) => {
        const chains = await registered(store, 600);
        const [a] = chains;
        assert.ok(a);
        const { userId } = a;
        for (let round = 0; round < 5; round++) {
          await store.append(
            chains.filter((_, index) => index % (round + 2) === 0).map((chain) => chain.next()),
          );
        }
        await store.append([
          a.next({
            at: 7_000,
            challenge: 'cd'.repeat(24),
            rows: [
              { kind: 'token.insert', token: token(userId, 't') },
              { kind: 'session.insert', session: session(userId, 's') },
              answer(userId, 'k'),
            ],
          }),
        ]);
        const ids = chains.map((chain) => chain.userId);
        const before = {
          records: await store.load(ids, 0),
          journal: await store.readJournal({ after: 0, limit: 10_000 }),
          answers: await store.findIdempotencyRecords([{ userId, key: 'k' }]),
        };
        const again = await opened.reopen();
        assert.deepEqual(await again.load(ids, 0), before.records);
        assert.deepEqual(await again.readJournal({ after: 0, limit: 10_000 }), before.journal);
        assert.deepEqual(await again.findIdempotencyRecords([{ userId, key: 'k' }]), before.answers);
        const repeated = chains.map((chain) => {
          const rival = chain.fork();
          rival.version--;
          return rival.next();
        });
        assert.deepEqual(new Set(await again.append(repeated)), new Set(['superseded']));
        assert.deepEqual(
          new Set(await again.append(chains.map((chain) => chain.next()))),
          new Set(['appended']),
        );
      }),
    );

    test(
      'ping resolves on a store that takes decisions',
      withEmpty(async (store) => {
        await store.ping();
        await registered(store, 1);
        await store.ping();
      }),
    );

    test(
      'a closed store says so to every call, and may be closed again',
      withEmpty(async (store) => {
        const [chain] = await registered(store, 1);
        assert.ok(chain);
        await store.close();
        await store.close();
        const calls: (() => Promise<unknown>)[] = [
          () => store.append([chain.next()]),
          () => store.append([new Chain(chain.userId).next()]),
          () => store.load([chain.userId], 0),
          () => store.findUser('a'),
          () => store.listUsers({ after: 0, limit: 1 }),
          () => store.findIdempotencyRecords([{ userId: chain.userId, key: 'k' }]),
          () => store.readJournal({ after: 0, limit: 1 }),
          () => store.readUserJournal(chain.userId, { below: Infinity, limit: 1 }),
          () => store.findTransaction({ userId: chain.userId, transactionId: 't' }),
          () => store.findServiceTransaction({ serviceId: 's', transactionId: 't' }),
          () => store.listServiceTransactions({ serviceId: 's', limit: 1 }),
          () => store.listExpiredTransactions({ before: 1, limit: 1 }),
          () => store.findEntriesAt(chain.userId, 1),
          () => store.listServices(),
          () => store.findService('k'),
          () => store.recordServiceKeyUses([{ hash: 'k', hint: '', at: 1 }]),
          () => store.recordSessionUses([{ userId: chain.userId, sessionId: 's', at: 1 }]),
          () => store.lastSessionUse(chain.userId, 's'),
          () => store.listWrappedKeys({ after: undefined, limit: 1 }),
          () => store.replaceWrappedKeys([]),
          () => store.bindVault({ identity: 'a', keyVersion: 1 }),
          () => store.findVaultBinding(),
          () => store.prune({ idempotencyRecords: 0, sessions: 0, limit: 1 }),
          () => store.ping(),
        ];
        for (const call of calls) await assert.rejects(call, StoreUnavailable, String(call));
      }),
    );
  });
}
