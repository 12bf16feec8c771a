/*
 * Goal: identities and messages are written with their entry or not at all; a key, a `jti` and a place in an inbox are taken
 * once; what is deleted is gone for everyone.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  IdentityRow,
  IdentitySecretsRow,
  NewMessage,
  SideRow,
  Store,
  UserId,
} from '../../src/ports/store.ts';
import { type Chain, registered } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

const AT = 1_800_000_000_000;

export function identity(
  userId: UserId,
  version: number,
  name: string,
  more: Partial<IdentityRow> = {},
): IdentityRow {
  const key = (use: string) => `${use}-${name}`.padEnd(43, 'A');
  return {
    ...{ userId, version, signJwk: '{"kty":"EC","x":"s"}', sealJwk: '{"kty":"EC","x":"e"}' },
    ...{ signKey: key('sign'), sealKey: key('seal'), level: 'self_asserted', seen: '', verifiedBy: '' },
    ...{ tokenId: 'token', enrolledAt: AT, revokedAt: 0, revokedReason: '' },
    ...more,
  };
}

function message(
  from: Chain,
  to: readonly Chain[],
  name: string,
  more: Partial<NewMessage> = {},
): NewMessage {
  return {
    ...{ userId: from.userId, messageId: `id-${name}`, jti: `jti-${name}`, digest: 'ab'.repeat(32) },
    ...{ bytes: 7, parts: 1, content: '{"a":1}', sentAt: AT, expiresAt: AT + 1_000 },
    recipients: to.map(({ userId }) => userId),
    ...{ countMax: 8, bytesMax: 1_000, countPerSenderMax: 4 },
    ...more,
  };
}

const send = (store: Store, from: Chain, sent: NewMessage) =>
  store.append([from.next({ type: 'message.sent', rows: [{ kind: 'message.insert', message: sent }] })]);

async function inboxOf(store: Store, { userId }: Chain): Promise<string[]> {
  const found = await store.listInbox({ userId, after: '', at: AT, limit: 100 });
  return found.map(({ messageId }) => messageId);
}

export function messagesContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: identities`, () => {
    test(
      'one is in force, those before are kept; a key of either use is taken once, by whomever',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        assert.equal(await store.findIdentity(a.username), undefined);
        const first = identity(userId, a.version + 1, 'one', { seen: '', level: 'self_asserted' });
        const enrolled = (row: IdentityRow) => ({ kind: 'identity.insert', identity: row }) as const;
        await store.append([a.next({ rows: [enrolled(first)] })]);
        assert.deepEqual(await store.findIdentity(a.username), { ...first, username: a.username });
        const change = { kind: 'identity.update', userId, version: first.version } as const;
        await store.append([
          a.next({ rows: [{ ...change, level: 'operator', seen: 'card', verifiedBy: 'x' }] }),
        ]);
        const verified = { ...first, level: 'operator', seen: 'card', verifiedBy: 'x' };
        assert.deepEqual(await store.findIdentity(a.username), { ...verified, username: a.username });
        const second = identity(userId, a.version + 1, 'two');
        const rotation = { ...change, revokedAt: AT + 5, revokedReason: 'rotated' } as const;
        assert.deepEqual(await store.append([a.next({ rows: [rotation, enrolled(second)] })]), ['appended']);
        const listed = await store.listIdentities({ userId, limit: 9 });
        assert.deepEqual(
          listed.map(({ version, revokedAt, revokedReason }) => [version, revokedAt, revokedReason]),
          [
            [second.version, 0, ''],
            [first.version, AT + 5, 'rotated'],
          ],
        );
        const keys = [second.sealKey, first.sealKey, second.signKey, 'x'];
        const found = await store.findSealingKeys(keys);
        assert.deepEqual(
          found.map((row) => row?.username),
          [a.username, undefined, undefined, undefined],
        );
        for (const taken of [
          identity(b.userId, b.version + 1, 'three', { sealKey: first.sealKey }),
          identity(b.userId, b.version + 1, 'three', { signKey: second.sealKey }),
        ])
          assert.deepEqual(await store.append([b.fork().next({ rows: [enrolled(taken)] })]), ['conflict']);
        assert.equal(await store.findIdentity(b.username), undefined);
        await store.append([a.next({ rows: [{ kind: 'user.update', userId, disabled: true }] })]);
        assert.equal(await store.findIdentity(a.username), undefined, 'of a disabled user');
        assert.deepEqual(await store.findSealingKeys([second.sealKey]), [undefined]);
      }),
    );
  });

  describe(`${name}: keys of identities in the vault`, () => {
    const secrets = (userId: UserId, key: string, madeAt = AT): IdentitySecretsRow => {
      const { signKey, sealKey } = identity(userId, 1, key);
      const wrapped = { signWrapped: `wrapped-sign-${key}`, sealWrapped: `wrapped-seal-${key}` };
      return { userId, signKey, sealKey, version: 0, ...wrapped, madeAt };
    };
    const offer = (row: IdentitySecretsRow): SideRow => ({ kind: 'identity_secrets.insert', secrets: row });

    test(
      'a user has those offered last and those enrolled; enrolling destroys the others, revoking all',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const { userId } = a;
        const append = async (rows: readonly SideRow[], chain: Chain = a) =>
          (await store.append([chain.next({ type: 'identity.offered', rows })]))[0];
        const held = async () =>
          (await store.findIdentitySecrets(userId)).map(({ signKey, version }) => `${signKey[5]}${version}`);
        assert.equal(await append([offer(secrets(userId, '1'))]), 'appended');
        assert.equal(await append([offer(secrets(b.userId, '9'))], b), 'appended');
        assert.equal(await append([offer(secrets(userId, '2'))]), 'appended');
        assert.deepEqual(await store.findIdentitySecrets(userId), [secrets(userId, '2')]);
        const enrol = (key: string, version: number): SideRow => ({
          ...{ kind: 'identity_secrets.enrol', userId, version },
          signKey: secrets(userId, key).signKey,
        });
        assert.equal(await append([enrol('2', 5)]), 'appended');
        assert.deepEqual(await held(), ['25']);
        const gone = a.fork();
        assert.equal(await append([enrol('1', 6)], gone), 'conflict', 'not offered any more');
        assert.equal(await append([enrol('2', 6)], a.fork()), 'conflict', 'enrolled already');
        assert.equal(await append([offer(secrets(userId, '3'))]), 'appended');
        assert.deepEqual(await held(), ['25', '30']);
        assert.equal(await append([enrol('3', 7)]), 'appended');
        assert.deepEqual(await held(), ['37']);
        assert.equal(await append([{ kind: 'identity_secrets.delete', userId }]), 'appended');
        assert.deepEqual(await held(), []);
        assert.equal((await store.findIdentitySecrets(b.userId)).length, 1);
      }),
    );

    test(
      'they are listed for rewrapping in pages of any size, and replaced where they are as expected',
      withEmpty(async (store) => {
        const users = await registered(store, 2);
        for (const user of users)
          await store.append([user.next({ rows: [offer(secrets(user.userId, `${user.userId}`))] })]);
        const own = users.flatMap(({ userId }) => [`seal-${userId}`, `sign-${userId}`]);
        for (const limit of [1, 2, 3, 100]) {
          const found: string[] = [];
          let after: Parameters<Store['listWrappedKeys']>[0]['after'];
          for (;;) {
            const page = await store.listWrappedKeys({ after, limit });
            if (page.length === 0) break;
            after = page.at(-1);
            for (const { kind, wrapped } of page) if (kind === 'identity') found.push(wrapped);
          }
          assert.deepEqual(
            found,
            own.map((key) => `wrapped-${key}`),
            `${limit}`,
          );
        }
        const [{ userId } = assert.fail()] = users;
        const { signKey } = secrets(userId, `${userId}`);
        const replace = (tokenUse: string, expected: string) =>
          store.replaceWrappedKeys([
            { kind: 'identity', userId, tokenId: `${signKey}/${tokenUse}`, expected, replacement: 'again' },
          ]);
        assert.deepEqual(await replace('sign', 'something else'), [false]);
        assert.deepEqual(await replace('seal', `wrapped-sign-${userId}`), [false]);
        assert.deepEqual(await replace('sign', `wrapped-sign-${userId}`), [true]);
        const [row] = await store.findIdentitySecrets(userId);
        assert.deepEqual([row?.signWrapped, row?.sealWrapped], ['again', `wrapped-seal-${userId}`]);
      }),
    );

    test(
      'what nobody enrolled for long, and what is of no identity in force, is pruned',
      withEmpty(async (store) => {
        const [a, b, c] = await registered(store, 3);
        assert.ok(a && b && c);
        const before = { idempotencyRecords: 0, sessions: 0, limit: 10 };
        const kept = identity(c.userId, 2, '3');
        const enrol = ({ userId }: Chain, key: string): SideRow => ({
          ...{ kind: 'identity_secrets.enrol', userId, version: 2 },
          signKey: secrets(userId, key).signKey,
        });
        await store.append([a.next({ rows: [offer(secrets(a.userId, '1'))] })]);
        await store.append([b.next({ rows: [offer(secrets(b.userId, '2')), enrol(b, '2')] })]);
        await store.append([
          c.next({
            rows: [offer(secrets(c.userId, '3')), { kind: 'identity.insert', identity: kept }, enrol(c, '3')],
          }),
        ]);
        const left = async () => {
          const all = await Promise.all([a, b, c].map(({ userId }) => store.findIdentitySecrets(userId)));
          return all.map((rows) => rows.length);
        };
        await store.prune({ ...before, identitySecrets: AT });
        assert.deepEqual(await left(), [1, 0, 1]);
        await store.prune({ ...before, identitySecrets: AT + 1 });
        assert.deepEqual(await left(), [0, 0, 1]);
      }),
    );
  });

  describe(`${name}: messages`, () => {
    test(
      'a message is in each inbox, with its content, until each acknowledges or deletes it',
      withEmpty(async (store) => {
        const [a, b, c] = await registered(store, 3);
        assert.ok(a && b && c);
        const sent = message(a, [b, c], '1');
        assert.deepEqual(await send(store, a, sent), ['appended']);
        const key = { userId: b.userId, messageId: 'id-1', at: AT };
        const found = await store.findInboxMessage(key);
        assert.deepEqual(found, {
          ...{ messageId: 'id-1', senderId: a.userId, from: a.username, jti: 'jti-1', digest: sent.digest },
          ...{ bytes: 7, parts: 1, sentAt: AT, deliveredAt: 0 },
        });
        assert.deepEqual(await store.listInbox({ userId: b.userId, after: '', at: AT, limit: 5 }), [found]);
        assert.equal(
          await store.findInboxMessage({ ...key, userId: a.userId }),
          undefined,
          'not the sender’s',
        );
        assert.equal(await store.findInboxMessage({ ...key, at: AT + 1_000 }), undefined, 'expired');
        const part = { senderId: a.userId, messageId: 'id-1', part: 0 };
        assert.equal(await store.readMessagePart(part), '{"a":1}');
        const delivered = {
          kind: 'inbox.deliver',
          ...{ userId: b.userId, messageId: 'id-1', deliveredAt: AT + 3, receipt: 'jws' },
        } as const;
        assert.deepEqual(await store.append([b.next({ rows: [delivered] })]), ['appended']);
        assert.deepEqual(await store.append([b.fork().next({ rows: [delivered] })]), ['conflict']);
        const removed = { kind: 'inbox.delete', userId: c.userId, messageId: 'id-1' } as const;
        assert.deepEqual(await store.listDeliveries({ senderId: a.userId, messageId: 'id-1' }), [
          { to: b.username, deliveredAt: AT + 3, receipt: 'jws' },
          { to: c.username, deliveredAt: 0, receipt: '' },
        ]);
        assert.deepEqual(await store.listDeliveries({ senderId: b.userId, messageId: 'id-1' }), []);
        assert.deepEqual(await store.append([c.next({ rows: [removed] })]), ['appended']);
        assert.deepEqual(await store.append([c.fork().next({ rows: [removed] })]), ['conflict']);
        assert.deepEqual([await inboxOf(store, b), await inboxOf(store, c)], [[], []]);
        const acknowledged = (userId: UserId) =>
          store.listInbox({ userId, after: '', at: AT, limit: 9, acknowledged: true });
        assert.deepEqual(
          (await acknowledged(b.userId)).map(({ messageId }) => messageId),
          ['id-1'],
        );
        assert.deepEqual(await acknowledged(c.userId), []);
        assert.equal((await store.findInboxMessage(key))?.deliveredAt, AT + 3, 'it can still be read');
      }),
    );

    test(
      'a jti is taken once of a sender; a conflict leaves nothing behind',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        await send(store, a, message(a, [b], '1'));
        const again = message(a, [b], '2', { jti: 'jti-1' });
        assert.equal(await store.checkMessage(again), 'repeated');
        assert.deepEqual(await send(store, a.fork(), again), ['conflict']);
        assert.deepEqual(await inboxOf(store, b), ['id-1']);
        assert.equal(
          await store.readMessagePart({ senderId: a.userId, messageId: 'id-2', part: 0 }),
          undefined,
        );
        const other = message(b, [a], '2', { jti: 'jti-1' });
        assert.equal(await store.checkMessage(other), undefined);
        assert.deepEqual(await send(store, b, other), ['appended']);
      }),
    );

    test(
      'an inbox and a sender have so much room, one sender a part of an inbox',
      withEmpty(async (store) => {
        const [a, b, c] = await registered(store, 3);
        assert.ok(a && b && c);
        const bounds = { countMax: 3, bytesMax: 100, countPerSenderMax: 2 };
        for (const each of ['1', '2']) await send(store, a, message(a, [b], each, bounds));
        const third = message(a, [c, b], '3', bounds);
        assert.equal(await store.checkMessage(third), 'inbox_full');
        assert.deepEqual(await send(store, a.fork(), third), ['conflict']);
        assert.deepEqual(await inboxOf(store, c), [], 'none of its recipients has it');
        assert.deepEqual(await send(store, a, message(a, [c], '4', bounds)), ['appended']);
        assert.equal(await store.checkMessage(message(a, [c], '5', bounds)), 'outbox_full');
        assert.deepEqual(await send(store, a.fork(), message(a, [c], '5', bounds)), ['conflict']);
        const long = message(c, [b], '6', { ...bounds, bytes: 90 });
        assert.equal(await store.checkMessage(long), 'inbox_full');
        assert.deepEqual(await send(store, c.fork(), long), ['conflict']);
        assert.deepEqual(await send(store, c, message(c, [b], '7', bounds)), ['appended']);
        assert.equal(await store.checkMessage(message(c, [b], '8', bounds)), 'inbox_full');
        const later = message(c, [b], '9', { ...bounds, sentAt: AT + 1_000, expiresAt: AT + 2_000 });
        assert.equal(await store.checkMessage(later), undefined, 'what expired takes no room');
      }),
    );

    test(
      'staged parts are nobody’s until the entry commits them, and go with a message that never was',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        const stage = (messageId: string, part: number, content: string) =>
          store.stageMessagePart({ userId: a.userId, messageId, part, content, at: AT });
        const read = (messageId: string, part: number) =>
          store.readMessagePart({ senderId: a.userId, messageId, part });
        await stage('id-1', 0, 'one');
        await stage('id-1', 1, 'two');
        await stage('id-1', 1, 'two');
        assert.equal(await read('id-1', 0), undefined);
        const long = message(a, [b], '1', { content: undefined, parts: 2 });
        assert.deepEqual(await send(store, a, long), ['appended']);
        assert.deepEqual([await read('id-1', 0), await read('id-1', 1)], ['one', 'two']);
        await store.discardStagedMessage({ userId: a.userId, messageId: 'id-1' });
        assert.equal(await read('id-1', 0), 'one', 'a committed one stays');
        for (const id of ['id-2', 'id-3']) await stage(id, 0, 'left');
        await store.discardStagedMessage({ userId: a.userId, messageId: 'id-2' });
        const gone = message(a, [b], '2', { content: undefined, parts: 1 });
        assert.deepEqual(await send(store, a.fork(), gone), ['conflict']);
        assert.equal(await store.expireMessages({ expired: 0, staged: AT, limit: 10 }), false);
        const lost = message(a, [b], '3', { content: undefined, parts: 1 });
        assert.deepEqual(await send(store, a.fork(), lost), ['conflict']);
        assert.equal(await read('id-1', 1), 'two');
      }),
    );

    test(
      'what expired is deleted a bounded number at a time; its jti stays taken',
      withEmpty(async (store) => {
        const [a, b] = await registered(store, 2);
        assert.ok(a && b);
        for (const each of ['1', '2', '3']) {
          const expiresAt = AT + Number(each);
          await send(store, a, message(a, [b], each, { expiresAt }));
        }
        assert.equal(await store.expireMessages({ expired: AT + 2, staged: 0, limit: 1 }), true);
        assert.equal(await store.expireMessages({ expired: AT + 2, staged: 0, limit: 10 }), false);
        assert.deepEqual(await inboxOf(store, b), ['id-3']);
        const read = (messageId: string) => store.readMessagePart({ senderId: a.userId, messageId, part: 0 });
        assert.deepEqual([await read('id-1'), await read('id-3')], [undefined, '{"a":1}']);
        assert.equal(await store.checkMessage(message(a, [b], '9', { jti: 'jti-1' })), 'repeated');
        assert.deepEqual(await store.listDeliveries({ senderId: a.userId, messageId: 'id-1' }), []);
      }),
    );
  });
}
