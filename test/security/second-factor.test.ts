/*
 * Goal: a stolen password or a stolen session does not get around the code of an existing token.
 * Method: each test is an attack that succeeded before it was fixed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../../src/domain/errors.ts';
import { StoppedClock } from '../services/application.ts';
import { ApiToken, type HttpFixture, PASSWORD, testHttp } from '../wire/http/http-fixture.ts';
import { VirtualDevice } from '../wire/http/virtual-device.ts';

const MINUTE_MS = 60_000;
const ADDRESS = '127.0.0.1';

/** As a client of the first version logs in over TCP: without a code. */
async function logInOverTcp(fixture: HttpFixture, username: string): Promise<string> {
  const { services } = fixture.application;
  const made = await services.logIn({ username, password: PASSWORD, address: ADDRESS });
  assert.ok(!isRefusal(made), JSON.stringify(made));
  return made.secret;
}

test('a log-in over TCP that showed no code opens nothing over REST, an administrator’s least of all', async (t) => {
  const fixture = await testHttp(t, { flags: { '--tcp-log-in-code-required': 'false' } });
  const root = await fixture.withRole('root', 'admin');
  const before = await logInOverTcp(fixture, 'root');
  const token = await root.enrol('totp', { period_s: 60 });
  const body = { username: 'root', password: PASSWORD };
  assert.equal((await fixture.post('/v1/sessions', undefined, body)).json.code, 'code_required');

  const stolen = await logInOverTcp(fixture, 'root');
  const resumed = await fixture.post('/v1/sessions/resumption', undefined, { session: stolen });
  assert.deepEqual([resumed.status, resumed.json.code], [401, 'session_ended']);
  for (const path of ['/v1/sessions/current', '/v1/admin/users']) {
    const asked = await fixture.get(path, undefined, { cookie: `sello_session=${stolen}` });
    assert.deepEqual([asked.status, asked.json.code], [401, 'session_ended'], path);
  }
  // Over TCP it is what it was. One that began before there was a token counts as one that showed no code.
  const { services } = fixture.application;
  assert.ok(!isRefusal(await services.resumeSession({ secret: stolen, address: ADDRESS })));
  for (const [secret, status] of [
    [before, 401],
    [root.secret, 201],
  ] as const) {
    const own = await fixture.post('/v1/sessions/resumption', undefined, { session: secret });
    assert.equal(own.status, status, own.text);
  }
  const { sessions } = (await root.get('/v1/sessions')).json;
  assert.ok(sessions.every((session: { token: unknown }) => session.token === null));
  assert.equal(
    (await fixture.request('DELETE', `/v1/tokens/${token.id}`, { token: root.token })).status,
    204,
  );
});

test('with enrolment_code_required, revoking one’s tokens does not rid a stolen session of their codes', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, {
    clock,
    flags: { '--enrolment-code-required': 'true', '--recovery-wait-ms': '0' },
  });
  const alice = await fixture.user('alice');
  // One that was never confirmed is nobody's loss.
  const { id: unconfirmed } = (await alice.post('/v1/tokens', { type: 'totp' })).json;
  const revoke = (id: string) => fixture.request('DELETE', `/v1/tokens/${id}`, { token: alice.token });
  assert.equal((await revoke(unconfirmed)).status, 204);
  const token = await alice.enrol('totp', { period_s: 60 });
  assert.equal((await revoke(token.id)).status, 204);

  assert.equal((await alice.post('/v1/tokens', { type: 'ocra' })).json.code, 'code_required');
  assert.equal((await alice.post('/v1/enrolments', {})).json.code, 'code_required');
  clock.advance(MINUTE_MS);
  const old = await alice.post('/v1/enrolments', { code: token.code() });
  assert.ok(old.status >= 400, old.text);

  // The way back is a recovery by two administrators.
  const device = await VirtualDevice.make(fixture);
  await device.take(await device.claim(await fixture.recover('alice'), { password: PASSWORD }));
  assert.equal((await device.confirm()).status, 200);
});

