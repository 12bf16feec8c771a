/*
 * Goal: an invitation enrols one virtual token on one phone, once, before it expires.
 * Method: the real HTTP server, with parallel claims, lost answers and stolen credentials.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoppedClock } from '../../services/application.ts';
import { PASSWORD, testHttp } from './http-fixture.ts';
import { VirtualDevice } from './virtual-device.ts';

const MINUTE_MS = 60_000;
const TRANSFER = { payer: 'ES7921', payee: 'DE8937', amount: '900.00', currency: 'EUR' };

test('an invitation makes a phone a virtual token: for log-ins and for approvals', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const invited = await alice.post('/v1/enrolments', {});
  assert.equal(invited.status, 201);
  const { code, link } = invited.json;
  assert.equal(link, `http://localhost:${fixture.server.address().port}/token#enrol=${code}`);

  const device = await VirtualDevice.make(fixture);
  const claimed = await device.claim(code, { label: 'teléfono' });
  assert.doesNotMatch(claimed.text, /alice|seed/);
  await device.take(claimed);
  const { username, label, tokens } = device.payload;
  assert.deepEqual([username, label], ['alice', 'teléfono']);
  const [ocra, totp] = tokens;
  assert.deepEqual([ocra.type, totp.type, totp.id], ['ocra', 'totp', `${ocra.id}.login`]);
  assert.notEqual(ocra.seed, totp.seed);

  // Until it is confirmed no code of it counts, and none is asked for.
  const early = await fixture.post('/v1/sessions', undefined, {
    ...{ username: 'alice', password: PASSWORD, code: device.logInCode() },
  });
  assert.equal(early.json.code, 'code_wrong');
  const wrong = await device.post(`/v1/tokens/${ocra.id}/activation`, { code: '000000' });
  assert.equal(wrong.json.code, 'code_wrong');
  const confirmed = await device.confirm();
  assert.deepEqual([confirmed.status, confirmed.json.status], [200, 'active']);
  const { json: listed } = await device.get('/v1/tokens');
  assert.deepEqual(
    listed.tokens.map((token: { status: string }) => token.status),
    ['active', 'active'],
  );

  clock.advance(MINUTE_MS);
  const needed = await fixture.post('/v1/sessions', undefined, { username: 'alice', password: PASSWORD });
  assert.equal(needed.json.code, 'code_required');
  const loggedIn = await fixture.post('/v1/sessions', undefined, {
    ...{ username: 'alice', password: PASSWORD, code: device.logInCode() },
  });
  assert.equal(loggedIn.status, 201, loggedIn.text);

  const asked = await alice.post('/v1/transactions', TRANSFER);
  assert.equal(asked.status, 202, asked.text);
  const { json: pending } = await device.get('/v1/transactions?status=pending');
  const [transaction] = pending.transactions;
  const approved = await device.post(`/v1/transactions/${transaction.id}/approval`, {
    code: device.codeOver(transaction),
  });
  assert.deepEqual([approved.status, approved.json.status], [200, 'approved']);
});

test('an invitation is used once, by one of several parallel claims; a lost answer is repeated', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const { code } = (await alice.post('/v1/enrolments', {})).json;
  const devices = await Promise.all(Array.from({ length: 8 }, () => VirtualDevice.make(fixture)));
  const claims = await Promise.all(
    devices.map((device, index) =>
      device.claim(code, {}, { 'idempotency-key': `try ${index}`.replace(' ', '-') }),
    ),
  );
  const won = claims.findIndex(({ status }) => status === 201);
  assert.equal(claims.filter(({ status }) => status === 201).length, 1);
  for (const { status, json } of claims) {
    if (status !== 201) assert.deepEqual([status, json.code], [404, 'enrolment_unknown']);
  }
  const { json: tokens } = await alice.get('/v1/tokens');
  assert.equal(tokens.tokens.length, 2);

  const winner = devices[won];
  assert.ok(winner);
  const again = await winner.claim(code, {}, { 'idempotency-key': `try-${won}` });
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, 'true']);
  assert.deepEqual(again.json, claims[won]?.json);
  // Another's key, or another's device, is told nothing.
  const other = await VirtualDevice.make(fixture);
  const stolen = await other.claim(code, {}, { 'idempotency-key': `try-${won}` });
  assert.deepEqual([stolen.status, stolen.json.code], [404, 'enrolment_unknown']);
});

test('an invitation ends when it expires, is withdrawn, or has four newer ones; any other code is refused', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: { '--enrolment-ttl-ms': '60000' } });
  const alice = await fixture.user('alice');
  const device = await VirtualDevice.make(fixture);
  const invite = async () => (await alice.post('/v1/enrolments', {})).json.code as string;
  const refusalOf = async (code: string, more: object = {}) => (await device.claim(code, more)).json.code;

  const late = await invite();
  clock.advance(MINUTE_MS);
  assert.equal(await refusalOf(late), 'enrolment_expired');

  const withdrawn = await invite();
  const { sessions } = (await alice.get('/v1/sessions')).json;
  const open = sessions.find(({ kind }: { kind: string }) => kind === 'enrolment');
  const ended = await fixture.request('DELETE', `/v1/sessions/${open.id}`, { token: alice.token });
  assert.equal(ended.status, 204);
  assert.equal(await refusalOf(withdrawn), 'enrolment_unknown');

  const codes: string[] = [];
  for (let count = 0; count < 5; count++) {
    clock.advance(1);
    codes.push(await invite());
  }
  const [oldest = '', ...kept] = codes;
  assert.equal(await refusalOf(oldest), 'enrolment_unknown');
  const [code = ''] = kept;
  for (const foreign of ['nonsense', `${code}x`, code.replace(/^[^.]+/, 'zz'), alice.secret]) {
    assert.equal(await refusalOf(foreign), 'enrolment_unknown', foreign);
  }
  const point = { ...device.publicKey, x: device.publicKey.y };
  assert.equal(await refusalOf(code, { device_key: point }), 'device_key_invalid');
  for (const key of [
    { ...device.publicKey, d: 'A'.repeat(43) },
    { kty: 'RSA' },
    { ...device.publicKey, crv: 'P-384' },
  ]) {
    assert.equal(await refusalOf(code, { device_key: key }), 'message_invalid');
  }
  assert.equal((await device.claim(code)).status, 201);
});

test('an invitation resumes no session, and a device’s session none over TCP’s action', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const { code } = (await alice.post('/v1/enrolments', {})).json;
  const resumed = await fixture.post('/v1/sessions/resumption', undefined, { session: code });
  assert.equal(resumed.json.code, 'session_ended');
  const device = await VirtualDevice.enrolled(alice);
  const { services } = fixture.application;
  const secret = device.payload.session;
  assert.deepEqual(await services.resumeSession({ secret, address: '127.0.0.1' }), {
    refused: 'session_ended',
  });
});

test('a user with a token must show its code to invite another device; wrong codes count', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: { '--recovery-wait-ms': '0' } });
  const alice = await fixture.user('alice');
  const first = await VirtualDevice.enrolled(alice);
  assert.equal((await alice.post('/v1/enrolments', {})).json.code, 'code_required');
  for (let attempt = 0; attempt < 3; attempt++) {
    assert.equal((await alice.post('/v1/enrolments', { code: '000000' })).json.code, 'code_wrong');
  }
  const locked = await alice.post('/v1/enrolments', { code: first.logInCode() });
  assert.equal(locked.json.code, 'locked');
  clock.advance(MINUTE_MS);
  const code = first.logInCode();
  const invited = await alice.post('/v1/enrolments', { code });
  assert.equal(invited.status, 201, invited.text);
  assert.equal((await alice.post('/v1/enrolments', { code })).json.code, 'code_spent');

  const recovered = await fixture.recover('alice');
  const second = await VirtualDevice.make(fixture);
  const asked = { type: 'totp', label: 'spare', password: PASSWORD };
  await second.take(await second.claim(recovered, asked));
  assert.deepEqual(
    second.payload.tokens.map((token: { type: string }) => token.type),
    ['totp'],
  );
  assert.equal((await second.confirm()).status, 200);
});

test('with enrolment_code_required a stolen password enrols no token', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: { '--enrolment-code-required': 'true' } });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  clock.advance(MINUTE_MS);
  assert.equal((await alice.post('/v1/tokens', { type: 'ocra' })).json.code, 'code_required');
  assert.equal((await alice.post('/v1/tokens', { type: 'ocra', code: '000000' })).json.code, 'code_wrong');
  const enrolled = await alice.post('/v1/tokens', { type: 'ocra', code: token.code() });
  assert.equal(enrolled.status, 201, enrolled.text);
});

test('a revoked device is out: both of its tokens, and its session, in one decision', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const device = await VirtualDevice.enrolled(alice);
  const [{ id }] = device.payload.tokens;
  const revoke = () => fixture.request('DELETE', `/v1/tokens/${id}.login`, { token: alice.token });
  const unproven = await revoke();
  assert.deepEqual([unproven.status, unproven.json.code], [401, 'proof_required']);
  assert.match(unproven.headers.get('www-authenticate') ?? '', /insufficient_user_authentication/);
  const shown = await alice.post('/v1/sessions/current/proof', { code: device.logInCode() });
  assert.equal(shown.status, 200, shown.text);
  const revoked = await revoke();
  assert.equal(revoked.status, 204);
  const { tokens } = (await alice.get('/v1/tokens')).json;
  assert.deepEqual(
    tokens.map((token: { status: string }) => token.status),
    ['revoked', 'revoked'],
  );
  assert.equal((await device.get('/v1/tokens')).json.code, 'session_ended');
  assert.equal((await device.resume()).json.code, 'session_ended');
  const { entries } = (await alice.get('/v1/journal')).json;
  assert.deepEqual(
    [entries[0].body.type, { ...entries[0].body.detail, rows: undefined }],
    ['token.revoked', { token: `${id}.login`, tokens: 2, rows: undefined }],
  );
});
