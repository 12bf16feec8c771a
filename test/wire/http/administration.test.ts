/*
 * Goal: administrators and auditors see and do what their role allows, and nobody else does.
 * Method: the real HTTP server, asked by every kind of caller.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyJournal } from '../../../src/application/journal/verify-journal.ts';
import { StoppedClock } from '../../services/application.ts';
import { EventReader } from './event-reader.ts';
import { type ApiUser, type HttpFixture, type Json, testHttp } from './http-fixture.ts';

const TRANSFER = { payer: 'ES7921', payee: 'DE8937', amount: '90.00', currency: 'EUR' };
const DEAR = { ...TRANSFER, amount: '900.00' };

async function approved(user: ApiUser, more: object = {}): Promise<Json> {
  const { status, json, text } = await user.post(
    '/v1/transactions',
    await user.proven({ ...TRANSFER, ...more }),
  );
  assert.equal(status, 201, text);
  return json;
}

async function pagesOf(user: ApiUser, path: string, member: string): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ''; ; ) {
    const { status, json, text } = await user.get(`${path}${cursor}`);
    assert.equal(status, 200, text);
    found.push(...json[member]);
    if (json.next_cursor === null) return found;
    cursor = `&cursor=${json.next_cursor}`;
  }
}

async function staff(fixture: HttpFixture) {
  return [await fixture.withRole('root', 'admin'), await fixture.withRole('eve', 'auditor')] as const;
}

test('administrators and auditors see everybody’s transactions, newest first, by user, payee and status', async (t) => {
  const fixture = await testHttp(t);
  const [admin, auditor] = await staff(fixture);
  const [alice, bob] = [await fixture.user('alice'), await fixture.user('bob')];
  const first = await approved(alice);
  await approved(bob, { payee: 'FR7630' });
  const waiting = (await alice.post('/v1/transactions', DEAR)).json;
  const wrong = { ...(await bob.proven(TRANSFER)), mac: 'ab'.repeat(32) };
  assert.equal((await bob.post('/v1/transactions', wrong)).json.code, 'mac_mismatch');
  for (const reader of [admin, auditor]) {
    const all = await pagesOf(reader, '/v1/admin/transactions?limit=1', 'transactions');
    assert.deepEqual(
      all.map(({ user, status }) => [user, status]),
      [
        ['bob', 'refused'],
        ['alice', 'pending'],
        ['bob', 'approved'],
        ['alice', 'approved'],
      ],
    );
    assert.ok(all.every((view) => !('challenge' in view)));
    const of = async (query: string) =>
      (await pagesOf(reader, `/v1/admin/transactions?${query}`, 'transactions')).map(({ id }) => id);
    assert.deepEqual(await of('user=alice'), [waiting.id, first.id]);
    assert.deepEqual(await of('user=alice&status=approved'), [first.id]);
    assert.deepEqual(await of('status=pending'), [waiting.id]);
    assert.equal((await of('payee=7630')).length, 1);
    assert.deepEqual(await of('user=nobody'), []);
  }
  const token = await alice.enrol('ocra');
  await alice.post(`/v1/transactions/${waiting.id}/approval`, { code: '000000' });
  await alice.post(`/v1/transactions/${waiting.id}/approval`, { code: token.codeOver(waiting) });
  const story = await auditor.get(`/v1/admin/transactions/${waiting.id}?user=alice`);
  assert.deepEqual(
    story.json.entries.map(({ body }: Json) => [body.type, body.reason]),
    [
      ['transaction.requested', undefined],
      ['code.refused', 'code_wrong'],
      ['transaction.approved', undefined],
    ],
  );
  assert.ok(story.json.entries.every(({ position, hash }: Json) => position > 0 && hash.length === 64));
  assert.match(story.json.receipt, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  for (const query of ['?user=bob', '?user=nobody']) {
    const { json } = await auditor.get(`/v1/admin/transactions/${waiting.id}${query}`);
    assert.equal(json.code, 'transaction_unknown');
  }
  const cursor = (await admin.get('/v1/admin/transactions?limit=1')).json.next_cursor;
  const moved = await auditor.get(`/v1/admin/transactions?limit=1&cursor=${cursor}`);
  assert.equal(moved.json.code, 'cursor_invalid');
});

test('the overview counts decisions, refusals and locks, and shows the state of the parts; it streams changes', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const [admin, auditor] = await staff(fixture);
  const alice = await fixture.user('alice');
  const before = (await admin.get('/v1/admin/overview')).json;
  await approved(alice);
  clock.advance(60_000);
  await approved(alice);
  const wrong = { ...(await alice.proven(TRANSFER)), mac: 'ab'.repeat(32) };
  await alice.post('/v1/transactions', wrong);
  for (let guess = 0; guess < 3; guess++) {
    await fixture.post('/v1/sessions', undefined, { username: 'alice', password: 'guessed it' });
  }
  const { json: now } = await auditor.get('/v1/admin/overview');
  assert.equal(now.minutes.length, 60);
  assert.equal(now.minutes.at(-1).at, '2026-01-02T03:05:00.000Z');
  assert.deepEqual(
    now.minutes.slice(-2).map(({ approved, refused }: Json) => [approved, refused]),
    [
      [1, 0],
      [1, 4],
    ],
  );
  assert.equal(now.last_hour.approved - before.last_hour.approved, 2);
  assert.deepEqual(now.refusals, [
    { reason: 'credentials_invalid', count: 3 },
    { reason: 'mac_mismatch', count: 1 },
  ]);
  assert.deepEqual([now.users.locked, now.custody, now.key_version], [1, 'cached', 1]);
  assert.ok(
    now.latency_ms.requests > 0 && now.latency_ms.p50 > 0 && now.latency_ms.p99 <= now.latency_ms.max,
  );
  assert.ok(now.batches.count > 0 && now.queues.http_connections > 0);
  assert.ok(now.parts.every(({ up }: Json) => up));
  clock.advance(30_001);
  assert.equal((await auditor.get('/v1/admin/overview')).json.users.locked, 0);

  const stream = await EventReader.open(`${fixture.base}/v1/admin/overview/events`, {
    authorization: `Bearer ${admin.token}`,
  });
  const [event] = await stream.until(1);
  stream.close();
  assert.equal(event?.type, 'overview');
  assert.equal(event?.data.minutes.length, 60);
});

test('the journal of all: newest first, verified in the background, and exported as it is', async (t) => {
  const fixture = await testHttp(t);
  const [admin, auditor] = await staff(fixture);
  const alice = await fixture.user('alice');
  for (let count = 0; count < 3; count++) await approved(alice);
  const all = await pagesOf(admin, '/v1/admin/journal?limit=2', 'entries');
  assert.deepEqual(
    all.map(({ position }) => position),
    Array.from({ length: all.length }, (_, index) => all.length - index),
  );
  const registered = await pagesOf(auditor, '/v1/admin/journal?type=user.registered', 'entries');
  assert.deepEqual(
    registered.map(({ body }) => body.user),
    ['alice', 'eve', 'root'],
  );

  const none = (await auditor.get('/v1/admin/journal/verification')).json;
  assert.equal(none.status, 'none');
  assert.equal((await auditor.post('/v1/admin/journal/verification')).status, 202);
  let verified = none;
  while (verified.finished_at === undefined) {
    verified = (await auditor.get('/v1/admin/journal/verification')).json;
  }
  assert.deepEqual([verified.status, verified.users, 'fault' in verified], ['whole', 3, false]);
  assert.ok(verified.entries >= all.length);

  const exported = await auditor.get('/v1/admin/journal/export');
  assert.match(
    exported.headers.get('content-disposition') ?? '',
    /attachment; filename="sello-journal.ndjson"/,
  );
  const lines = exported.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  async function* found() {
    for (const { body, previous, hash } of lines) {
      yield { body: JSON.stringify(body), previous, hash, form: 'json' as const };
    }
  }
  const verdict = await verifyJournal(found());
  assert.deepEqual([verdict.fault, verdict.users], [undefined, 3]);
  assert.ok(verdict.entries >= all.length);
});

test('only an administrator can rotate the keys, and keys wrapped before still open', async (t) => {
  const fixture = await testHttp(t);
  const [admin, auditor] = await staff(fixture);
  const alice = await fixture.user('alice');
  const path = '/v1/admin/keys/rotation';
  for (const other of [alice, auditor]) assert.equal((await other.post(path, {})).status, 404);
  const { status, json } = await admin.post(path, { keep_old: false });
  assert.deepEqual([status, json.version, json.damaged, json.old_destroyed], [200, 2, 0, true]);
  assert.equal((await admin.get('/v1/admin/keys')).json.key_version, 2);
  await approved(alice);
  const both = await Promise.all([admin.post(path, {}), admin.post(path, {})]);
  assert.deepEqual(both.map((answer) => answer.status).sort(), [200, 503]);
});

test('the configuration in force is shown without its secrets', async (t) => {
  const setting = (key: string, value: unknown, secret = false) => ({
    ...{ key, value, secret, source: 'file', description: { en: key, es: `es ${key}` } },
  });
  const fixture = await testHttp(t, {
    settingsInForce: [setting('tcp_port', 11_002), setting('vault_passphrase', null, true)],
  });
  const [, auditor] = await staff(fixture);
  const { json } = await auditor.get('/v1/admin/configuration');
  assert.deepEqual(
    json.keys.map(({ key, value, secret }: Json) => [key, value, secret]),
    [
      ['tcp_port', 11_002, false],
      ['vault_passphrase', null, true],
    ],
  );
  const spanish = await fixture.get('/v1/admin/configuration', auditor.token, { 'accept-language': 'es' });
  assert.equal(spanish.json.keys[0].description, 'es tcp_port');
});

test('the routes of administrators and auditors do not exist for a user, a service or an anonymous caller', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
  for (const path of [
    'overview',
    'overview/events',
    'transactions',
    'transactions/x?user=alice',
    'journal',
    'journal/verification',
    'journal/export',
    'configuration',
  ]) {
    for (const token of [alice.token, key]) {
      const { status, json } = await fixture.get(`/v1/admin/${path}`, token);
      assert.deepEqual([status, json.code], [404, 'resource_unknown'], path);
    }
    assert.equal((await fixture.get(`/v1/admin/${path}`)).json.code, 'session_required');
  }
});
