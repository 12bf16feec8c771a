/*
 * Goal: keys are enrolled by a code over them alone; a sealed message reaches its recipients, only them, once, as it was sent;
 * what is not of the form is refused by name.
 * Method: the real server; people whose keys and messages the client library makes.
 */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { makeIdentityKeys, publicJwksOf } from '../../../src/client/messages/identity-keys.ts';
import type { HttpFixture, Json } from './http-fixture.ts';
import { testHttp } from './http-fixture.ts';
import { Person } from './messages-fixture.ts';

const ended: (() => unknown)[] = [];
let fixture: HttpFixture;
let now = Date.parse('2026-03-01T10:00:00Z');
let alice: Person;
let bob: Person;
let carol: Person;

before(async () => {
  fixture = await testHttp(
    { after: (fn) => void ended.push(fn as () => unknown) },
    {
      clock: { now: () => now },
      flags: { '--messages-inbox-count-max': '8', '--messages-inbox-bytes-max': '201326592' },
    },
  );
  alice = await Person.make(fixture, 'alice');
  bob = await Person.make(fixture, 'böb 李');
  carol = await Person.make(fixture, 'carol');
});

after(async () => {
  for (const end of ended) await end();
});

async function refused(answer: Promise<{ status: number; json: Json; text: string }>, code: string) {
  const { json, status, text } = await answer;
  assert.equal(json?.code, code, `${status} ${text.slice(0, 300)}`);
  return json;
}

describe('identities', () => {
  test('the directory shows the keys, their level and the entry that enrolled them', async () => {
    const { json } = await carol.user.get(`/v1/identities/${encodeURIComponent(bob.name)}`);
    const jwks = await publicJwksOf(bob.keys);
    assert.deepEqual([json.user, json.level], [bob.name, 'self_asserted']);
    assert.deepEqual([json.sign_jwk, json.seal_jwk], [jwks.sign_jwk, jwks.seal_jwk]);
    const { detail, type, user } = JSON.parse(json.entry.body);
    assert.deepEqual([type, user], ['identity.enrolled', bob.name]);
    assert.deepEqual([detail.sign, detail.seal], [bob.keys.signKey, bob.keys.sealKey]);
    const [entry] = await fixture.application.store.readJournal({ after: json.index, limit: 1 });
    const hash = createHash('sha256').update(Buffer.from(json.entry.previous, 'hex')).update(json.entry.body);
    assert.equal(entry?.hash, hash.digest('hex'), 'index is that of the entry whose hash these bytes have');
  });

  test('nobody, and who has no keys, are the same 404', async () => {
    await fixture.user('keyless');
    const one = await refused(alice.user.get('/v1/identities/keyless'), 'identity_unknown');
    const other = await refused(alice.user.get('/v1/identities/nobody'), 'identity_unknown');
    assert.deepEqual({ ...one, request_id: '' }, { ...other, request_id: '' });
  });

  test('a code over other keys, of another user, of another kind of token or without one enrols nothing', async () => {
    const user = await fixture.user('dave');
    const dave = new Person(user, await user.enrol('ocra'), await makeIdentityKeys());
    const swapped = await makeIdentityKeys();
    await refused(dave.enrol(swapped, dave.codeOver(dave.keys)), 'code_wrong');
    await refused(dave.enrol(dave.keys, alice.codeOver(dave.keys)), 'code_wrong');
    await refused(alice.user.get('/v1/identities/dave'), 'identity_unknown');
    const seenKeys = { ...dave.keys, signKey: dave.keys.sealKey, sealKey: dave.keys.signKey };
    now += 31_000;
    await refused(dave.enrol(dave.keys, dave.codeOver(seenKeys)), 'code_wrong');
    const eve = await fixture.user('eve');
    const totp = await eve.enrol('totp');
    now += 61_000;
    await refused(
      eve.post('/v1/identities', { ...(await publicJwksOf(swapped)), code: totp.code() }),
      'bound_code_required',
    );
  });

  test('a key of another curve, off the curve, private, or for both uses is refused by name', async () => {
    const { sign_jwk: sign, seal_jwk: seal } = await publicJwksOf(await makeIdentityKeys());
    const code = '123456';
    const wrong: [object, object, RegExp][] = [
      [{ ...sign, crv: 'P-384' }, seal, /sign_jwk: kty must be EC and crv P-256/],
      [sign, { kty: 'OKP', crv: 'X25519', x: seal.x }, /seal_jwk: kty must be EC/],
      [{ ...sign, y: sign.x }, seal, /not a point on the curve/],
      [{ ...sign, d: sign.x }, seal, /private part/],
      [{ ...sign, x: `${sign.x}A` }, seal, /32 bytes/],
      [{ ...sign, x5c: [] }, seal, /x5c is not expected/],
      [sign, sign, /one key for both/],
    ];
    for (const [one, other, detail] of wrong) {
      const json = await refused(
        alice.user.post('/v1/identities', { sign_jwk: one, seal_jwk: other, code }),
        'identity_key_invalid',
      );
      assert.match(json.detail, detail);
    }
  });

  test('keys are replaced with their history, revoked at once, and never enrolled again', async () => {
    const frank = await Person.make(fixture, 'frank');
    const mine = await publicJwksOf(frank.keys);
    const later = await makeIdentityKeys();
    const rotated = await frank.enrol(later);
    assert.equal(rotated.status, 201, rotated.text);
    assert.equal((await alice.seen('frank')).signKey, later.signKey);
    await refused(frank.enrol(frank.keys), 'identity_key_taken');
    const stolen = { ...(await makeIdentityKeys()), seal: alice.keys.seal, sealKey: alice.keys.sealKey };
    await refused(frank.enrol(stolen), 'identity_key_taken');
    assert.equal(
      (await frank.user.fixture.request('DELETE', '/v1/identities/current', { token: frank.user.token }))
        .status,
      204,
    );
    await refused(alice.user.get('/v1/identities/frank'), 'identity_unknown');
    const { identities } = (await frank.user.get('/v1/identities')).json;
    assert.deepEqual(
      identities.map(({ revoked_reason }: Json) => revoked_reason),
      ['user', 'rotated'],
    );
    assert.deepEqual(identities[1].sign_jwk, mine.sign_jwk);
    await refused(
      frank.user.fixture.request('DELETE', '/v1/identities/current', { token: frank.user.token }),
      'identity_unknown',
    );
    const { entries } = (await frank.user.get('/v1/journal')).json;
    assert.deepEqual(
      entries.map(({ body }: Json) => body.type).filter((type: string) => type.startsWith('identity')),
      ['identity.revoked', 'identity.enrolled', 'identity.enrolled'],
    );
  });

  test('an administrator records what they saw, for the keys that they compared; the same token carries it over', async () => {
    const grace = await Person.make(fixture, 'grace');
    const admin = await fixture.withRole('root', 'admin');
    const path = '/v1/admin/identities/grace';
    const body = { sign: grace.keys.signKey, seen: 'passport …3456' };
    await refused(grace.user.post(`${path}/verification`, body), 'resource_unknown');
    await refused(
      admin.post(`${path}/verification`, { ...body, sign: alice.keys.signKey }),
      'identity_changed',
    );
    assert.equal((await admin.post(`${path}/verification`, body)).status, 204);
    const level = async () => (await alice.user.get('/v1/identities/grace')).json.level;
    assert.equal(await level(), 'operator');
    assert.equal((await grace.enrol(await makeIdentityKeys())).status, 201);
    assert.equal(await level(), 'factor');
    await refused(admin.post(`${path}/verification`, body), 'identity_changed');
    await fixture.prove(admin);
    assert.equal((await fixture.request('DELETE', path, { token: admin.token })).status, 204);
    await refused(alice.user.get('/v1/identities/grace'), 'identity_unknown');
  });
});

