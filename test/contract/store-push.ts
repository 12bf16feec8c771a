/*
 * Goal: a session has one subscription at most, and it ends with its session.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PushSubscriptionRow } from '../../src/ports/push-subscriptions.ts';
import { registered, session } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

export function pushContract(name: string, open: () => Promise<OpenedStore>): void {
  test(
    `${name}: a session has one subscription at most, which ends with it; others keep theirs`,
    withStore(open, async (store) => {
      const [chain, other] = await registered(store, 2);
      assert.ok(chain && other);
      const { userId } = chain;
      const sessions = ['a', 'b', 'c'].map((each) => session(userId, each));
      const rows = sessions.map((each) => ({ kind: 'session.insert', session: each }) as const);
      await store.append([chain.next({ rows })]);
      const subscriptions = sessions.map(
        ({ sessionId }, n): PushSubscriptionRow => ({
          ...{ userId, sessionId, endpoint: `https://push.example/${n}`, p256dh: 'BA', auth: 'AA' },
          ...{ keyVersion: 1, language: 'es', createdAt: 10 + n },
        }),
      );
      const [a, b, c] = subscriptions as [PushSubscriptionRow, PushSubscriptionRow, PushSubscriptionRow];
      const { pushSubscriptions } = store;
      for (const each of subscriptions) assert.equal(await pushSubscriptions.put(each), true);
      assert.equal(
        await pushSubscriptions.put({ ...a, userId: other.userId }),
        false,
        'no session of theirs',
      );
      assert.deepEqual(await pushSubscriptions.list(userId, 9), subscriptions);
      assert.deepEqual(await pushSubscriptions.list(userId, 2), [a, b]);
      assert.deepEqual(await pushSubscriptions.list(other.userId, 9), []);

      const renewed = { ...a, endpoint: 'https://push.example/new', language: 'en', keyVersion: 2 } as const;
      assert.equal(await pushSubscriptions.put(renewed), true);
      assert.deepEqual(await pushSubscriptions.find(a), renewed);
      // Gone at its service; but its browser has another one since.
      await pushSubscriptions.remove(a, a.endpoint);
      assert.deepEqual(await pushSubscriptions.find(a), renewed);
      await pushSubscriptions.remove(a, renewed.endpoint);
      assert.equal(await pushSubscriptions.find(a), undefined);

      const ended = { kind: 'session.delete', userId, sessionId: b.sessionId } as const;
      await store.append([chain.next({ rows: [ended] })]);
      assert.deepEqual(await pushSubscriptions.list(userId, 9), [c]);
      assert.equal(await pushSubscriptions.put(b), false);
      await store.append([chain.next({ rows: [{ kind: 'session.delete_all', userId }] })]);
      assert.deepEqual(await pushSubscriptions.list(userId, 9), []);
    }),
  );
}
