/*
 * Goal: users see their own sessions and end them.
 * Method: the real HTTP server, with log-ins of browsers, programs and devices.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, PASSWORD, testHttp } from './http-fixture.ts';
import { VirtualDevice } from './virtual-device.ts';

test('a user sees every session of their own, where it is from, and ends one', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const bob = await fixture.user('bob');
  const agent = `<b>Firefox</b> ${'x'.repeat(200)}`;
  const other = await fixture.post(
    '/v1/sessions',
    undefined,
    { username: 'alice', password: PASSWORD },
    { 'user-agent': agent },
  );
  const device = await VirtualDevice.enrolled(alice);
  const list = async () => (await alice.get('/v1/sessions')).json.sessions as Json[];
  const sessions = await list();
  assert.deepEqual(sessions.map(({ kind }) => kind).sort(), ['device', 'login', 'login']);
  assert.equal(sessions.filter(({ current }) => current).length, 1);
  const named = sessions.find(({ label }) => label.startsWith('<b>'));
  assert.equal(named.label, agent.slice(0, 64));
  const phone = sessions.find(({ kind }) => kind === 'device');
  assert.deepEqual([phone.label, phone.token], ['phone', device.payload.tokens[0].id]);

  const end = (id: string, token: string) => fixture.request('DELETE', `/v1/sessions/${id}`, { token });
  assert.equal((await end(named.id, bob.token)).json.code, 'session_unknown');
  assert.equal((await end(named.id, alice.token)).status, 204);
  assert.equal((await end(named.id, alice.token)).json.code, 'session_unknown');
  assert.equal((await fixture.get('/v1/tokens', other.json.access_token)).json.code, 'session_ended');
  assert.equal((await end(phone.id, alice.token)).status, 204);
  assert.equal((await device.get('/v1/tokens')).json.code, 'session_ended');
  const left = await list();
  assert.deepEqual(
    left.map(({ kind }) => kind),
    ['login'],
  );
  const { entries } = (await alice.get('/v1/journal')).json;
  assert.deepEqual(
    [entries[1].body.type, entries[1].body.reason, entries[1].body.detail.kind],
    ['session.ended', 'revoked', 'login'],
  );
});

test('more log-ins than are kept end the oldest log-in, never the device', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const device = await VirtualDevice.enrolled(alice, { type: 'ocra' });
  const { context } = fixture.application;
  const { openSession } = await import('../../../src/application/sessions/open-session.ts');
  const { makeSessionSecret } = await import('../../../src/application/sessions/session.ts');
  const { userId = 0 } = (await context.store.findUser('alice')) ?? {};
  for (let count = 0; count < 300; count++) {
    const secret = makeSessionSecret(userId, context.random);
    await context.decider.submit({
      userId,
      decide: (user, { at }) => {
        assert.ok(user);
        const { rows } = openSession(context, user, at, { secret, proof: 'second_factor' });
        return { result: undefined, draft: { type: 'login.accepted', state: user.state, rows } };
      },
    });
  }
  const user = await context.userCache.reload(userId);
  assert.equal(user?.sessions.filter(({ kind }) => kind === 'login').length, 256);
  assert.equal((await device.get('/v1/tokens')).status, 200);
});

test('from a browser: the cookie of a log-in works on the pages’ routes, and a log-out ends it', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const made = await fixture.post('/v1/browser-sessions', undefined, {
    username: 'alice',
    password: PASSWORD,
  });
  const cookie = (made.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const csrf = { cookie, 'x-csrf-token': made.json.csrf_token };
  assert.equal((await fixture.get('/v1/sessions', undefined, { cookie })).json.sessions.length, 2);
  const refused = await fixture.request('POST', '/v1/enrolments', { body: {}, headers: { cookie } });
  assert.equal(refused.json.code, 'csrf_invalid');
  const invited = await fixture.request('POST', '/v1/enrolments', { body: {}, headers: csrf });
  assert.equal(invited.status, 201);
  const foreign = { ...csrf, 'sec-fetch-site': 'cross-site' };
  const crossed = await fixture.request('DELETE', '/v1/sessions/current', { headers: foreign });
  assert.equal(crossed.json.code, 'csrf_invalid');
  const ended = await fixture.request('DELETE', '/v1/sessions/current', { headers: csrf });
  assert.equal(ended.status, 204);
  assert.match(ended.headers.get('set-cookie') ?? '', /^sello_session=;.*Max-Age=0/);
  assert.equal((await fixture.get('/v1/sessions', undefined, { cookie })).json.code, 'session_ended');
});