describe('messages', () => {
  test('reach each recipient as they were sent, and nobody else', async () => {
    const jwe = await alice.seal([bob, carol], 'Hola, ¿qué tal? 👋');
    const { id } = (await alice.post(jwe)).json;
    for (const person of [bob, carol]) {
      const [listed] = await person.waiting();
      assert.deepEqual([listed?.id, listed?.from], [id, 'alice']);
      const { opened, jwe: received } = await person.open(id, alice);
      assert.equal(received, jwe);
      assert.equal(Buffer.from(opened.content).toString(), 'Hola, ¿qué tal? 👋');
    }
    await refused(alice.user.get(`/v1/messages/${id}`), 'message_unknown');
    assert.deepEqual(await alice.waiting(), []);
    await refused(alice.user.get('/v1/messages/nothing'), 'message_unknown');
    const { entries } = (await alice.user.get('/v1/journal?limit=1')).json;
    const { type, detail } = entries[0].body;
    assert.equal(type, 'message.sent');
    assert.equal(detail.sha256, createHash('sha256').update(jwe).digest('hex'));
    assert.ok(!JSON.stringify(entries[0]).includes('carol'), 'no recipient in the journal');
  });

  test('a receipt that the recipient signed acknowledges one, and the sender can show it', async () => {
    const id = await alice.send([bob], 'acknowledge me');
    const read = await bob.open(id, alice);
    const receipt = await bob.receiptOf(read);
    const { receipts: none } = (await alice.user.get(`/v1/messages/${id}/receipts`)).json;
    assert.deepEqual(none, [{ user: bob.name, at: null, receipt: null }]);
    const [header, claims, signature] = receipt.split('.');
    await refused(
      bob.acknowledge(id, `${header}.${claims}.${signature?.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`),
      'delivery_receipt_invalid',
    );
    await refused(bob.acknowledge(id, `${header}..${signature}`), 'delivery_receipt_invalid');
    await refused(carol.acknowledge(id, receipt), 'message_unknown');
    const other = await bob.receiptOf({ ...read, jwe: `${read.jwe} ` });
    assert.match((await refused(bob.acknowledge(id, other), 'delivery_receipt_invalid')).detail, /sha256/);
    assert.equal((await bob.acknowledge(id, receipt)).status, 204);
    assert.equal((await bob.acknowledge(id, receipt)).status, 204, 'again');
    assert.ok(!(await bob.waiting()).some((message) => message.id === id), 'it no longer waits');
    assert.equal((await bob.user.get(`/v1/messages/${id}`)).text, read.jwe, 'it can still be read');
    const { messages } = (await bob.user.get('/v1/messages?acknowledged=true')).json;
    assert.deepEqual(
      messages.map((message: Json) => message.id),
      [id],
    );
    const { receipts } = (await alice.user.get(`/v1/messages/${id}/receipts`)).json;
    assert.equal(receipts[0].receipt, receipt);
    await refused(carol.user.get(`/v1/messages/${id}/receipts`), 'message_unknown');
    const { entries } = (await bob.user.get('/v1/journal?limit=1')).json;
    assert.equal(entries[0].body.type, 'message.delivered');
  });

  test('a jti is taken once of its sender, and is another sender’s as well; a repeat by key is told the same', async () => {
    const id = randomUUID();
    const jwe = await alice.seal([carol], 'once', { id });
    const key = { 'idempotency-key': 'message-1' };
    const first = await alice.post(jwe, key);
    assert.equal(first.status, 201, first.text);
    const again = await alice.post(jwe, key);
    assert.deepEqual([again.status, again.json], [201, first.json]);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    await refused(alice.post(jwe), 'message_repeated');
    await refused(alice.post(await alice.seal([bob], 'other', { id })), 'message_repeated');
    await refused(alice.post(await alice.seal([bob], 'other'), key), 'idempotency_mismatch');
    assert.equal((await bob.post(await bob.seal([carol], 'mine', { id }))).status, 201);
    assert.equal((await carol.waiting()).filter((message) => message.id === first.json.id).length, 1);
  });

  test('a long message is kept in parts, comes back as it was, and can be deleted unread', async () => {
    const content = Buffer.alloc(1_500_000, 'sello');
    const id = await carol.send([bob], content);
    const { opened } = await bob.open(id, carol);
    assert.ok(content.equals(opened.content));
    const remove = () => fixture.request('DELETE', `/v1/messages/${id}`, { token: bob.user.token });
    assert.equal((await remove()).status, 204);
    await refused(remove(), 'message_unknown');
    await refused(bob.user.get(`/v1/messages/${id}`), 'message_unknown');
  });

  test('one sender fills a part of an inbox, all of them together the inbox, and then it says so', async () => {
    const henry = await Person.make(fixture, 'henry');
    const ids = [await alice.send([henry], '1'), await alice.send([henry], '2')];
    await refused(alice.post(await alice.seal([henry], '3')), 'inbox_full');
    await refused(alice.post(await alice.seal([henry, carol], '3')), 'inbox_full');
    assert.equal((await carol.waiting()).filter(({ id }) => ids.includes(id)).length, 0);
    await henry.acknowledge(
      ids[0] as string,
      await henry.receiptOf(await henry.open(ids[0] as string, alice)),
    );
    await alice.send([henry], '3');
  });

  test('an expired message is gone for its recipients and from the disk; its jti stays taken', async () => {
    const ivy = await Person.make(fixture, 'ivy');
    const long = Buffer.alloc(100_000, 'x');
    const jwe = await ivy.seal([carol], long);
    const { id } = (await ivy.post(jwe)).json;
    const { userId } = (await fixture.application.store.findUser('ivy')) as { userId: number };
    const part = () =>
      fixture.application.store.readMessagePart({ senderId: userId, messageId: id, part: 0 });
    assert.ok(await part());
    const { ttlMs } = fixture.application.context.settings.messages;
    const before = now;
    now += ttlMs;
    const { store } = fixture.application;
    assert.equal((await store.findInboxMessage({ userId, messageId: id, at: now })) ?? 'gone', 'gone');
    while (await store.expireMessages({ expired: now, staged: 0, limit: 4 }));
    now = before;
    assert.equal(await part(), undefined);
    await refused(ivy.post(jwe), 'message_repeated');
  });
});
