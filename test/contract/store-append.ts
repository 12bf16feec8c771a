/*
 * Goal: of several entries for one version of a user exactly one is appended, completely and in journal order.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decision, Store } from '../../src/ports/store.ts';
import { answer, Chain, registered, session, token } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

async function one(store: Store): Promise<Chain> {
  const [chain] = await registered(store, 1);
  assert.ok(chain);
  return chain;
}

async function versionOf(store: Store, chain: Chain): Promise<number | undefined> {
  return (await store.load([chain.userId], 0))[0]?.version;
}

export function appendContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: append`, () => {
    test(
      'nothing appended is nothing answered',
      withEmpty(async (store) => {
        assert.deepEqual(await store.append([]), []);
        assert.deepEqual(await store.readJournal({ after: 0, limit: 10 }), []);
      }),
    );

    test(
      'the version after the latest is appended, every other is superseded and writes no row',
      withEmpty(async (store) => {
        const chain = await one(store);
        const rival = chain.fork();
        assert.deepEqual(await store.append([chain.next()]), ['appended']);
        const taken = rival.next({ rows: [{ kind: 'session.insert', session: session(chain.userId, 'a') }] });
        assert.deepEqual(await store.append([taken]), ['superseded']);
        const older = new Chain(chain.userId).next();
        const ahead = chain.fork();
        ahead.next();
        assert.deepEqual(await store.append([older, ahead.next()]), ['superseded', 'superseded']);

        const [user] = await store.load([chain.userId], 0);
        assert.equal(user?.version, 2);
        assert.equal(user?.hash, chain.hash);
        assert.deepEqual(user?.sessions, []);
        assert.deepEqual(await store.append([chain.next()]), ['appended']);
      }),
    );

    test(
      'of two decisions on the same entry in one call the first wins',
      withEmpty(async (store) => {
        const chain = await one(store);
        const rival = chain.fork();
        const outcomes = await store.append([
          chain.next({ detail: { who: 'first' } }),
          rival.next({ detail: { who: 'second' } }),
        ]);
        assert.deepEqual(outcomes, ['appended', 'superseded']);
        assert.equal((await store.load([chain.userId], 0))[0]?.hash, chain.hash);
      }),
    );

    test(
      'consecutive versions of a user go together; after one that lost, the later ones are superseded',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        assert.deepEqual(await store.append([a.next(), b.next(), a.next(), a.next()]), [
          'appended',
          'appended',
          'appended',
          'appended',
        ]);
        assert.equal(await versionOf(store, a), 4);

        const late = a.fork();
        late.version--;
        const outcomes = await store.append([late.next(), b.next(), late.next(), late.next()]);
        // The first repeats version 4; what stands on it goes with it, although version 5 is free.
        assert.equal(outcomes[0], 'superseded');
        assert.equal(outcomes[1], 'appended');
        assert.equal(await versionOf(store, b), 3);
      }),
    );

    test(
      'a taken user name is a conflict: nothing of that decision stays, others go on',
      withEmpty(async (store) => {
        const [a, other] = await registered(store, 2);
        assert.ok(a && other);
        const [id] = await store.allocateUserIds(1);
        assert.ok(id);
        const late = new Chain(id, a.username);
        assert.deepEqual(await store.append([late.registration(), late.next(), other.next()]), [
          'conflict',
          'superseded',
          'appended',
        ]);
        assert.deepEqual(await store.load([id], 0), [undefined]);
        assert.equal((await store.findUser(a.username))?.userId, a.userId);
        assert.deepEqual(await store.readUserJournal(id, { below: Infinity, limit: 10 }), []);

        const again = new Chain(id, 'another name');
        assert.deepEqual(await store.append([again.registration()]), ['appended']);
      }),
    );

    test(
      'of two registrations of one name in one call the first wins',
      withEmpty(async (store) => {
        const [first, second] = await store.allocateUserIds(2);
        assert.ok(first && second);
        const outcomes = await store.append([
          new Chain(first, 'alice').registration(),
          new Chain(second, 'alice').registration(),
        ]);
        assert.deepEqual(outcomes, ['appended', 'conflict']);
        assert.equal((await store.findUser('alice'))?.userId, first);
      }),
    );

    test(
      'the name of the system is taken',
      withEmpty(async (store) => {
        const [id] = await store.allocateUserIds(1);
        assert.ok(id);
        assert.deepEqual(await store.append([new Chain(id, 'system').registration()]), ['conflict']);
      }),
    );

    test(
      'a conflict takes back the rows written before it in the same decision',
      withEmpty(async (store) => {
        const [chain, other] = await registered(store, 2);
        assert.ok(chain && other);
        const { userId } = chain;
        await store.append([chain.next({ rows: [answer(userId, 'spent')] })]);
        const rival = chain.fork();
        const rows = [
          { kind: 'session.insert', session: session(userId, 'a') },
          { kind: 'token.insert', token: token(userId, 't') },
          answer(userId, 'spent'),
          answer(userId, 'free'),
        ] as const;
        assert.deepEqual(await store.append([other.next(), rival.next({ rows }), other.next()]), [
          'appended',
          'conflict',
          'appended',
        ]);
        const [user] = await store.load([userId], 0);
        assert.equal(user?.version, 2);
        assert.deepEqual([user?.sessions, user?.tokens], [[], []]);
        assert.deepEqual(await store.findIdempotencyRecords([{ userId, key: 'free' }]), [undefined]);
        assert.deepEqual(await store.append([chain.next()]), ['appended']);
      }),
    );

    test(
      'an idempotency key, a token id and a session id are taken once a user',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const rowsOf = (userId: number) => [
          answer(userId, 'key'),
          { kind: 'token.insert' as const, token: token(userId, 't') },
          { kind: 'session.insert' as const, session: session(userId, 's') },
        ];
        for (const index of [0, 1, 2]) {
          const row = (chain: Chain) => rowsOf(chain.userId).slice(index, index + 1);
          const rival = a.fork();
          rival.version++;
          const outcomes = await store.append([
            a.next({ rows: row(a) }),
            rival.next({ rows: row(a) }),
            b.next({ rows: row(b) }),
          ]);
          assert.deepEqual(outcomes, ['appended', 'conflict', 'appended']);
        }
      }),
    );

    test(
      'a change of a row that is not there is a fault: nothing of the call stays',
      withEmpty(async (store, { inParts }) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const missing: Decision['rows'] = [
          { kind: 'token.update', userId, tokenId: 'none', status: 'revoked' },
          { kind: 'user.update', userId: 999_999, disabled: true },
        ];
        for (const row of missing) {
          const [rival, other] = [a.fork(), inParts ? undefined : b.fork().next()];
          await assert.rejects(
            store.append([...(other ? [other] : []), rival.next(), rival.next({ rows: [row] })]),
          );
          assert.deepEqual([await versionOf(store, a), await versionOf(store, b)], [1, 1]);
        }
        assert.deepEqual(await store.append([a.next(), b.next()]), ['appended', 'appended']);
      }),
    );

    test(
      'a full batch is appended whole, in its order, at dense positions',
      withEmpty(async (store, { inParts }) => {
        const chains = await registered(store, 300);
        const decisions = Array.from({ length: 1_024 }, (_, index) => {
          const chain = chains[(index * 7) % chains.length];
          assert.ok(chain);
          return chain.next({ at: 2_000 + index });
        });
        assert.deepEqual(new Set(await store.append(decisions)), new Set(['appended']));
        const entries = await store.readJournal({ after: 300, limit: 2_000 });
        assert.deepEqual(
          entries.map(({ position }) => position),
          decisions.map((_, index) => 301 + index),
        );
        const orders = inParts ? chains.map(({ userId }) => [userId]) : [chains.map(({ userId }) => userId)];
        for (const users of orders) {
          const isOf = ({ userId }: { readonly userId: number }) => users.includes(userId);
          assert.deepEqual(
            entries.filter(isOf).map(({ hash }) => hash),
            decisions.filter(({ entry }) => isOf(entry)).map(({ entry }) => entry.hash),
          );
        }
      }),
    );

    test(
      'a user may be decided about by many calls at once: each version is won once',
      withEmpty(async (store) => {
        const chain = await one(store);
        const calls = Array.from({ length: 50 }, (_, index) =>
          store.append([chain.fork().next({ detail: { index } })]),
        );
        const outcomes = (await Promise.all(calls)).flat();
        assert.equal(outcomes.filter((outcome) => outcome === 'appended').length, 1);
        assert.equal(outcomes.filter((outcome) => outcome === 'superseded').length, 49);
      }),
    );
  });
}
