/*
 * Goal: the rows of a decision are written with its entry or not at all, and names and idempotency keys are unique.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Store, StoredKey, WrappedKeyRef } from '../../src/ports/store.ts';
import { answer, Chain, digestOf, newUser, passkey, registered, session, token } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

export function rowsContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: rows`, () => {
    test(
      'a user is changed in what the row names and nothing else',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        await store.append([a.next({ rows: [{ kind: 'user.update', userId, disabled: true }] })]);
        await store.append([
          a.next({ rows: [{ kind: 'user.update', userId, macKey: '2:mac', role: 'auditor' }] }),
        ]);
        let [user] = await store.load([userId], 0);
        assert.deepEqual([user?.disabled, user?.macKey, user?.role], [true, '2:mac', 'auditor']);
        assert.equal((await store.findUser(a.username))?.passwordHash, `phc of ${userId}`);
        await store.append([
          a.next({ rows: [{ kind: 'user.update', userId, disabled: false, passwordHash: 'another' }] }),
        ]);
        [user] = await store.load([userId], 0);
        assert.deepEqual([user?.disabled, user?.macKey, user?.role], [false, '2:mac', 'auditor']);
        assert.equal((await store.findUser(a.username))?.passwordHash, 'another');
        assert.equal((await store.findUser(b.username))?.passwordHash, `phc of ${b.userId}`);
      }),
    );

    test(
      'a renamed user has one name, and the old one is free; a taken one is a conflict',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId, username: from } = a;
        const taken = a.fork().next({ rows: [{ kind: 'user.rename', userId, from, username: b.username }] });
        assert.deepEqual(await store.append([taken]), ['conflict']);
        await store.append([a.next({ rows: [{ kind: 'user.rename', userId, from, username: 'another' }] })]);
        assert.equal(await store.findUser(from), undefined);
        assert.equal((await store.findUser('another'))?.userId, userId);
        const [user] = await store.load([userId], 0);
        assert.equal(user?.username, 'another');
        const [later] = await registered(store, 1);
        assert.ok(later);
        const again = {
          kind: 'user.rename',
          userId: later.userId,
          from: later.username,
          username: from,
        } as const;
        assert.deepEqual(await store.append([later.next({ rows: [again] })]), ['appended']);
      }),
    );

    test(
      'tokens are added and change their status; the activation question is for a pending one',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const pending = token(userId, 'ocra', {
          type: 'ocra',
          status: 'pending',
          suite: 'OCRA-1:HOTP-SHA256-6:QH64-T1M',
          activationQuestion: 'ab'.repeat(32),
          createdAt: 2_000,
        });
        const other = token(userId, 'hotp', { type: 'hotp', algorithm: 'sha1', digits: 8, periodS: 0 });
        await store.append([
          a.next({
            rows: [
              { kind: 'token.insert', token: other },
              { kind: 'token.insert', token: pending },
            ],
          }),
          b.next({ rows: [{ kind: 'token.insert', token: token(b.userId, 'ocra') }] }),
        ]);
        assert.deepEqual((await store.load([userId], 0))[0]?.tokens, [other, pending]);
        const update = { kind: 'token.update', userId, tokenId: 'ocra' } as const;
        await store.append([a.next({ rows: [{ ...update, status: 'pending' }] })]);
        assert.deepEqual((await store.load([userId], 0))[0]?.tokens, [other, pending]);
        await store.append([a.next({ rows: [{ ...update, status: 'active' }] })]);
        const active = { ...pending, status: 'active', activationQuestion: '' } as const;
        assert.deepEqual((await store.load([userId], 0))[0]?.tokens, [other, active]);
        assert.deepEqual((await store.load([b.userId], 0))[0]?.tokens, [token(b.userId, 'ocra')]);
      }),
    );

    test(
      'sessions are added, ended one by one or all together, and only those of the user',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const insert = (chain: Chain, name: string, createdAt: number) => ({
          kind: 'session.insert' as const,
          session: session(chain.userId, name, { createdAt }),
        });
        await store.append([
          a.next({ rows: [insert(a, 'one', 1), insert(a, 'two', 2), insert(a, 'three', 3)] }),
          b.next({ rows: [insert(b, 'one', 1)] }),
        ]);
        const names = async (id: number) =>
          (await store.load([id], 0))[0]?.sessions.map(({ sessionId }) => sessionId);
        assert.deepEqual(await names(userId), ['one', 'two', 'three'].map(digestOf));
        const end = { kind: 'session.delete', userId, sessionId: digestOf('two') } as const;
        await store.append([a.next({ rows: [end] })]);
        assert.deepEqual(await names(userId), ['one', 'three'].map(digestOf));
        assert.deepEqual(await store.append([a.next({ rows: [end] })]), ['appended']);
        await store.append([a.next({ rows: [{ kind: 'session.delete_all', userId }] })]);
        assert.deepEqual(await names(userId), []);
        assert.deepEqual(await names(b.userId), [digestOf('one')]);
        await store.append([
          a.next({ rows: [{ kind: 'session.delete_all', userId }, insert(a, 'four', 4)] }),
        ]);
        assert.deepEqual(await names(userId), [digestOf('four')]);
      }),
    );

    test(
      'a session keeps what it is for, where it is from, its token and what it has proved',
      withEmpty(async (store) => {
        const [a] = await registered(store, 1);
        assert.ok(a);
        const { userId } = a;
        const rows = [
          session(userId, 'one', { kind: 'enrolment', label: 'Móvil 😀', createdAt: 1 }),
          session(userId, 'two', { kind: 'device', tokenId: 'a-token', createdAt: 2 }),
          session(userId, 'three', { kind: 'login', label: 'Firefox', createdAt: 3 }),
          session(userId, 'four', { proof: 'code_omitted', createdAt: 4 }),
          session(userId, 'five', { proof: 'code_unavailable', createdAt: 5 }),
          session(userId, 'six', { proof: 'no_token', createdAt: 6 }),
        ];
        await store.append([a.next({ rows: rows.map((row) => ({ kind: 'session.insert', session: row })) })]);
        assert.deepEqual((await store.load([userId], 0))[0]?.sessions, rows);
        // One is replaced by a decision that ends it and makes it anew.
        const [first, ...others] = rows;
        assert.ok(first);
        const again = { ...first, proof: 'no_token' } as const;
        const { sessionId } = again;
        const replaced = [
          { kind: 'session.delete', userId, sessionId },
          { kind: 'session.insert', session: again },
        ] as const;
        assert.deepEqual(await store.append([a.next({ rows: replaced })]), ['appended']);
        assert.deepEqual((await store.load([userId], 0))[0]?.sessions, [again, ...others]);
      }),
    );

    test(
      'passkeys are added, counted on and deleted, and only those of the user',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const one = passkey(userId, 'one', { label: 'Llavero 😀', createdAt: 1 });
        const two = passkey(userId, 'two', { signCount: 4_294_967_295, createdAt: 2 });
        // The same credential of another user is another row.
        const others = passkey(b.userId, 'one');
        await store.append([
          a.next({
            rows: [
              { kind: 'passkey.insert', passkey: two },
              { kind: 'passkey.insert', passkey: one },
            ],
          }),
          b.next({ rows: [{ kind: 'passkey.insert', passkey: others }] }),
        ]);
        const passkeys = async (id: number) => (await store.load([id], 0))[0]?.passkeys;
        assert.deepEqual(await passkeys(userId), [one, two]);
        const taken = a.fork().next({ rows: [{ kind: 'passkey.insert', passkey: one }] });
        assert.deepEqual(await store.append([taken]), ['conflict']);
        const { credentialId } = one;
        await store.append([
          a.next({ rows: [{ kind: 'passkey.update', userId, credentialId, signCount: 7 }] }),
        ]);
        assert.deepEqual(await passkeys(userId), [{ ...one, signCount: 7 }, two]);
        const gone = { kind: 'passkey.delete', userId, credentialId } as const;
        await store.append([a.next({ rows: [gone] })]);
        assert.deepEqual(await passkeys(userId), [two]);
        assert.deepEqual(await store.append([a.next({ rows: [gone] })]), ['appended']);
        assert.deepEqual(await passkeys(b.userId), [others]);
      }),
    );

    test(
      'answers are found by user and key, in the order asked',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        await store.append([a.next({ rows: [answer(a.userId, 'k', 1_234)] })]);
        const found = await store.findIdempotencyRecords([
          { userId: b.userId, key: 'k' },
          { userId: a.userId, key: 'k' },
          { userId: a.userId, key: 'K' },
          { userId: a.userId, key: 'k' },
        ]);
        const expected = { digest: digestOf('k'), answer: '{"answer":"k"}', at: 1_234 };
        assert.deepEqual(found, [undefined, expected, undefined, expected]);
        assert.deepEqual(await store.findIdempotencyRecords([]), []);
      }),
    );

    test(
      'prune deletes what ended before the given times, at most `limit` of each a call',
      withEmpty(async (store) => {
        const [chain] = await registered(store, 1);
        assert.ok(chain);
        const { userId } = chain;
        const times = [1_000, 2_000, 3_000, 4_000];
        for (const at of times) {
          await store.append([
            chain.next({
              at,
              rows: [
                answer(userId, `k${at}`, at),
                {
                  kind: 'session.insert',
                  session: session(userId, `s${at}`, { createdAt: at, expiresAt: at }),
                },
              ],
            }),
          ]);
        }
        const left = async () => {
          const answers = await store.findIdempotencyRecords(times.map((at) => ({ userId, key: `k${at}` })));
          const [user] = await store.load([userId], 0);
          return [answers.map((row) => row?.at), user?.sessions.map(({ expiresAt }) => expiresAt)];
        };
        await store.prune({ idempotencyRecords: 1_000, sessions: 1_000, limit: 10 });
        assert.deepEqual(await left(), [times, times]);
        await store.prune({ idempotencyRecords: 3_000, sessions: 4_000, limit: 1 });
        assert.deepEqual(await left(), [
          [undefined, 2_000, 3_000, 4_000],
          [2_000, 3_000, 4_000],
        ]);
        await store.prune({ idempotencyRecords: 3_000, sessions: 4_000, limit: 10 });
        assert.deepEqual(await left(), [[undefined, undefined, 3_000, 4_000], [4_000]]);
        // A key whose answer was pruned may be used again.
        assert.deepEqual(await store.append([chain.next({ rows: [answer(userId, 'k1000')] })]), ['appended']);
      }),
    );

    test(
      'wrapped keys are listed whole, once each, in a stable order',
      withEmpty(async (store) => {
        const chains = await registered(store, 5);
        for (const { userId } of chains.slice(1, 4)) {
          const chain = chains.find((each) => each.userId === userId);
          assert.ok(chain);
          await store.append([
            chain.next({
              rows: ['a', 'b'].map((id) => ({ kind: 'token.insert' as const, token: token(userId, id) })),
            }),
          ]);
        }
        const expected = [
          ...chains.map(({ userId }) => `1:mac of ${userId}`),
          ...chains.slice(1, 4).flatMap(({ userId }) => ['a', 'b'].map((id) => `1:seed of ${userId}/${id}`)),
        ];
        for (const limit of [1, 2, 3, 5, 100]) {
          assert.deepEqual(
            (await allKeys(store, limit)).map(({ wrapped }) => wrapped).sort(),
            expected.sort(),
          );
        }
        assert.deepEqual(await allKeys(store, 4), await allKeys(store, 100));
      }),
    );

    test(
      'a wrapped key is replaced only while it still is the expected one',
      withEmpty(async (store) => {
        const [chain] = await registered(store, 1);
        assert.ok(chain);
        const { userId } = chain;
        await store.append([chain.next({ rows: [{ kind: 'token.insert', token: token(userId, 't') }] })]);
        const mac = { kind: 'mac', userId, tokenId: '', expected: `1:mac of ${userId}` } as const;
        const seed = { kind: 'seed', userId, tokenId: 't', expected: `1:seed of ${userId}/t` } as const;
        assert.deepEqual(
          await store.replaceWrappedKeys([
            { ...mac, replacement: '2:mac' },
            { ...mac, replacement: '3:mac' },
            { ...seed, replacement: '2:seed' },
            { ...seed, tokenId: 'none', replacement: '3:seed' },
            { ...mac, userId: 999_999, replacement: '3:mac' },
          ]),
          [true, false, true, false, false],
        );
        const [user] = await store.load([userId], 0);
        assert.deepEqual([user?.macKey, user?.tokens[0]?.seed, user?.version], ['2:mac', '2:seed', 2]);
        assert.deepEqual(await store.replaceWrappedKeys([]), []);
      }),
    );

    test(
      'the first vault stays bound, of several at once one, and its key version only grows',
      withEmpty(async (store) => {
        const rivals = Array.from({ length: 8 }, (_, n) => ({ identity: `vault ${n}`, keyVersion: 2 }));
        assert.equal(await store.findVaultBinding(), undefined);
        const told = await Promise.all(rivals.map((rival) => store.bindVault(rival)));
        const [bound = assert.fail()] = told;
        assert.deepEqual(await store.findVaultBinding(), bound);
        assert.deepEqual(
          told,
          rivals.map(() => bound),
        );
        const { identity } = bound;
        assert.deepEqual(await store.bindVault({ identity, keyVersion: 5 }), { identity, keyVersion: 5 });
        assert.deepEqual(await store.bindVault({ identity, keyVersion: 4 }), { identity, keyVersion: 5 });
        const foreign = { identity: 'another', keyVersion: 9 };
        assert.deepEqual(await store.bindVault(foreign), { identity, keyVersion: 5 });
      }),
    );

    test(
      'users are listed in order of id, by page and by a part of the name taken literally',
      withEmpty(async (store) => {
        const names = ['ana', 'Ana', 'banana', '100%', '100_', 'eñe', 'x'];
        const ids = await store.allocateUserIds(names.length);
        await store.append(
          ids.map((userId, index) =>
            new Chain(userId, names[index]).registration({ role: index === 0 ? 'admin' : 'user' }),
          ),
        );
        const list = async (search?: string, after = 0, limit = 100) =>
          (await store.listUsers({ after, limit, ...(search === undefined ? {} : { search }) })).map(
            ({ username }) => username,
          );
        assert.deepEqual(await list(), names);
        assert.deepEqual(await list(undefined, 0, 2), ['ana', 'Ana']);
        assert.deepEqual(await list(undefined, ids[1], 2), ['banana', '100%']);
        assert.deepEqual(await list(undefined, ids.at(-1)), []);
        assert.deepEqual(await list('ana'), ['ana', 'banana']);
        assert.deepEqual(await list('ana', ids[0]), ['banana']);
        assert.deepEqual(await list('ana', 0, 1), ['ana']);
        assert.deepEqual(await list('%'), ['100%']);
        assert.deepEqual(await list('_'), ['100_']);
        assert.deepEqual(await list('ñ'), ['eñe']);
        assert.deepEqual(await list('nobody'), []);
        const {
          passwordHash: _,
          macKey: __,
          ...row
        } = newUser(ids[0] ?? 0, { username: 'ana', role: 'admin' });
        assert.deepEqual(await store.listUsers({ after: 0, limit: 1 }), [row]);
      }),
    );
  });
}

async function allKeys(store: Store, limit: number): Promise<StoredKey[]> {
  const keys: StoredKey[] = [];
  for (let after: WrappedKeyRef | undefined; ; after = keys.at(-1)) {
    const page = await store.listWrappedKeys({ after, limit });
    assert.ok(page.length <= limit);
    keys.push(...page);
    if (page.length < limit) return keys;
  }
}
