/*
 * Goal: every reader returns the complete journal in order, also while it grows.
 * Method: one suite, run on each engine against the store itself and against the reader opened beside it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JournalReader } from '../../src/ports/journal-reader.ts';
import type { Store, UserId } from '../../src/ports/store.ts';
import { digestOf, newUser, passkey, registered, session, token, transaction } from './chain.ts';
import type { OpenedStore } from './opened-store.ts';

type Through = (opened: OpenedStore) => Promise<JournalReader>;

/** What every adapter of the JournalReader port holds to: the store itself, and the AuditReader that is opened beside it. */
export function journalReaderContract(name: string, open: () => Promise<OpenedStore>): void {
  readsJournal(`${name}: journal`, open, async ({ store }) => store);
  readsJournal(`${name}: journal, by a reader beside the store`, open, ({ openReader }) => openReader());
  auditReaderContract(name, open);
}

/** @param through the reader under test, opened before anything is written */
function readsJournal(name: string, open: () => Promise<OpenedStore>, through: Through): void {
  const withEmpty = (body: (store: Store, journal: JournalReader) => Promise<void>) => async () => {
    const opened = await open();
    try {
      await body(opened.store, await through(opened));
    } finally {
      await opened.dispose();
    }
  };

  describe(name, () => {
    test(
      'is read in its order, by page, as it was appended',
      withEmpty(async (store, journal) => {
        const [a] = await registered(store, 1);
        await journal.readJournal({ after: 0, limit: 1 });
        const [b] = await registered(store, 1);
        assert.ok(a && b);
        await journal.readJournal({ after: 0, limit: 1 });
        const body = JSON.stringify({ text: `"\\ \u0000 \u2028 ñ 漢 😀 ${'x'.repeat(6_000)}` });
        const odd = a.next({ at: 2_000, type: 'admin.user_unlocked' });
        await store.append([{ entry: { ...odd.entry, body }, rows: [] }]);
        await journal.readJournal({ after: 0, limit: 1 });
        await store.append([b.next({ at: 3_000 })]);
        const entries = await journal.readJournal({ after: 0, limit: 100 });
        assert.deepEqual(
          entries.map(({ position, userId, version }) => [position, userId, version]),
          [
            [1, a.userId, 1],
            [2, b.userId, 1],
            [3, a.userId, 2],
            [4, b.userId, 2],
          ],
        );
        const [, , third] = entries;
        assert.deepEqual(third, {
          position: 3,
          userId: a.userId,
          version: 2,
          at: 2_000,
          type: 'admin.user_unlocked',
          body,
          hash: odd.entry.hash,
        });
        assert.deepEqual(await journal.readJournal({ after: 1, limit: 2 }), entries.slice(1, 3));
        assert.deepEqual(await journal.readJournal({ after: 4, limit: 2 }), []);
        assert.deepEqual(await journal.readJournal({ after: 99, limit: 2 }), []);
        const backwards = async (below: number, limit: number) =>
          (await journal.readJournalBackwards({ below, limit })).map(({ position }) => position);
        assert.deepEqual(
          await journal.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 100 }),
          entries.toReversed(),
        );
        assert.deepEqual(await backwards(Number.POSITIVE_INFINITY, 2), [4, 3]);
        assert.deepEqual(await backwards(3, 2), [2, 1]);
        assert.deepEqual(await backwards(2, 2), [1]);
        assert.deepEqual(await backwards(1, 2), []);
        assert.deepEqual(await backwards(99, 1), [4]);
      }),
    );

    test(
      'of one user is read newest first, page after page',
      withEmpty(async (store, journal) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        for (let index = 0; index < 40; index++) {
          await store.append([a.next(), b.next(), a.next({ detail: { index } })]);
        }
        const versions = async (below: number, limit: number) =>
          (await journal.readUserJournal(a.userId, { below, limit })).map(({ version }) => version);
        const down = (from: number, to: number) =>
          Array.from({ length: from - to + 1 }, (_, index) => from - index);
        assert.deepEqual(await versions(Infinity, 5), down(81, 77));
        assert.deepEqual(await versions(77, 5), down(76, 72));
        assert.deepEqual(await versions(72, 5), down(71, 67));
        assert.deepEqual(await versions(80, 3), down(79, 77));
        assert.deepEqual(await versions(10, 100), down(9, 1));
        assert.deepEqual(await versions(2, 10), [1]);
        assert.deepEqual(await versions(1, 10), []);
        assert.deepEqual(await versions(500, 1), [81]);
        await store.append([a.next()]);
        assert.deepEqual(await versions(Infinity, 2), [82, 81]);
        const entries = await journal.readUserJournal(a.userId, { below: Infinity, limit: 100 });
        assert.ok(entries.every(({ userId }) => userId === a.userId));
        assert.equal(entries[0]?.hash, a.hash);
        assert.deepEqual(await journal.readUserJournal(999_999, { below: Infinity, limit: 5 }), []);
      }),
    );

    test(
      "a user's entries of one time are found, wherever in the journal they are",
      withEmpty(async (store, journal) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        // The other user's clock was put back meanwhile: the journal is not in order of time.
        for (const at of [2_000, 3_000, 3_000, 4_000, 8_000]) {
          await store.append([a.next({ at }), b.next({ at: 12_000 - at })]);
        }
        const versions = async (userId: UserId, at: number) =>
          (await journal.findEntriesAt(userId, at)).map(({ version }) => version).sort();
        assert.deepEqual(await versions(a.userId, 2_000), [2]);
        assert.deepEqual(await versions(a.userId, 3_000), [3, 4]);
        assert.deepEqual(await versions(a.userId, 4_000), [5]);
        assert.deepEqual(await versions(a.userId, 8_000), [6]);
        assert.deepEqual(await versions(a.userId, 3_001), []);
        assert.deepEqual(await versions(a.userId, 9_999), []);
        assert.deepEqual(await versions(999_999, 3_000), []);
      }),
    );
  });
}

function auditReaderContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: a reader beside the store`, () => {
    test('names users, where their entries end, and no damage where there is none', async () => {
      const { store, openReader, dispose } = await open();
      try {
        const reader = await openReader();
        const [c] = await registered(store, 1);
        await reader.readJournal({ after: 0, limit: 9 });
        const [a, b] = await registered(store, 2);
        assert.ok(a && b && c);
        await reader.readJournal({ after: 0, limit: 9 });
        await store.append([a.next(), a.next()]);
        await reader.readJournal({ after: 0, limit: 9 });
        await store.append([b.next()]);
        // On a database of several servers entries get positions when somebody reads them.
        assert.equal((await reader.readJournal({ after: 0, limit: 9 })).length, 6);
        assert.deepEqual(await reader.heads({ after: 0, limit: 2 }), [
          { userId: c.userId, version: 1, position: 1 },
          { userId: a.userId, version: 3, position: 5 },
        ]);
        assert.deepEqual(await reader.heads({ after: a.userId, limit: 9 }), [
          { userId: b.userId, version: 2, position: 6 },
        ]);
        assert.equal((await reader.findUser(b.username))?.userId, b.userId);
        assert.equal(await reader.findUser(b.username.toUpperCase()), undefined);
        assert.deepEqual(await reader.verifyIntegrity(), []);
        await reader.close();
        assert.deepEqual(await store.append([c.next()]), ['appended']);
      } finally {
        await dispose();
      }
    });

    test('reads every row of the tables that entries change, page after page', async () => {
      const { store, openReader, dispose } = await open();
      try {
        const [a] = await registered(store, 1_100);
        assert.ok(a);
        const { userId } = a;
        const rows = {
          tokens: token(userId, 't1'),
          passkeys: passkey(userId, 'p1'),
          sessions: session(userId, 's1'),
          services: {
            ...{ serviceId: 'id', name: 'shop', scopes: ['codes:verify'], disabled: false, createdAt: 1_000 },
            keys: [{ hash: digestOf('key'), createdAt: 1_000, hint: 'slo_abcdef', expiresAt: 9_000 }],
          },
          webhooks: {
            ...{ webhookId: 'wh_1', url: 'https://shop.example/', types: ['login.*'], createdAt: 1_000 },
            ...{ enabled: true, enabledAt: 1_000, disabledReason: '' },
            secrets: [{ secretId: 's1', wrapped: '1.k', createdAt: 1_000, expiresAt: 0 }],
          },
          transactions: transaction(userId, 'tx1'),
        };
        await store.append([
          a.next({
            rows: [
              { kind: 'token.insert', token: rows.tokens },
              { kind: 'passkey.insert', passkey: rows.passkeys },
              { kind: 'session.insert', session: rows.sessions },
              { kind: 'service.insert', service: rows.services },
              { kind: 'webhook.insert', webhook: rows.webhooks, progress: { fence: 0, state: '{}' } },
              { kind: 'transaction.insert', transaction: rows.transactions },
            ],
          }),
        ]);
        const reader = await openReader();
        for (const [table, row] of Object.entries(rows)) {
          assert.deepEqual(await Array.fromAsync(reader.sideRows(table as keyof typeof rows)), [row], table);
        }
        const users = await Array.fromAsync(reader.sideRows('users'));
        assert.equal(users.length, 1_101);
        assert.deepEqual(
          users.find((user) => user.userId === userId),
          newUser(userId, { username: a.username }),
        );
        // Decided, whether or not the table has it yet.
        await store.append([a.approval(rows.transactions, 2_000)]);
        const other = await openReader();
        const [decided] = await Array.fromAsync(other.sideRows('transactions'));
        assert.deepEqual(
          [decided?.status, decided?.decidedAt, decided?.decidedVersion],
          ['approved', 2_000, 3],
        );
        await reader.close();
        await other.close();
      } finally {
        await dispose();
      }
    });
  });
}
