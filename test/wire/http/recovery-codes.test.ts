/*
 * Goal: who has lost their phone gets in and enrols another token by recovery codes, each once; they approve nothing, and
 * a stolen session makes none.
 * Method: the real HTTP server on a clock that is moved; the journal read back.
 */
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { test } from 'node:test';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import { entriesOf } from '../../application/decisions/rewired.ts';
import { StoppedClock } from '../../services/application.ts';
import { ApiToken, ApiUser, type HttpFixture, PASSWORD, testHttp } from './http-fixture.ts';

const MINUTE_MS = 60_000;

async function withCodes(t: Parameters<typeof testHttp>[0]) {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  assert.equal((await alice.post('/v1/recovery-codes', {})).json.code, 'authenticator_required');
  const token = await alice.enrol('totp', { period_s: 60 });
  assert.equal((await alice.post('/v1/recovery-codes', {})).json.code, 'code_required');
  clock.advance(MINUTE_MS);
  const made = await alice.post('/v1/recovery-codes', { code: token.code() });
  assert.equal(made.status, 201, made.text);
  const codes: string[] = made.json.codes;
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) assert.match(code, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){5}$/);
  return { clock, fixture, alice, token, codes };
}

const logIn = (fixture: HttpFixture, shown: object) =>
  fixture.post('/v1/sessions', undefined, { username: 'alice', password: PASSWORD, ...shown });

test('a recovery code outlives rotations of the keys', async (t) => {
  const { clock, fixture, codes } = await withCodes(t);
  const { context } = fixture.application;
  for (let rotation = 0; rotation < 2; rotation++) {
    await rotateKeys(context, {});
    clock.advance(10 * 86_400_000);
  }
  assert.equal((await logIn(fixture, { recovery_code: codes[0] })).status, 201);
});

test('a lost phone: a recovery code logs in, another enrols a new token, each once and in the journal', async (t) => {
  const { clock, fixture, token, codes } = await withCodes(t);
  const [first = '', second = ''] = codes;
  assert.equal((await logIn(fixture, {})).json.code, 'code_required');
  const opened = await logIn(fixture, { recovery_code: first.replaceAll('-', ' ').toLowerCase() });
  assert.equal(opened.status, 201, opened.text);
  assert.equal((await logIn(fixture, { recovery_code: first })).json.code, 'code_wrong');

  const alice = new ApiUser(fixture, 'alice', opened.json.access_token, opened.json.session);
  assert.equal((await alice.post('/v1/tokens', { type: 'totp' })).json.code, 'code_required');
  const enrolled = await alice.post('/v1/tokens', { type: 'totp', recovery_code: second });
  assert.equal(enrolled.status, 201, enrolled.text);
  const next = new ApiToken(fixture, enrolled.json);
  const activated = await alice.post(`/v1/tokens/${next.id}/activation`, { code: next.firstCode() });
  assert.equal(activated.status, 200, activated.text);
  assert.deepEqual((await alice.get('/v1/recovery-codes')).json, { left: 8 });
  // The lost one is revoked in the session that the recovery code opened.
  const revoked = await fixture.request('DELETE', `/v1/tokens/${token.id}`, { token: alice.token });
  assert.equal(revoked.status, 204, revoked.text);

  clock.advance(MINUTE_MS);
  const renewed = await alice.post('/v1/recovery-codes', { code: next.code() });
  assert.equal(renewed.status, 201, renewed.text);
  assert.equal((await logIn(fixture, { recovery_code: codes[2] })).json.code, 'code_wrong');
  const { context } = fixture.application;
  const { userId } = (await context.store.findUser('alice')) ?? assert.fail();
  const uses = (await entriesOf(context, userId)).filter(
    ({ detail }) => detail?.recovery_codes_left !== undefined,
  );
  assert.deepEqual(
    uses.map(({ type, detail }) => [type, detail?.recovery_codes_left]),
    [
      ['login.accepted', 9],
      ['token.enrolled', 8],
    ],
  );
});

test('after the only token was revoked a recovery code invites a device; wrong ones lock', async (t) => {
  const { clock, fixture, alice, token, codes } = await withCodes(t);
  clock.advance(MINUTE_MS);
  const revoked = await fixture.request('DELETE', `/v1/tokens/${token.id}`, { token: alice.token });
  assert.equal(revoked.status, 204, revoked.text);
  const other = await fixture.logIn('alice');
  assert.equal((await other.post('/v1/enrolments', {})).json.code, 'code_required');
  for (let guess = 0; guess < 3; guess++) {
    const refused = await other.post('/v1/enrolments', {
      recovery_code: `AAAA-AAAA-AAAA-AAAA-AAAA-AAA${'BCD'[guess]}`,
    });
    assert.equal(refused.json.code, 'code_wrong');
  }
  assert.equal((await other.post('/v1/enrolments', { recovery_code: codes[0] })).json.code, 'locked');
  clock.advance(MINUTE_MS);
  assert.equal((await other.post('/v1/enrolments', { recovery_code: codes[0] })).status, 201);
});

test('a recovery code approves no payment, proves no session and makes no new codes', async (t) => {
  const { alice, codes } = await withCodes(t);
  const [code = ''] = codes;
  const plain = code.replaceAll('-', '');
  for (const path of ['/v1/sessions/current/proof', '/v1/recovery-codes', '/v1/users/current/password']) {
    const body = path.endsWith('password') ? { old_password: PASSWORD, password: 'new-password' } : {};
    assert.equal(
      (await alice.post(path, { ...body, recovery_code: code })).json.code,
      'message_invalid',
      path,
    );
  }
  const { json } = await alice.post('/v1/challenges', {});
  const transfer = { payer: 'CuentaA', payee: 'CuentaB', amount: '900.00', currency: 'EUR' };
  const paid = await alice.post('/v1/transactions', {
    ...transfer,
    nonce: json.challenges[0].nonce,
    code: plain,
  });
  assert.notEqual(paid.status, 201);
  assert.deepEqual((await alice.get('/v1/recovery-codes')).json, { left: 10 });
});

test('making and showing recovery codes takes no thread of the pool, which passwords need', async (t) => {
  const { clock, fixture, alice, token, codes } = await withCodes(t);
  const mallory = await fixture.user('mallory');
  const requests: string[] = [];
  // Those of node:crypto that run on the pool: SCRYPTREQUEST, PBKDF2REQUEST, HASHREQUEST and so on.
  const hook = createHook({
    init: (_id, type) => void (/^[A-Z0-9]+REQUEST$/.test(type) && requests.push(type)),
  });
  hook.enable();
  t.after(() => hook.disable());
  for (let n = 0; n < 8; n++) {
    assert.equal((await mallory.post('/v1/recovery-codes', {})).json.code, 'authenticator_required');
  }
  assert.equal((await alice.post('/v1/enrolments', { recovery_code: codes[0] })).status, 201);
  clock.advance(MINUTE_MS);
  assert.equal((await alice.post('/v1/recovery-codes', { code: token.code() })).status, 201);
  assert.deepEqual(
    requests.filter((type) => !type.startsWith('RANDOM')),
    [],
  );
});

test('of many who show one recovery code at once one gets in', async (t) => {
  const { fixture, codes } = await withCodes(t);
  const shown = await Promise.all(
    Array.from({ length: 8 }, () => logIn(fixture, { recovery_code: codes[0] })),
  );
  assert.equal(shown.filter(({ status }) => status === 201).length, 1);
});