test('an invitation or a seed is returned again only for the same code', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: { '--enrolment-code-required': 'true' } });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  const headers = { 'idempotency-key': '1' };
  for (const [path, body] of [
    ['/v1/enrolments', {}],
    ['/v1/tokens', { type: 'ocra' }],
  ] as const) {
    clock.advance(MINUTE_MS);
    const own = { 'idempotency-key': path.replaceAll('/', '-') };
    const code = token.code();
    const first = await alice.post(path, { ...body, code }, own);
    assert.equal(first.status, 201, first.text);
    for (const wrong of [{}, { code: '000000' }]) {
      const stolen = await alice.post(path, { ...body, ...wrong }, own);
      assert.ok(stolen.status >= 400, stolen.text);
      assert.doesNotMatch(stolen.text, /secret|#enrol=/);
    }
    const again = await alice.post(path, { ...body, code }, own);
    assert.deepEqual([again.json, again.headers.get('idempotency-replayed')], [first.json, 'true']);
  }
  const without = await fixture.user('bob');
  const invited = await without.post('/v1/enrolments', {}, headers);
  assert.deepEqual((await without.post('/v1/enrolments', {}, headers)).json, invited.json);
});

test('a stolen session of an administrator enrols no device for that administrator, nor ends their lock', async (t) => {
  const fixture = await testHttp(t);
  const root = await fixture.withRole('root', 'admin');
  const other = await fixture.withRole('other', 'admin');
  await root.enrol('totp', { period_s: 60 });
  const idOf = async (name: string) =>
    (await root.get(`/v1/admin/users?search=${name}`)).json.users[0].id as string;
  const [own, others] = [await idOf('root'), await idOf('other')];
  const invited = await root.post(`/v1/admin/users/${own}/enrolments`);
  assert.deepEqual([invited.status, invited.json.code], [403, 'code_required']);
  // The lock that three guesses made is not the guesser's to take away.
  for (let guess = 0; guess < 3; guess++) await root.post('/v1/enrolments', { code: '000000' });
  assert.equal((await root.post('/v1/enrolments', { code: '000000' })).json.code, 'locked');
  const unlocked = await root.post(`/v1/admin/users/${own}/unlock`);
  assert.deepEqual([unlocked.status, unlocked.json.code], [403, 'own_account']);
  assert.equal((await root.post('/v1/enrolments', { code: '000000' })).json.code, 'locked');
  // For others, and by others, it is as it was.
  assert.equal((await root.post(`/v1/admin/users/${others}/enrolments`)).status, 201);
  assert.equal((await other.post(`/v1/admin/users/${own}/unlock`)).status, 204);
  assert.equal((await root.post('/v1/enrolments', { code: '000000' })).json.code, 'code_wrong');
});

test('a stolen password can neither enrol a token beside an existing one nor revoke that one first', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const headers = { 'idempotency-key': 'enrol' };
  const enrolled = await alice.post('/v1/tokens', { type: 'ocra' }, headers);
  const ocra = new ApiToken(fixture, enrolled.json);
  const activation = `/v1/tokens/${ocra.id}/activation`;
  assert.equal((await alice.post(activation, { code: ocra.firstCode() })).status, 200);

  // A user of bound codes alone logs in by the password alone.
  const stolen = await fixture.logIn('alice');
  const cookie = await fixture.post('/v1/browser-sessions', undefined, {
    username: 'alice',
    password: PASSWORD,
  });
  const browser = {
    cookie: cookie.headers.get('set-cookie')?.split(';', 1)[0] ?? '',
    'x-csrf-token': cookie.json.csrf_token,
  };
  const tries = async (what: string) => {
    for (const type of ['ocra', 'totp', 'hotp']) {
      const answers = [
        await stolen.post('/v1/tokens', { type }),
        await stolen.post('/v1/tokens', { type, code: '000000' }),
        await fixture.post('/v1/tokens', undefined, { type }, browser),
      ];
      for (const answer of answers) {
        assert.deepEqual([answer.status, answer.json.code], [403, 'code_required'], `${what}: ${type}`);
      }
    }
    assert.equal((await stolen.post('/v1/enrolments', {})).json.code, 'code_required', what);
  };
  await tries('beside the token');
  const repeat = await stolen.post('/v1/tokens', { type: 'ocra' }, headers);
  assert.equal(repeat.json.code, 'idempotency_mismatch', 'a seed is told again in its own session alone');
  const revoke = (token: string) => fixture.request('DELETE', `/v1/tokens/${ocra.id}`, { token });
  assert.equal((await revoke(stolen.token)).json.code, 'proof_required');
  // Who has confirmed it in this session may; what takes its place is not the thief's to choose.
  assert.equal((await revoke(alice.token)).status, 204);
  await tries('after the token');
  await alice.enrol('ocra');
});

