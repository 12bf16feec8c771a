/*
 * Goal: a message that its sender sends to two servers at once is taken once; what is sent on one is read on the other, and
 * acknowledged once; an inbox takes no more than it has room for by more than the servers that write at once.
 * Method: two real applications on one PostgreSQL database, each with its own memory; callers alternate between them.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { acknowledgeMessage } from '../../src/application/messages/acknowledge-message.ts';
import { findMessage, listDeliveries, listInbox, readParts } from '../../src/application/messages/inbox.ts';
import { sendMessage } from '../../src/application/messages/send-message.ts';
import type { Session } from '../../src/application/sessions/session.ts';
import {
  type Correspondent,
  type IdentityKeys,
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../src/client/messages/identity-keys.ts';
import { openMessage, sha256Of, signReceipt } from '../../src/client/messages/open-message.ts';
import { sealMessage } from '../../src/client/messages/seal-message.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import type { IdentityRow } from '../../src/ports/store.ts';
import { readMessage } from '../../src/wire/read-message.ts';
import { countByKind, entriesOf } from '../application/decisions/rewired.ts';
import { registeredSession } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { TwoApplications } from '../services/two-applications.ts';

const ROUNDS = Number(process.env.SELLO_RACE_ROUNDS ?? 20);
const CALLERS = 8;

interface Party {
  readonly session: Session;
  readonly keys: IdentityKeys;
  readonly shown: Correspondent;
}

let postgres: PostgresServer;
let servers: TwoApplications;
let alice: Party;
let bob: Party;

before(async () => {
  postgres = await PostgresServer.start({ fast: true });
  servers = await TwoApplications.open(postgres, { flags: { '--messages-inbox-count-max': '65536' } });
  [alice, bob] = [await party('alice'), await party('bob')];
});

after(async () => {
  await servers?.close();
  await postgres?.remove();
});

/** Enrolled without a code: how a code lets keys in is another suite's. */
async function party(user: string): Promise<Party> {
  const session = await registeredSession(servers.one, user);
  const keys = await makeIdentityKeys();
  const jwks = await publicJwksOf(keys);
  const shown = await readCorrespondent({ user, ...jwks });
  assert.ok(shown);
  await servers.one.context.decider.submit({
    userId: session.userId,
    decide: (found) => {
      assert.ok(found);
      const version = found.version + 1;
      const identity: IdentityRow = {
        ...{ userId: session.userId, version, signKey: keys.signKey, sealKey: keys.sealKey },
        ...{ signJwk: JSON.stringify(jwks.sign_jwk), sealJwk: JSON.stringify(jwks.seal_jwk) },
        ...{ level: 'self_asserted', seen: '', verifiedBy: '', tokenId: '', enrolledAt: 1 },
        ...{ revokedAt: 0, revokedReason: '' },
      };
      return {
        result: undefined,
        draft: {
          type: 'identity.enrolled',
          detail: { sign: keys.signKey, seal: keys.sealKey, level: 'self_asserted' },
          state: { ...found.state, identity: { version } },
          rows: [{ kind: 'identity.insert', identity }],
        },
      };
    },
  });
  return { session, keys, shown };
}

async function sealed(content: Uint8Array, id = randomUUID()): Promise<Buffer> {
  const { keys } = alice;
  const text = await sealMessage({
    ...{ user: 'alice', keys, recipients: [bob.shown], content, contentType: 'text/plain' },
    ...{ now: Date.now(), lifetimeMs: 60_000, id },
  });
  return Buffer.from(text);
}

async function send(caller: number, content: Buffer) {
  const read = await readMessage(content);
  assert.ok(!isRefusal(read));
  return sendMessage(servers.of(caller).context, { session: alice.session, ...read, content });
}

const waiting = (caller: number) => listInbox(servers.of(caller).context, bob.session, { limit: 1_000 });

async function receive(caller: number, id: string) {
  const { context } = servers.of(caller);
  const found = await findMessage(context, bob.session, id);
  assert.ok(found);
  let jwe = '';
  for await (const part of readParts(context, found)) jwe += part;
  const opened = await openMessage(jwe, bob.keys, alice.shown, Date.now());
  assert.ok(!('problem' in opened), JSON.stringify(opened));
  const receipt = await signReceipt('bob', bob.keys, opened, {
    sha256: await sha256Of(jwe),
    now: Date.now(),
  });
  return { content: Buffer.from(opened.content), receipt };
}

test('the same message at both servers at once, long or short: one is taken, once', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const content = Buffer.alloc(round % 4 === 0 ? 30_000 : 10, `${round}`);
    const jwe = await sealed(content);
    const results = await Promise.all(Array.from({ length: CALLERS }, (_, caller) => send(caller, jwe)));
    const ids = results.flatMap((result) => (isRefusal(result) ? [] : [result.id]));
    const refused = results.flatMap((result) => (isRefusal(result) ? [result.refused] : []));
    assert.deepEqual(
      [ids.length, refused],
      [1, new Array(CALLERS - 1).fill('message_repeated')],
      `round ${round}`,
    );
    const [id] = ids as [string];
    const lists = await Promise.all([waiting(0), waiting(1)]);
    for (const list of lists)
      assert.deepEqual(
        list.map(({ messageId }) => messageId),
        [id],
      );
    const { content: read, receipt } = await receive(round, id);
    assert.ok(read.equals(content));
    const acknowledged = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) =>
        acknowledgeMessage(servers.of(caller).context, { session: bob.session, messageId: id, receipt }),
      ),
    );
    assert.deepEqual(acknowledged, new Array(CALLERS).fill(undefined));
    assert.deepEqual([await waiting(0), await waiting(1)], [[], []]);
    const [delivery] = await listDeliveries(servers.of(round + 1).context, alice.session, id);
    assert.equal(delivery?.receipt, receipt);
  }
  const counts = countByKind([
    ...(await entriesOf(servers.one.context, alice.session.userId)),
    ...(await entriesOf(servers.one.context, bob.session.userId)),
  ]);
  assert.equal(counts['message.sent'], ROUNDS);
  assert.equal(counts['message.delivered'], ROUNDS);
});

test('messages sent through both servers at once are all there, each once, and can be read through either', async () => {
  const contents = Array.from({ length: 24 }, (_, index) => Buffer.from(`message ${index}`));
  const sent = await Promise.all(contents.map(async (content, index) => send(index, await sealed(content))));
  const ids = sent.map((result) => (isRefusal(result) ? result.refused : result.id));
  const listed = (await waiting(0)).map(({ messageId }) => messageId);
  assert.deepEqual([...listed].sort(), [...ids].sort());
  const read = await Promise.all(ids.map(async (id, index) => (await receive(index, id)).content.toString()));
  assert.deepEqual(read, contents.map(String));
});
