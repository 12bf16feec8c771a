/*
 * Goal: the virtual token makes keys that cannot leave it, enrols them by its code, and reads only what comes from keys that it
 * knows: a server that swaps a key is found out.
 * Method: two devices without a browser, on the real server; the swap is made in the server's answers.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeIdentityKeys, publicJwksOf } from '../../src/client/messages/identity-keys.ts';
import { isProblem } from '../../web/src/api/problem.ts';
import { Device } from '../../web/src/token/device/device.ts';
import type { TokenRecord } from '../../web/src/token/device/storage.ts';
import { stretch } from '../../web/src/token/keyring/stretch.ts';
import type { Messaging } from '../../web/src/token/messages/messaging.ts';
import { type HttpFixture, testHttp } from '../wire/http/http-fixture.ts';
import { MemoryStorage } from './memory-storage.ts';

const PIN = { kind: 'pin', pin: '847261' } as const;
const text = (value: string) => ({ bytes: new TextEncoder().encode(value), type: 'text/plain' });

interface Phone {
  readonly device: Device;
  readonly token: TokenRecord;
  readonly storage: MemoryStorage;
  readonly messaging: Messaging;
}

async function phone(t: Pick<TestContext, 'after'>, http: HttpFixture, username: string): Promise<Phone> {
  const user = await http.user(username);
  const storage = new MemoryStorage();
  const none = () => Promise.reject(new Error('no passkeys here'));
  const device = await Device.start({
    ...{ storage, origin: http.base, language: () => 'en' },
    stretcher: async (request) => stretch(request),
    passkeys: { make: none, ask: none },
    cost: { memoryKiB: 64, passes: 1 },
  });
  t.after(() => device.lock());
  const { json } = await user.post('/v1/enrolments', {});
  const enrolled = await device.enrol(json.code, 'phone', PIN);
  assert.ok(enrolled.kind === 'done');
  return { device, token: enrolled.value, storage, messaging: await device.messaging() };
}

test('two people enrol, compare, write and read; the sender has the receipt; a wrong PIN enrols nothing', async (t) => {
  const http = await testHttp(t);
  const [alice, bob] = [await phone(t, http, 'alice'), await phone(t, http, 'bob')];
  assert.equal(await alice.messaging.keysState(alice.token), 'none');
  const wrong = await alice.device.enrolMessages(alice.token, { kind: 'pin', pin: '000001' });
  assert.equal(wrong.kind, 'wrong');
  assert.equal(await alice.messaging.keysState(alice.token), 'none');
  for (const { device, token, messaging } of [alice, bob]) {
    assert.equal((await device.enrolMessages(token, PIN)).kind, 'done');
    assert.equal(await messaging.keysState(token), 'in_force');
  }
  const kept = await alice.storage.read('correspondence');
  const keys = kept?.alice?.keys;
  assert.deepEqual([keys?.sign.privateKey.extractable, keys?.seal.privateKey.extractable], [false, false]);

  assert.equal(await alice.messaging.contact(alice.token, 'nobody'), undefined);
  const seen = await alice.messaging.contact(alice.token, 'bob');
  assert.deepEqual([seen?.verdict, seen?.compared], ['first', false]);
  assert.ok(seen);
  const back = await bob.messaging.contact(bob.token, 'alice');
  assert.equal(back?.safetyNumber, seen.safetyNumber);
  await alice.messaging.trust(alice.token, seen, true);
  const again = await alice.messaging.contact(alice.token, 'bob');
  assert.deepEqual([again?.verdict, again?.compared], ['same', true]);

  await alice.messaging.send(alice.token, [seen], text('Hola Bob ñ'));
  const [listed] = await bob.messaging.inbox(bob.token);
  assert.ok(listed && listed.from === 'alice');
  const read = await bob.messaging.read(bob.token, listed);
  assert.ok(read.kind === 'opened', JSON.stringify(read));
  assert.equal(new TextDecoder().decode(read.message.content), 'Hola Bob ñ');
  assert.deepEqual(await bob.messaging.inbox(bob.token), []);

  await bob.messaging.send(bob.token, [back as NonNullable<typeof back>], text('unread'));
  const [unread] = await alice.messaging.inbox(alice.token);
  await alice.messaging.remove(alice.token, unread?.id ?? '');
  assert.deepEqual(await alice.messaging.inbox(alice.token), []);
});

test('a key that the server swapped is shown loudly: nothing is sealed to it, opened by it or acknowledged', async (t) => {
  const http = await testHttp(t);
  const [alice, bob] = [await phone(t, http, 'alice'), await phone(t, http, 'bob')];
  for (const { device, token } of [alice, bob]) await device.enrolMessages(token, PIN);
  const first = await bob.messaging.contact(bob.token, 'alice');
  const seen = await alice.messaging.contact(alice.token, 'bob');
  assert.ok(first && seen);
  await alice.messaging.send(alice.token, [seen], text('before'));

  // The server shows other keys for Alice from now on.
  const swapped = await publicJwksOf(await makeIdentityKeys());
  const { fetch } = globalThis;
  t.after(() => {
    globalThis.fetch = fetch;
  });
  globalThis.fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!String(input).endsWith('/v1/identities/alice')) return answer;
    return Response.json({ ...((await answer.json()) as object), ...swapped });
  };
  const changed = await bob.messaging.contact(bob.token, 'alice');
  assert.equal(changed?.verdict, 'changed');
  assert.ok(changed);
  assert.notEqual(changed.safetyNumber, first.safetyNumber);
  await assert.rejects(bob.messaging.send(bob.token, [changed], text('to whom?')), /a key changed/);
  const [listed] = await bob.messaging.inbox(bob.token);
  assert.ok(listed);
  assert.equal((await bob.messaging.read(bob.token, listed)).kind, 'changed');
  assert.equal((await bob.messaging.inbox(bob.token)).length, 1, 'still there, not acknowledged');
  // Who believes the swapped key all the same cannot open what Alice wrote by hers.
  await bob.messaging.trust(bob.token, changed, false);
  const read = await bob.messaging.read(bob.token, listed);
  assert.ok(read.kind === 'problem' && read.problem === 'sender_other', JSON.stringify(read));
  assert.equal(await alice.messaging.keysState(alice.token), 'replaced', 'Alice herself is told');
});

test('new keys of the same person are a change as well, until the reader believes them', async (t) => {
  const http = await testHttp(t);
  const [alice, bob] = [await phone(t, http, 'alice'), await phone(t, http, 'bob')];
  for (const { device, token } of [alice, bob]) await device.enrolMessages(token, PIN);
  await bob.messaging.contact(bob.token, 'alice');
  assert.equal((await alice.device.enrolMessages(alice.token, PIN)).kind, 'done');
  const contact = await alice.messaging.contact(alice.token, 'bob');
  assert.ok(contact);
  await alice.messaging.send(alice.token, [contact], text('new phone'));
  const [listed] = await bob.messaging.inbox(bob.token);
  assert.ok(listed);
  const read = await bob.messaging.read(bob.token, listed);
  assert.ok(read.kind === 'changed');
  await bob.messaging.trust(bob.token, read.contact, true);
  assert.equal((await bob.messaging.read(bob.token, listed)).kind, 'opened');
  const late = await bob.messaging.remove(bob.token, 'unknown').catch((error: unknown) => error);
  assert.ok(isProblem(late, 'message_unknown'));
});