test('a session of the password alone confirms nothing beside a token that another session confirmed', async (t) => {
  const fixture = await testHttp(t);
  const thief = await fixture.user('alice');
  const waiting = new ApiToken(fixture, (await thief.post('/v1/tokens', { type: 'ocra' })).json);
  const alice = await fixture.logIn('alice');
  const own = await alice.enrol('ocra');
  const activation = `/v1/tokens/${waiting.id}/activation`;
  const confirm = () => thief.post(activation, { code: waiting.firstCode() });
  assert.equal((await confirm()).json.code, 'token_unknown');
  assert.equal((await thief.post('/v1/tokens', { type: 'totp' })).json.code, 'code_required');
  // Nor when that token is gone, in a session before it or after it.
  await fixture.request('DELETE', `/v1/tokens/${own.id}`, { token: alice.token });
  for (const session of [thief, await fixture.logIn('alice')]) {
    const code = waiting.firstCode();
    assert.equal((await session.post(activation, { code })).json.code, 'token_unknown');
    assert.equal((await session.post('/v1/tokens', { type: 'totp' })).json.code, 'code_required');
  }
  const { tokens } = (await alice.get('/v1/tokens')).json;
  assert.deepEqual(tokens.map(({ status }: { status: string }) => status).sort(), ['revoked', 'revoked']);
});

test('invitations made by password alone end when the first token is confirmed', async (t) => {
  const fixture = await testHttp(t);
  const thief = await fixture.user('alice');
  const invite = async () => (await thief.post('/v1/enrolments', {})).json.code;
  const waiting = await VirtualDevice.make(fixture);
  await waiting.take(await waiting.claim(await invite()));
  const open = await invite();
  const admin = await fixture.withRole('root', 'admin');
  const { users } = (await admin.get('/v1/admin/users?search=alice')).json;
  const invited = await admin.post(`/v1/admin/users/${users[0].id}/enrolments`);

  const alice = await fixture.logIn('alice');
  await alice.enrol('ocra');
  assert.equal((await waiting.confirm()).json.code, 'session_ended');
  const late = await VirtualDevice.make(fixture);
  assert.equal((await late.claim(open)).json.code, 'enrolment_unknown');
  // An administrator's too: it was for a user who had nothing to show.
  assert.equal((await late.claim(invited.json.code)).json.code, 'enrolment_unknown');
});

test('a first enrolment needs no code; each one beside it needs one of its own', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const carol = await fixture.user('carol');
  const token = await carol.enrol('totp', { period_s: 60 });
  // The session has just shown a code, and so has one whose log-in did: neither counts for the next token.
  clock.advance(MINUTE_MS);
  const body = { username: 'carol', password: PASSWORD, code: token.code() };
  const proven = (await fixture.post('/v1/sessions', undefined, body)).json.access_token;
  for (const session of [carol.token, proven]) {
    for (const shown of [{}, { code: token.code() }]) {
      const refused = await fixture.post('/v1/tokens', session, { type: 'ocra', ...shown });
      assert.equal(refused.json.code, 'code' in shown ? 'code_spent' : 'code_required');
    }
  }
  clock.advance(MINUTE_MS);
  const shown = await fixture.post('/v1/tokens', proven, { type: 'ocra', code: token.code() });
  assert.equal(shown.status, 201, shown.text);
  const ocra = new ApiToken(fixture, shown.json);
  const activation = `/v1/tokens/${ocra.id}/activation`;
  assert.equal((await fixture.post(activation, proven, { code: ocra.firstCode() })).status, 200);
});
