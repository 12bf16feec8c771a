/*
 * Goal: a passkey logs in, once per challenge, on its own site.
 * Method: an authenticator in software (test/services/authenticator.ts) whose answers are changed one member at a
 * time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoppedClock } from '../../services/application.ts';
import { Authenticator } from '../../services/authenticator.ts';
import { type ApiUser, type HttpFixture, PASSWORD, testHttp } from './http-fixture.ts';

const ORIGIN = 'https://sello.example';
const MINUTE_MS = 60_000;

async function register(user: ApiUser, authenticator: Authenticator, more: object = {}) {
  const options = await user.post('/v1/passkeys/options', {});
  assert.equal(options.status, 200, options.text);
  return user.post('/v1/passkeys', { response: authenticator.register(options.json), ...more });
}

async function logIn(fixture: HttpFixture, authenticator: Authenticator) {
  const options = await fixture.post('/v1/passkeys/challenges', undefined, {});
  return fixture.post('/v1/sessions/passkey', undefined, { response: authenticator.logIn(options.json) });
}

test('a passkey logs in without password and code; deleted, it does no more', async (t) => {
  const fixture = await testHttp(t, { publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const authenticator = new Authenticator(ORIGIN);
  const made = await register(alice, authenticator, { label: 'Llavero' });
  assert.equal(made.status, 201, made.text);
  const loggedIn = await logIn(fixture, authenticator);
  assert.equal(loggedIn.status, 201, loggedIn.text);
  const me = await fixture.get('/v1/sessions/current', loggedIn.json.access_token);
  assert.deepEqual([me.json.username, me.json.kind], ['alice', 'login']);
  const { entries } = (await alice.get('/v1/journal')).json;
  const passkey = made.json.id;
  assert.deepEqual(
    [entries[0].body.type, { ...entries[0].body.detail, rows: undefined }],
    ['login.accepted', { method: 'passkey', passkey, rows: undefined }],
  );

  const { passkeys } = (await alice.get('/v1/passkeys')).json;
  assert.deepEqual(passkeys, [made.json]);
  const options = await fixture.post('/v1/passkeys/challenges', undefined, {});
  const browser = await fixture.post('/v1/browser-sessions/passkey', undefined, {
    response: authenticator.logIn(options.json),
  });
  assert.deepEqual([browser.status, browser.json.username], [201, 'alice']);
  const cookie = browser.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^sello_session=.*HttpOnly; SameSite=Strict/);

  for (const status of [204, 404]) {
    const deleted = await fixture.request('DELETE', `/v1/passkeys/${passkey}`, { token: alice.token });
    assert.equal(deleted.status, status);
  }
  assert.equal((await logIn(fixture, authenticator)).json.code, 'passkey_refused');
});

test('a passkey’s answer is used once, on this site, by a verified user, and by no copy', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const authenticator = new Authenticator(ORIGIN);
  assert.equal((await register(alice, authenticator)).status, 201);
  const challenge = async () => (await fixture.post('/v1/passkeys/challenges', undefined, {})).json;
  const send = (response: unknown) => fixture.post('/v1/sessions/passkey', undefined, { response });
  const refused = async (response: unknown, what: string) => {
    const { status, json } = await send(response);
    assert.deepEqual([status, json.code], [401, 'passkey_refused'], what);
  };

  const answer = authenticator.logIn(await challenge());
  const parallel = await Promise.all(Array.from({ length: 8 }, () => send(answer)));
  assert.equal(parallel.filter(({ status }) => status === 201).length, 1);
  await refused(answer, 'replayed');

  const foreign = new Map<string, () => void>([
    ['another origin', () => (authenticator.origin = 'https://sello.example.evil')],
    ['another relying party', () => (authenticator.relyingPartyId = 'evil.example')],
    ['a user not verified', () => (authenticator.userVerified = false)],
    ['a counter that went back', () => (authenticator.counter = 0)],
    ['another user', () => (authenticator.userHandle = Buffer.from('2').toString('base64url'))],
    ['no user', () => (authenticator.userHandle = '')],
  ]);
  for (const [what, change] of foreign) {
    const { origin, relyingPartyId, userVerified, counter, userHandle } = authenticator;
    change();
    await refused(authenticator.logIn(await challenge()), what);
    Object.assign(authenticator, { origin, relyingPartyId, userVerified, counter, userHandle });
  }
  const old = await challenge();
  clock.advance(2 * MINUTE_MS + 1);
  await refused(authenticator.logIn(old), 'a challenge that expired');
  const { challenges } = (await alice.post('/v1/challenges', {})).json;
  const nonce = Buffer.from(challenges[0].nonce, 'hex').toString('base64url');
  await refused(authenticator.logIn({ challenge: nonce }), 'a challenge for something else');
  const tampered = authenticator.logIn(await challenge());
  tampered.response.signature = authenticator.logIn(await challenge()).response.signature;
  await refused(tampered, 'the signature of another answer');
  assert.equal((await logIn(fixture, authenticator)).status, 201);
});

test('a passkey is registered with a code where there is a token, and eight times at most', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  clock.advance(MINUTE_MS);
  const authenticator = new Authenticator(ORIGIN, { counter: 0 });
  assert.equal((await register(alice, authenticator)).json.code, 'code_required');
  assert.equal((await register(alice, authenticator, { code: '000000' })).json.code, 'code_wrong');
  const made = await register(alice, authenticator, { code: token.code() });
  assert.equal(made.status, 201, made.text);
  // Without a counter it goes on saying 0.
  assert.equal((await logIn(fixture, authenticator)).status, 201);
  assert.equal((await logIn(fixture, authenticator)).status, 201);

  const bob = await fixture.user('bob');
  const options = (await alice.post('/v1/passkeys/options', {})).json;
  assert.equal(options.excludeCredentials[0].id, authenticator.id);
  const crossed = await bob.post('/v1/passkeys', { response: new Authenticator(ORIGIN).register(options) });
  assert.equal(crossed.json.code, 'passkey_invalid', 'the challenge of another user');
  const first = new Authenticator(ORIGIN);
  assert.equal((await register(bob, first)).status, 201);
  for (let count = 1; count < 8; count++) {
    const proof = await bob.passkeyProof(first);
    assert.equal((await register(bob, new Authenticator(ORIGIN), proof)).status, 201);
  }
  assert.equal((await register(bob, new Authenticator(ORIGIN))).json.code, 'passkeys_too_many');
});

test('a disabled user’s passkey does not log in; a locked password does not block a passkey', async (t) => {
  const fixture = await testHttp(t, { publicUrl: ORIGIN });
  const admin = await fixture.withRole('root', 'admin');
  const alice = await fixture.user('alice');
  const authenticator = new Authenticator(ORIGIN);
  assert.equal((await register(alice, authenticator)).status, 201);
  const guess = () => fixture.post('/v1/sessions', undefined, { username: 'alice', password: 'guessed it' });
  for (let count = 0; count < 3; count++) assert.equal((await guess()).json.code, 'credentials_invalid');
  assert.equal((await guess()).json.code, 'locked');
  assert.equal((await logIn(fixture, authenticator)).status, 201);
  const locked = await fixture.post('/v1/sessions', undefined, { username: 'alice', password: PASSWORD });
  assert.equal(locked.json.code, 'locked', 'a passkey forgives no guesses at the password');
  const { users } = (await admin.get('/v1/admin/users?search=alice')).json;
  await admin.post(`/v1/admin/users/${users[0].id}/disable`);
  assert.equal((await logIn(fixture, authenticator)).json.code, 'user_disabled');
});

test('by default passkeys are for this machine’s own name, whatever host a request names', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const { port } = fixture.server.address();
  const options = await alice.post('/v1/passkeys/options', {}, { 'x-forwarded-host': 'evil.example' });
  assert.equal(options.json.rp.id, 'localhost');
  assert.equal(
    (await register(alice, new Authenticator('http://evil.example'))).json.code,
    'passkey_invalid',
  );
  assert.equal((await register(alice, new Authenticator(`http://localhost:${port}`))).status, 201);
});

test('a registration and a log-in are replayed under their key for the same authenticator response', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const authenticator = new Authenticator(ORIGIN);
  const headers = { 'idempotency-key': 'once' };
  const options = await alice.post('/v1/passkeys/options', {});
  const registration = { response: authenticator.register(options.json), label: 'Llavero' };
  const made = await alice.post('/v1/passkeys', registration, headers);
  assert.equal(made.status, 201, made.text);
  const same = await alice.post('/v1/passkeys', registration, headers);
  assert.deepEqual([same.json, same.headers.get('idempotency-replayed')], [made.json, 'true']);
  const other = await alice.post('/v1/passkeys', { ...registration, label: 'x' }, headers);
  assert.equal(other.json.code, 'idempotency_mismatch');
  assert.equal((await alice.get('/v1/passkeys')).json.passkeys.length, 1);

  for (const path of ['/v1/sessions/passkey', '/v1/browser-sessions/passkey']) {
    const key = { 'idempotency-key': path };
    const { json } = await fixture.post('/v1/passkeys/challenges', undefined, {});
    const body = { response: authenticator.logIn(json) };
    const first = await fixture.post(path, undefined, body, key);
    assert.equal(first.status, 201, first.text);
    const again = await fixture.post(path, undefined, body, key);
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, 'true'], path);
    assert.equal(again.json.session, first.json.session);
    assert.equal(again.headers.get('set-cookie'), first.headers.get('set-cookie'));
    const without = await fixture.post(path, undefined, body);
    assert.equal(without.json.code, 'passkey_refused', 'the key is what tells a repeat from a replay');
    clock.advance(2 * MINUTE_MS + 1);
    assert.equal((await fixture.post(path, undefined, body, key)).json.code, 'passkey_refused', 'too late');
  }
});
