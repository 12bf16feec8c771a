/*
 * Goal: users and journals are read as they were written, page by page.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { SYSTEM_USER_ID } from '../../src/ports/store.ts';
import { Chain, newUser, passkey, registered, session, token } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

export function readContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: load`, () => {
    test(
      'a user is loaded with the latest entry and all rows that belong to the user',
      withEmpty(async (store) => {
        const [a] = await registered(store, 3);
        assert.ok(a);
        const { userId } = a;
        await store.append([
          a.next({
            at: 5_000,
            state: '{"code":{"failures":2,"lockedUntil":0}}',
            challenge: 'ab'.repeat(24),
            rows: [
              { kind: 'token.insert', token: token(userId, 't') },
              { kind: 'session.insert', session: session(userId, 's') },
              { kind: 'passkey.insert', passkey: passkey(userId, 'p') },
            ],
          }),
        ]);
        const { passwordHash: _, ...user } = newUser(userId);
        const [record] = await store.load([userId], 5_000);
        assert.deepEqual(record, {
          ...user,
          version: 2,
          at: 5_000,
          hash: a.hash,
          state: '{"code":{"failures":2,"lockedUntil":0}}',
          tokens: [token(userId, 't')],
          sessions: [session(userId, 's')],
          passkeys: [passkey(userId, 'p')],
          pendingTransactions: [],
          spentChallenges: ['ab'.repeat(24)],
        });
      }),
    );

    test(
      'users are loaded in the order asked, repeated where repeated, undefined where unknown',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const [unused] = await store.allocateUserIds(1);
        assert.ok(unused);
        const records = await store.load([b.userId, unused, a.userId, 999_999, b.userId], 0);
        assert.deepEqual(
          records.map((record) => record?.userId),
          [b.userId, undefined, a.userId, undefined, b.userId],
        );
        assert.deepEqual(await store.load([], 0), []);
      }),
    );

    test(
      'the system is a user without a row of its own making, and has a journal like any other',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        let [record] = await store.load([SYSTEM_USER_ID], 0);
        assert.deepEqual(
          [
            record?.username,
            record?.role,
            record?.macKey,
            record?.version,
            record?.at,
            record?.hash,
            record?.state,
          ],
          ['system', 'admin', '', 0, 0, GENESIS_HASH, '{}'],
        );
        assert.equal(await store.findUser('system'), undefined);
        assert.deepEqual(await store.listUsers({ after: SYSTEM_USER_ID, limit: 10 }), []);
        assert.deepEqual(await store.listWrappedKeys({ after: undefined, limit: 10 }), []);
        assert.deepEqual(await store.append([system.next({ type: 'key.rotated' })]), ['appended']);
        [record] = await store.load([SYSTEM_USER_ID], 0);
        assert.deepEqual([record?.version, record?.hash], [1, system.hash]);
      }),
    );

    test(
      'spent challenges are those of the entries since the given time',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const challenge = (index: number) => index.toString(16).padStart(48, '0');
        for (let index = 1; index <= 10; index++) {
          // Entries that spend none lie between.
          await store.append([
            a.next({ at: 1_000 * index, challenge: challenge(index) }),
            b.next({ at: 1_000 * index, challenge: challenge(100 + index) }),
            a.next({ at: 1_000 * index }),
          ]);
        }
        const spent = async (since: number) =>
          [...((await store.load([a.userId], since))[0]?.spentChallenges ?? [])].sort();
        assert.deepEqual(await spent(8_000), [8, 9, 10].map(challenge));
        assert.deepEqual(await spent(8_001), [9, 10].map(challenge));
        assert.deepEqual(await spent(10_001), []);
        assert.equal((await spent(0)).length, 10);
      }),
    );

    test(
      'a user is found by the exact name',
      withEmpty(async (store) => {
        const [id] = await store.allocateUserIds(1);
        assert.ok(id);
        await store.append([new Chain(id, 'Ángel 😀').registration({ role: 'auditor', disabled: true })]);
        assert.deepEqual(await store.findUser('Ángel 😀'), {
          userId: id,
          username: 'Ángel 😀',
          passwordHash: `phc of ${id}`,
          role: 'auditor',
          disabled: true,
        });
        for (const name of ['ángel 😀', 'Ángel', 'Ángel 😀 ', 'Angel 😀', '', '%']) {
          assert.equal(await store.findUser(name), undefined, name);
        }
      }),
    );
  });
}
