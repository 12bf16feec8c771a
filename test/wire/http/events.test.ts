/*
 * Goal: an event stream delivers to each caller all of its own events, in order and once, without delaying others.
 * Method: the real HTTP server, with readers that reconnect, stop reading or lose their session.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../../src/limits.ts';
import { until } from '../../waiting.ts';
import { EventReader } from './event-reader.ts';
import { type ApiUser, type HttpFixture, testHttp } from './http-fixture.ts';

const BIG = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

async function follow(
  t: TestContext,
  fixture: HttpFixture,
  user: ApiUser,
  lastId?: string,
): Promise<EventReader> {
  const reader = await EventReader.open(`${fixture.base}/v1/events`, {
    authorization: `Bearer ${user.token}`,
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  });
  t.after(() => reader.close());
  return reader;
}

test('a requested transaction is announced, and how it ends', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const bob = await fixture.user('bob');
  const key = await fixture.service('shop', 'transactions:write');
  const [mine, theirs] = [await follow(t, fixture, alice), await follow(t, fixture, bob)];
  const { json } = await fixture.post('/v1/transactions', key, { ...BIG, username: 'alice' });
  await alice.post(`/v1/transactions/${json.id}/refusal`);
  const events = await mine.until(2);
  assert.deepEqual(
    events.map(({ type, data }) => [type, data.body.transaction.id, data.body.reason]),
    [
      ['transaction.requested', json.id, undefined],
      ['transaction.refused', json.id, 'user_refused'],
    ],
  );
  assert.equal(theirs.events.length, 0, 'nobody else is told');
});

test('a client that reconnects with Last-Event-ID misses nothing and sees nothing twice', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const writing = (async () => {
    for (let count = 0; count < 60; count++) {
      await alice.post('/v1/transactions', await alice.proven({ ...BIG, amount: '1.00' }));
    }
  })();
  const seen: string[] = [];
  let last = '0';
  while (seen.length < 62) {
    const reader = await follow(t, fixture, alice, last);
    await reader.until(1);
    await delay(20);
    reader.close();
    await reader.ended;
    seen.push(...reader.events.map(({ id }) => id));
    last = seen.at(-1) ?? last;
  }
  await writing;
  // Nobody else decides here, so that a user's entries are the log's.
  assert.deepEqual(
    seen,
    Array.from({ length: seen.length }, (_, index) => `log-${index + 1}`),
  );
});

test('an index of the log and an id of versions before resume as well', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('zoe');
  const alice = await fixture.user('alice');
  await fixture.user('bob');
  for (let count = 0; count < 80; count++) {
    await alice.post('/v1/transactions', await alice.proven({ ...BIG, amount: '1.00' }));
  }
  const versions = async (lastId: string) => {
    const reader = await follow(t, fixture, alice, lastId);
    const events = await until(async () => reader.events.at(-1)?.data.body.version === 82 && reader.events);
    return events.map(({ data }) => data.body.version);
  };
  const from = (first: number) => Array.from({ length: 83 - first }, (_, index) => first + index);
  // Indexes 0 and 1 are zoe's, 2 and 3 alice's, 4 and 5 bob's, then alice's again.
  const expected = { 'log-0': 1, 'log-2': 1, 'log-3': 2, 'log-4': 3, 'log-6': 3, 'log-7': 4, 'log-80': 77 };
  for (const [lastId, first] of Object.entries(expected))
    assert.deepEqual(await versions(lastId), from(first), lastId);
  assert.deepEqual(await versions('3'), from(4), 'the version, as servers of before sent it');
  const auditor = await fixture.withRole('eve', 'auditor');
  for (const lastId of ['2', 'log-2']) {
    const [first] = await (await follow(t, fixture, auditor, lastId)).until(1);
    assert.deepEqual([first?.id, first?.data.body.user], ['log-3', 'alice'], lastId);
  }
});

test('a stream that is cut before its first event is resumed from its start: nothing is missed meanwhile', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const open = async (authorization: string, lastId?: string) => {
    const headers = { authorization, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
    const reader = await EventReader.open(`${fixture.base}/v1/events`, headers);
    t.after(() => reader.close());
    return reader;
  };
  for (const authorization of [`Bearer ${alice.token}`, `Bearer ${key}`]) {
    const cut = await open(authorization);
    const lastId = await until(() => cut.lastId);
    cut.close();
    await cut.ended;
    assert.equal(cut.events.length, 0);
    const { json } = await fixture.post('/v1/transactions', key, { ...BIG, username: 'alice' });
    const [first] = await (await open(authorization, lastId)).until(1);
    assert.equal(first?.data.body.transaction.id, json.id);
  }
});

test('an id that no event has had yet is refused: its stream would miss events', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const auditor = await fixture.withRole('eve', 'auditor');
  for (const [user, last] of [
    [alice, 2],
    [auditor, 4],
  ] as const) {
    for (const [id, status] of [
      [`${last + 1}`, 400],
      [`${last}`, 200],
      ['log-5', 400],
      ['log-4', 200],
    ] as const) {
      assert.equal((await follow(t, fixture, user, id)).status, status, id);
    }
  }
});

test('an auditor follows all, in the order of the journal', async (t) => {
  const fixture = await testHttp(t);
  const auditor = await fixture.withRole('audit', 'auditor');
  const fromStart = await follow(t, fixture, auditor, '0');
  const fromNow = await follow(t, fixture, auditor);
  await fixture.user('alice');
  const all = await fromStart.until(4);
  assert.deepEqual(
    all.map(({ id, type, data }) => [id, type, data.position]),
    ['user.registered', 'login.accepted', 'user.registered', 'login.accepted'].map((type, index) => [
      `log-${index + 1}`,
      type,
      index + 1,
    ]),
  );
  assert.deepEqual(
    (await fromNow.until(2)).map(({ id }) => id),
    ['log-3', 'log-4'],
  );
});

test('a stream ends with its session', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const reader = await follow(t, fixture, alice);
  await fixture.request('DELETE', '/v1/sessions/current', { token: alice.token });
  // Before the next heartbeat, which would end it as well.
  const late = delay(LIMITS.eventHeartbeatMs / 2, undefined, { ref: false }).then(() =>
    assert.fail('the stream goes on after the log-out'),
  );
  await Promise.race([reader.ended, late]);
  assert.equal(reader.events.at(-1)?.type, 'session.ended');
});

test('streams are bounded in number, live by heartbeats, and end with the server', async (t) => {
  const fixture = await testHttp(t, { limits: { streams: { streamsPerCallerMax: 2, heartbeatMs: 50 } } });
  const alice = await fixture.user('alice');
  const bob = await fixture.user('bob');
  const [first, second] = [await follow(t, fixture, alice), await follow(t, fixture, alice)];
  const third = await alice.get('/v1/events');
  assert.deepEqual([third.status, third.json.code], [429, 'streams_too_many']);
  assert.equal((await follow(t, fixture, bob)).status, 200);
  await until(() => first.comments >= 2, { what: 'two heartbeats' });
  second.close();
  // Room is made when the server has seen that it was closed.
  const again = await until(async () => {
    const stream = await follow(t, fixture, alice);
    return stream.status === 200 && stream;
  });
  for (const bad of [
    'x',
    '-1',
    '1.5',
    '99999999999999999999',
    'log-',
    'log--1',
    'log-01',
    'log-x',
    'LOG-1',
  ]) {
    const answer = await alice.get('/v1/events', { 'last-event-id': bad });
    assert.equal(answer.json.code, 'message_invalid', bad);
  }
  const stopped = performance.now();
  await fixture.server.stop(20_000);
  await Promise.all([first.ended, again.ended]);
  assert.ok(performance.now() - stopped < 10_000);
});

test('a reader that does not read is disconnected, and the others are not delayed', async (t) => {
  const fixture = await testHttp(t, {
    limits: { streams: { heartbeatMs: 100, slowReaderTimeMs: 300 } },
  });
  const alice = await fixture.user('alice');
  const reader = await follow(t, fixture, alice);
  const slow = connect(fixture.server.address().port, '127.0.0.1');
  t.after(() => slow.destroy());
  const closed = new Promise((resolve) => slow.once('close', resolve));
  slow.on('error', () => {});
  // Their whole history, again and again by pipelining would be refused: one stream, and a socket that is not read.
  slow.write(
    `GET /v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0\r\nAuthorization: Bearer ${alice.token}\r\n\r\n`,
  );
  slow.pause();
  const { userId } = (await fixture.application.store.findUser('alice')) ?? { userId: 0 };
  const detail = { filling: 'x'.repeat(60_000) };
  for (let count = 0; count < 200; count++) {
    await fixture.application.context.decider.submit({
      userId,
      decide: (user) => ({
        result: undefined,
        draft: { type: 'admin.test', detail, state: user?.state ?? {} },
      }),
    });
  }
  await reader.until(200, 20_000);
  // Only a socket that is read sees its end; whether it was closed is asked of the server.
  await until(() => fixture.server.dependencies.eventStreams.slowReaders > 0);
  assert.equal(fixture.server.dependencies.eventStreams.slowReaders, 1);
  slow.resume();
  await closed;
});
