/*
 * Goal: the outcome of a COMMIT whose answer is lost is determined, never guessed: no decision is doubled or lost.
 * Method: the real server behind a proxy that cuts the connection before or after the server has the COMMIT.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../../src/ports/store.ts';
import { answer, type Chain, registered, session } from '../../contract/chain.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { PostgresProxy } from '../../services/postgres-proxy.ts';
import { until } from '../../waiting.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start();
after(() => server.remove());

async function behindProxy(
  body: (parts: {
    store: Store;
    direct: Store;
    proxy: PostgresProxy;
    database: PostgresDatabase;
  }) => Promise<void>,
): Promise<void> {
  const database = await PostgresDatabase.create(server);
  const proxy = await PostgresProxy.start(server.port);
  try {
    const direct = await database.open();
    const store = await database.open({ url: database.url.replace(`:${server.port}/`, `:${proxy.port}/`) });
    await body({ store, direct, proxy, database });
  } finally {
    await proxy.stop();
    await database.dispose();
  }
}

const journalOf = async (store: Store, { userId }: Chain) =>
  (await store.readUserJournal(userId, { below: Infinity, limit: 100 })).map(({ hash }) => hash);

describe('a COMMIT that is not answered', () => {
  test('was done: the decision counts, once, with its rows', () =>
    behindProxy(async ({ store, direct, proxy }) => {
      const [a, b] = await registered(direct, 2);
      assert.ok(a && b);
      proxy.next('answer_lost');
      const rows = [
        answer(a.userId, 'key'),
        { kind: 'session.insert', session: session(a.userId, 's') },
      ] as const;
      assert.deepEqual(await store.append([a.next({ rows }), a.next(), b.next()]), [
        'appended',
        'appended',
        'appended',
      ]);
      assert.equal(proxy.cuts, 1);
      assert.equal((await journalOf(direct, a)).length, 3);
      assert.equal((await journalOf(direct, b))[0], b.hash);
      assert.equal((await direct.load([a.userId], 0))[0]?.sessions.length, 1);
    }));

  test('was not done: the decision is appended by the next try, once', () =>
    behindProxy(async ({ store, direct, proxy }) => {
      const [a] = await registered(direct, 1);
      assert.ok(a);
      proxy.next('lost', 'lost');
      assert.deepEqual(await store.append([a.next({ rows: [answer(a.userId, 'key')] })]), ['appended']);
      assert.equal(proxy.cuts, 2);
      assert.equal((await journalOf(direct, a)).length, 2);
    }));

  test('was done and somebody else went on from there: it still counts', () =>
    behindProxy(async ({ store, direct, proxy }) => {
      const [a] = await registered(direct, 1);
      assert.ok(a);
      proxy.next('answer_lost');
      const own = a.next();
      const appending = store.append([own]);
      await until(async () => (await journalOf(direct, a)).length >= 2);
      assert.deepEqual(await direct.append([a.next({ detail: { who: 'another' } })]), ['appended']);
      assert.deepEqual(await appending, ['appended']);
      assert.equal((await journalOf(direct, a)).length, 3);
    }));

  test("was not done and somebody else was first, with the very same entry: it is the other's", () =>
    behindProxy(async ({ store, direct, proxy }) => {
      const [a] = await registered(direct, 1);
      assert.ok(a);
      const rival = a.fork();
      proxy.next('late');
      const appending = store.append([a.next()]);
      await until(() => proxy.cuts > 0);
      // The first unit of work is still open and holds the row: the rival waits for it.
      const rivals = direct.append([rival.next()]);
      await delay(50);
      const outcomes = await Promise.all([appending, rivals]);
      assert.deepEqual(outcomes.flat().sort(), ['appended', 'superseded']);
      assert.equal((await journalOf(direct, a)).length, 2);
    }));

  test('comes late: the retry waits for it, and does not double it', () =>
    behindProxy(async ({ store, direct, proxy }) => {
      const [a, b] = await registered(direct, 2);
      assert.ok(a && b);
      proxy.next('late');
      const rows = [answer(a.userId, 'key')];
      const appending = store.append([a.next({ rows }), b.next()]);
      await until(() => proxy.cuts > 0);
      await delay(300);
      assert.equal((await journalOf(direct, a)).length, 1, 'it is under way');
      proxy.release();
      assert.deepEqual(await appending, ['appended', 'appended']);
      assert.deepEqual(await journalOf(direct, a), [
        a.hash,
        (await direct.readUserJournal(a.userId, { below: 2, limit: 1 }))[0]?.hash,
      ]);
    }));

  test('by many callers: every decision reported as appended is there, once', () =>
    behindProxy(async ({ store, direct, proxy }) => {
      const chains = await registered(direct, 40);
      proxy.next('answer_lost', 'lost', 'answer_lost', 'answer_lost', 'lost', 'lost', 'answer_lost');
      const rounds = 5;
      await Promise.all(
        chains.map(async (chain) => {
          for (let round = 0; round < rounds; round++) {
            assert.deepEqual(await store.append([chain.next({ detail: { round } })]), ['appended']);
          }
        }),
      );
      assert.equal(proxy.cuts, 7);
      const entries = await direct.readJournal({ after: 0, limit: 1_000 });
      assert.equal(entries.length, chains.length * (rounds + 1));
      assert.deepEqual(
        entries.map(({ position }) => position),
        entries.map((_, index) => index + 1),
      );
    }));
});
