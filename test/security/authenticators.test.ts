/*
 * Goal: a stolen password does not outlive the first authenticator, and a stolen session makes no new one.
 * Method: each test is an attack that succeeded before it was fixed, against the real HTTP server.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../../src/application/sessions/session.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import { StoppedClock } from '../services/application.ts';
import { Authenticator } from '../services/authenticator.ts';
import { ApiToken, ApiUser, type HttpFixture, PASSWORD, testHttp } from '../wire/http/http-fixture.ts';
import { VirtualDevice } from '../wire/http/virtual-device.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ORIGIN = 'https://sello.example';

const revoke = (fixture: HttpFixture, user: ApiUser, path: string) =>
  fixture.request('DELETE', path, { token: user.token });

async function passkeyOf(user: ApiUser, more: object = {}) {
  const authenticator = new Authenticator(ORIGIN);
  const options = await user.post('/v1/passkeys/options', {});
  const response = authenticator.register(options.json);
  return { authenticator, made: await user.post('/v1/passkeys', { response, ...more }) };
}

for (const required of ['false', 'true']) {
  test(`a session from before the first token neither revokes nor enrols after it (enrolment_code_required: ${required})`, async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock, flags: { '--enrolment-code-required': required } });
    for (const type of ['ocra', 'totp'] as const) {
      const thief = await fixture.user(`alice-${type}`);
      const owner = await fixture.logIn(`alice-${type}`);
      const token = await owner.enrol(type);
      const revoked = await revoke(fixture, thief, `/v1/tokens/${token.id}`);
      assert.equal(revoked.status, 401, revoked.text);
      for (const path of ['/v1/tokens', '/v1/enrolments']) {
        const body = path === '/v1/tokens' ? { type: 'ocra' } : {};
        const refused = await thief.post(path, body);
        assert.ok(['code_required', 'session_ended'].includes(refused.json.code), refused.text);
      }
      const { tokens } = (await owner.get('/v1/tokens')).json;
      assert.deepEqual(
        tokens.map(({ status }: { status: string }) => status),
        ['active'],
      );
    }
  });
}

test('a passkey is an authenticator: nothing is enrolled, revoked or confirmed beside it by a password alone', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const owner = await fixture.user('alice');
  const thief = await fixture.logIn('alice');
  const waiting = new ApiToken(fixture, (await thief.post('/v1/tokens', { type: 'ocra' })).json);
  const { authenticator, made } = await passkeyOf(owner);
  assert.equal(made.status, 201, made.text);

  const confirmed = await thief.post(`/v1/tokens/${waiting.id}/activation`, { code: waiting.firstCode() });
  assert.equal(confirmed.json.code, 'token_unknown');
  for (const session of [thief, await fixture.logIn('alice')]) {
    assert.equal((await session.post('/v1/tokens', { type: 'ocra' })).json.code, 'proof_required');
    assert.equal((await session.post('/v1/enrolments', {})).json.code, 'proof_required');
    assert.equal((await passkeyOf(session)).made.json.code, 'proof_required');
    assert.equal(
      (await revoke(fixture, session, `/v1/passkeys/${made.json.id}`)).json.code,
      'proof_required',
    );
  }
  // Its holder shows it in the request; an answer is good once, and in its session alone.
  const shown = await owner.passkeyProof(authenticator);
  const stolen = await thief.post('/v1/tokens', { type: 'ocra', ...shown });
  assert.equal(stolen.json.code, 'passkey_refused');
  const enrolled = await owner.post('/v1/tokens', { type: 'ocra', ...shown });
  assert.equal(enrolled.status, 201, enrolled.text);
  assert.equal((await owner.post('/v1/tokens', { type: 'ocra', ...shown })).json.code, 'passkey_refused');
  const second = await passkeyOf(owner, await owner.passkeyProof(authenticator));
  assert.equal(second.made.status, 201, second.made.text);
  // After all are gone the password alone is still too little.
  for (const { id } of (await owner.get('/v1/passkeys')).json.passkeys) {
    assert.equal((await revoke(fixture, owner, `/v1/passkeys/${id}`)).status, 204);
  }
  assert.equal((await thief.post('/v1/tokens', { type: 'ocra' })).json.code, 'code_required');
});

test('a session that showed one code makes no second authenticator by it', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  clock.advance(MINUTE_MS);
  const body = { username: 'alice', password: PASSWORD, code: token.code() };
  const { json } = await fixture.post('/v1/sessions', undefined, body);
  const stolen = (path: string, more: object) => fixture.post(path, json.access_token, more);
  assert.equal((await stolen('/v1/tokens', { type: 'ocra' })).json.code, 'code_required');
  assert.equal((await stolen('/v1/tokens', { type: 'ocra', code: body.code })).json.code, 'code_spent');
  assert.equal((await stolen('/v1/enrolments', {})).json.code, 'code_required');
});

test('an ocra token proves an act by a code over it, which is good for that act, session and user, once', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const ocra = await alice.enrol('ocra');
  const other = await fixture.logIn('alice');
  const invite = (user: ApiUser, shown: object) => user.post('/v1/enrolments', shown);

  const proof = await ocra.over('invite_device', alice);
  assert.equal((await invite(other, proof)).json.code, 'challenge_unknown');
  assert.equal((await alice.post('/v1/tokens', { type: 'totp', ...proof })).json.code, 'code_wrong');
  assert.equal((await invite(alice, proof)).status, 201);
  assert.equal((await invite(alice, proof)).json.code, 'challenge_spent');
  // No code is evaluated, nor counted, that could not fit.
  for (let guess = 0; guess < 5; guess++) {
    assert.equal((await invite(alice, { code: '000000' })).json.code, 'code_required');
  }
  clock.advance(MINUTE_MS);
  assert.equal((await invite(alice, await ocra.over('invite_device', alice))).status, 201);
});

test('a token that waits a day is gone, and eight that wait block nothing', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const late = new ApiToken(fixture, (await alice.post('/v1/tokens', { type: 'totp' })).json);
  clock.advance(DAY_MS);
  const again = await fixture.logIn('alice');
  const confirmed = await again.post(`/v1/tokens/${late.id}/activation`, { code: late.firstCode() });
  assert.equal(confirmed.json.code, 'token_unknown');
  for (let count = 0; count < 9; count++) {
    clock.advance(1);
    const made = await again.post('/v1/tokens', { type: 'totp' });
    assert.equal(made.status, 201, made.text);
  }
  const { tokens } = (await again.get('/v1/tokens')).json;
  const waiting = tokens.filter(({ status }: { status: string }) => status === 'pending');
  assert.equal(waiting.length, 8);
});

test('revoking asks for a code of the last minutes', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  clock.advance(5 * MINUTE_MS + 1);
  const path = `/v1/tokens/${token.id}`;
  assert.equal((await revoke(fixture, alice, path)).json.code, 'proof_required');
  assert.equal((await alice.post('/v1/sessions/current/proof', {})).json.code, 'code_required');
  assert.equal((await alice.post('/v1/sessions/current/proof', { code: '000000' })).json.code, 'code_wrong');
  const shown = await alice.post('/v1/sessions/current/proof', { code: token.code() });
  assert.equal(shown.status, 200, shown.text);
  assert.equal((await revoke(fixture, alice, path)).status, 204);
});

const ADMIN_ACTS = [
  ['POST', '/v1/admin/users/1/disable'],
  ['POST', '/v1/admin/users/1/unlock'],
  ['POST', '/v1/admin/users/1/enrolments'],
  ['POST', '/v1/admin/users/1/recovery'],
  ['DELETE', '/v1/admin/users/1/tokens/x'],
  ['POST', '/v1/admin/services'],
  ['PUT', '/v1/admin/services/shop/scopes'],
  ['POST', '/v1/admin/keys/rotation'],
] as const;

async function administrator(fixture: HttpFixture, username: string): Promise<ApiUser> {
  const { context } = fixture.application;
  assert.ok(!isRefusal(await createUser(context, { username, password: PASSWORD, role: 'admin' })));
  return fixture.logIn(username);
}

async function idOf(fixture: HttpFixture, username: string): Promise<string> {
  return `${(await fixture.application.store.findUser(username))?.userId}`;
}

test('an administrator’s password alone reads and enrols, and changes nothing; a code serves for minutes', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  await fixture.user('alice');
  const root = await administrator(fixture, 'root');
  const act = (token: string, [method, path]: (typeof ADMIN_ACTS)[number]) =>
    fixture.request(method, path, { token, ...(method === 'DELETE' ? {} : { body: {} }) });
  for (const tried of ADMIN_ACTS) {
    const { status, json } = await act(root.token, tried);
    assert.deepEqual([status, json.code], [403, 'authenticator_required'], tried.join(' '));
  }
  assert.equal((await root.get('/v1/admin/users')).status, 200);
  const token = await root.enrol('totp', { period_s: 60 });
  // The session that confirmed it has shown it.
  const service = { name: 'shop', scopes: ['codes:verify'] };
  assert.equal((await root.post('/v1/admin/services', service)).status, 201);
  clock.advance(5 * MINUTE_MS + 1);
  for (const tried of ADMIN_ACTS) {
    const { status, json } = await act(root.token, tried);
    assert.deepEqual([status, json.code], [401, 'proof_required'], tried.join(' '));
  }
  const shown = await root.post('/v1/sessions/current/proof', { code: token.code() });
  assert.equal(shown.status, 200, shown.text);
  const alice = await idOf(fixture, 'alice');
  assert.equal((await root.post(`/v1/admin/users/${alice}/disable`)).status, 204);
});

test('one administrator gives nobody’s account to a device: it takes another one, a day and the password', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const lost = await VirtualDevice.enrolled(alice);
  const [root, other] = [await fixture.withRole('root', 'admin'), await fixture.withRole('other', 'admin')];
  const path = `/v1/admin/users/${await idOf(fixture, 'alice')}`;
  const invite = () => root.post(`${path}/enrolments`);
  assert.equal((await invite()).json.code, 'recovery_required');
  assert.equal((await root.post(`${path}/recovery`)).status, 201);
  assert.equal((await root.post(`${path}/recovery/confirmation`)).json.code, 'second_administrator_required');
  assert.equal((await invite()).json.code, 'recovery_required');
  // The user sees it, on the phone too, and stops it.
  const seen = await lost.get('/v1/recovery');
  assert.equal(seen.json.recovery.asked_by, 'root');
  const { context, services } = fixture.application;
  const userId = (await context.store.findUser('alice'))?.userId ?? 0;
  const isTold = () => services.isBeingRecovered({ userId, username: 'alice', sessionId: 'any' } as Session);
  assert.equal(await isTold(), true, 'over TCP as well');
  assert.equal((await lost.delete('/v1/recovery')).status, 204);
  assert.equal(await isTold(), false);
  assert.equal((await other.post(`${path}/recovery/confirmation`)).json.code, 'recovery_unknown');

  assert.equal((await root.post(`${path}/recovery`)).status, 201);
  const confirmed = await other.post(`${path}/recovery/confirmation`);
  assert.equal(confirmed.status, 200, confirmed.text);
  assert.equal((await invite()).json.code, 'recovery_required');
  clock.advance(DAY_MS);
  const later = await fixture.logIn('root');
  await fixture.prove(later);
  const inviteLater = () => later.post(`${path}/enrolments`);
  const invited = await inviteLater();
  assert.equal(invited.status, 201, invited.text);
  assert.equal((await inviteLater()).json.code, 'recovery_required', 'it serves once');

  const device = await VirtualDevice.make(fixture);
  const { code } = invited.json;
  assert.equal((await device.claim(code)).json.code, 'password_required');
  assert.equal((await device.claim(code, { password: 'guessed it' })).json.code, 'credentials_invalid');
  await device.take(await device.claim(code, { password: PASSWORD }));
  assert.equal((await device.confirm()).status, 200);
});

test('guesses at the password of an administrator’s invitation lock it like others', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const root = await fixture.withRole('root', 'admin');
  const invited = await root.post(`/v1/admin/users/${await idOf(fixture, 'alice')}/enrolments`);
  assert.equal(invited.status, 201, invited.text);
  const device = await VirtualDevice.make(fixture);
  const claim = (password: string) => device.claim(invited.json.code, { password });
  for (let guess = 0; guess < 3; guess++) {
    assert.equal((await claim(`guess no ${guess}`)).json.code, 'credentials_invalid');
  }
  assert.equal((await claim(PASSWORD)).json.code, 'locked');
});

test('the code of a log-in revokes nothing: one phished code does not clear the way for another’s token', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  clock.advance(MINUTE_MS);
  const { json } = await fixture.post('/v1/sessions', undefined, {
    ...{ username: 'alice', password: PASSWORD, code: token.code() },
  });
  const phished = new ApiUser(fixture, 'alice', json.access_token, json.session);
  const path = `/v1/tokens/${token.id}`;
  assert.equal((await revoke(fixture, phished, path)).json.code, 'proof_required');
  clock.advance(MINUTE_MS);
  assert.equal((await phished.post('/v1/sessions/current/proof', { code: token.code() })).status, 200);
  assert.equal((await revoke(fixture, phished, path)).status, 204);
});

test('a log-in by a recovery code is no fresh proof: it changes nothing as an administrator, and revokes nothing', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const root = await administrator(fixture, 'root');
  const token = await root.enrol('totp', { period_s: 60 });
  clock.advance(MINUTE_MS);
  const made = await root.post('/v1/recovery-codes', { code: token.code() });
  const { json } = await fixture.post('/v1/sessions', undefined, {
    ...{ username: 'root', password: PASSWORD, recovery_code: made.json.codes[0] },
  });
  const found = new ApiUser(fixture, 'root', json.access_token, json.session);
  const service = { name: 'shop', scopes: ['codes:verify'] };
  assert.equal((await found.post('/v1/admin/services', service)).json.code, 'proof_required');
  assert.equal((await revoke(fixture, found, `/v1/tokens/${token.id}`)).json.code, 'proof_required');
});
