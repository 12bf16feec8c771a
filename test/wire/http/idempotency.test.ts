/*
 * Goal: every request that changes something can be repeated under its key and takes effect once.
 * Method: each route is called twice, in parallel and by other callers; the records are searched for secrets.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiToken, PASSWORD, type Response, testHttp } from './http-fixture.ts';

const BIG = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

function isRepeat(first: Response, second: Response, what: string): void {
  assert.ok(first.status < 300, `${what}: ${first.text}`);
  assert.equal(first.headers.get('idempotency-replayed'), null, what);
  assert.equal(second.headers.get('idempotency-replayed'), 'true', `${what}: ${second.text}`);
  assert.equal(second.status, first.status, what);
}

test('every POST that changes something may be repeated by its key, and does it once', async (t) => {
  const fixture = await testHttp(t);
  const key = (name: string) => ({ 'idempotency-key': name });
  const twice = async (what: string, send: (headers: Record<string, string>) => Promise<Response>) => {
    const [first, second] = [await send(key(what)), await send(key(what))];
    isRepeat(first, second, what);
    return [first.json, second.json];
  };
  const credentials = { username: 'alice', password: PASSWORD };
  const [registered, again] = await twice('register', (h) =>
    fixture.post('/v1/users', undefined, credentials, h),
  );
  assert.deepEqual(registered, again);
  const otherPassword = { ...credentials, password: 'another one' };
  const mismatch = await fixture.post('/v1/users', undefined, otherPassword, key('register'));
  assert.deepEqual([mismatch.status, mismatch.json.code], [422, 'idempotency_mismatch']);
  const taken = await fixture.post('/v1/users', undefined, credentials, key('fresh'));
  assert.equal(taken.json.code, 'username_taken');

  const [session, sameSession] = await twice('log-in', (h) =>
    fixture.post('/v1/sessions', undefined, credentials, h),
  );
  assert.equal(session.session, sameSession.session);
  const guess = await fixture.post('/v1/sessions', undefined, otherPassword, key('log-in'));
  assert.equal(guess.json.code, 'credentials_invalid', 'the key alone opens nothing');

  const alice = await fixture.logIn('alice');
  const [enrolled, sameToken] = await twice('enrol', (h) => alice.post('/v1/tokens', { type: 'ocra' }, h));
  assert.deepEqual(sameToken, enrolled, 'the secret as well');
  assert.equal((await alice.get('/v1/tokens')).json.tokens.length, 1);
  const other = await alice.post('/v1/tokens', { type: 'totp' }, key('enrol'));
  assert.equal(other.json.code, 'idempotency_mismatch');

  const ocra = new ApiToken(fixture, enrolled);
  const code = ocra.firstCode();
  await twice('activate', (h) => alice.post(`/v1/tokens/${ocra.id}/activation`, { code }, h));
  const proof = await ocra.over('enrol_token', alice);
  const [hotp, sameHotp] = await twice('enrol-another', (h) =>
    alice.post('/v1/tokens', { type: 'hotp', ...proof }, h),
  );
  assert.deepEqual(hotp, sameHotp);
  const counter = new ApiToken(fixture, hotp);
  await alice.post(`/v1/tokens/${counter.id}/activation`, { code: counter.firstCode() });

  const [asked, sameAsked] = await twice('ask', (h) => alice.post('/v1/transactions', BIG, h));
  assert.deepEqual(asked, sameAsked);
  const changed = await alice.post('/v1/transactions', { ...BIG, amount: '1251' }, key('ask'));
  assert.equal(changed.json.code, 'idempotency_mismatch');
  const approvalCode = ocra.codeOver(asked);
  const approval = `/v1/transactions/${asked.id}/approval`;
  const [approved, sameApproved] = await twice('approve', (h) =>
    alice.post(approval, { code: approvalCode }, h),
  );
  assert.deepEqual(approved, sameApproved);
  const elsewhere = await alice.post(`/v1/transactions/${asked.id}/refusal`, undefined, key('approve'));
  assert.equal(elsewhere.json.code, 'idempotency_mismatch', 'a key stands for one path');

  const proven = await alice.proven({ ...BIG, amount: '5.00' });
  const [paid, samePaid] = await twice('pay', (h) =>
    alice.post('/v1/transactions', { ...proven, receipt: true }, h),
  );
  assert.equal(paid.id, samePaid.id);
  // A retry that proves itself afresh is the same request.
  const fresh = await alice.proven({ ...BIG, amount: '5.00' });
  const retried = await alice.post('/v1/transactions', fresh, key('pay'));
  assert.equal(retried.json.id, paid.id);

  const shop = await fixture.service('shop', 'transactions:write', 'transactions:read', 'codes:verify');
  const wanted = { ...BIG, username: 'alice' };
  const [order] = await twice('order', (h) => fixture.post('/v1/transactions', shop, wanted, h));
  await twice('cancel', (h) => fixture.post(`/v1/transactions/${order.id}/cancellation`, shop, undefined, h));
  const [refusedOrder] = [(await fixture.post('/v1/transactions', shop, wanted)).json];
  await twice('refuse', (h) => alice.post(`/v1/transactions/${refusedOrder.id}/refusal`, undefined, h));
  const otp = counter.code();
  const [valid, sameValid] = await twice('validate', (h) =>
    fixture.post('/v1/codes/validation', shop, { username: 'alice', code: otp }, h),
  );
  assert.deepEqual([valid, sameValid], [{ valid: true }, { valid: true }]);

  const root = await fixture.withRole('root', 'admin');
  const service = { name: 'second', scopes: ['codes:verify'] };
  const [made, sameMade] = await twice('service', (h) => root.post('/v1/admin/services', service, h));
  assert.deepEqual(made, sameMade, 'the key as well');
  const [rotated, sameRotated] = await twice('rotate', (h) =>
    root.post('/v1/admin/services/second/keys', undefined, h),
  );
  assert.deepEqual(rotated, sameRotated);
  assert.notEqual(rotated.key, made.key);
  const list = await root.get('/v1/admin/services');
  assert.equal(list.json.services.find(({ name }: { name: string }) => name === 'second').keys.length, 2);
});

test('no stored answer holds a secret in the clear, and no digest is made of one', async (t) => {
  const fixture = await testHttp(t);
  const headers = { 'idempotency-key': 'k' };
  await fixture.post('/v1/users', undefined, { username: 'alice', password: PASSWORD }, headers);
  const { json } = await fixture.post(
    '/v1/sessions',
    undefined,
    { username: 'alice', password: PASSWORD },
    { 'idempotency-key': 'l' },
  );
  const enrolled = await fixture.post(
    '/v1/tokens',
    json.access_token,
    { type: 'totp' },
    { 'idempotency-key': 'e' },
  );
  const { store } = fixture.application;
  const user = await store.findUser('alice');
  const answers = await store.findIdempotencyRecords(
    ['k', 'l', 'e'].map((key) => ({ userId: user?.userId ?? 0, key })),
  );
  assert.equal(answers.filter(Boolean).length, 3);
  const text = JSON.stringify(answers);
  for (const secret of [PASSWORD, json.session, json.session.split('.')[1], enrolled.json.secret]) {
    assert.ok(!text.includes(secret));
  }
});

test('of many with one key at once one is done, and all are answered alike', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const shop = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      fixture.post('/v1/transactions', shop, { ...BIG, username: 'alice' }, { 'idempotency-key': 'one' }),
    ),
  );
  assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
  assert.equal(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null).length, 1);
  assert.equal((await fixture.get('/v1/transactions', shop)).json.transactions.length, 1);
});

test('a user cannot answer for a service by choosing its key', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const shop = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const [service] = await fixture.application.store.listServices();
  const proven = await alice.proven({ ...BIG, amount: '5.00' });
  const chosen = { 'idempotency-key': `service/${service?.serviceId}/order-1` };
  assert.equal((await alice.post('/v1/transactions', proven, chosen)).status, 201);
  const asked = await fixture.post(
    '/v1/transactions',
    shop,
    { ...BIG, amount: '5.00', username: 'alice' },
    { 'idempotency-key': 'order-1' },
  );
  assert.equal(asked.json.code, 'idempotency_mismatch');
});

test('invalid keys are refused', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  for (const bad of ['', 'a b', 'é', 'x'.repeat(129)]) {
    const answer = await alice.post('/v1/transactions', BIG, { 'idempotency-key': bad });
    assert.deepEqual([answer.status, answer.json.code], [400, 'message_invalid'], JSON.stringify(bad));
  }
});

test('a repeated administrator’s action is marked as replayed, also without a body', async (t) => {
  const fixture = await testHttp(t);
  const root = await fixture.withRole('root', 'admin');
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp');
  await fixture.service('shop', 'codes:verify');
  const { id } = (await root.get('/v1/admin/users?search=alice')).json.users[0];
  const entries = async () => (await fixture.application.store.readJournal({ after: 0, limit: 200 })).length;
  const twice = async (method: string, path: string, body?: unknown) => {
    const send = () =>
      fixture.request(method, path, {
        ...(body === undefined ? {} : { body }),
        token: root.token,
        headers: { 'idempotency-key': `${method}-${path.replaceAll('/', '-')}` },
      });
    const first = await send();
    const decided = await entries();
    const second = await send();
    isRepeat(first, second, path);
    assert.deepEqual(second.json, first.json, path);
    assert.equal(await entries(), decided, `${path}: done once`);
  };
  for (const verb of ['disable', 'enable', 'unlock']) await twice('POST', `/v1/admin/users/${id}/${verb}`);
  await twice('DELETE', `/v1/admin/users/${id}/tokens/${token.id}`);
  const bob = await fixture.application.store.findUser((await fixture.user('bob')).username);
  await twice('POST', `/v1/admin/users/${bob?.userId}/enrolments`);
  for (const verb of ['disable', 'enable']) await twice('POST', `/v1/admin/services/shop/${verb}`);
  await twice('POST', '/v1/admin/services/shop/keys');
  const [, { id: key }] = (await root.get('/v1/admin/services')).json.services[0].keys;
  await twice('DELETE', `/v1/admin/services/shop/keys/${key}`);

  await twice('POST', '/v1/admin/keys/rotation', { keep_old: true });
  assert.equal((await root.get('/v1/admin/keys')).json.key_version, 2, 'rotated once');
  const other = await root.post(
    '/v1/admin/keys/rotation',
    {},
    { 'idempotency-key': 'POST--v1-admin-keys-rotation' },
  );
  assert.deepEqual([other.status, other.json.code], [422, 'idempotency_mismatch']);
});

test('every decision on a code is replayed, also one that evaluated none', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const token = await alice.enrol('hotp');
  const shop = await fixture.service('shop', 'codes:verify');
  const transaction = { ...BIG, challenge: 'ab'.repeat(32) };
  const bound = async () => {
    const { json } = await fixture.post('/v1/challenges', shop, {});
    return { ...BIG, challenge: json.challenges[0].nonce };
  };
  const asked = { username: 'alice', code: token.code(), transaction: await bound() };
  for (const [key, body, reason] of [
    ['plain', asked, 'bound_code_required'],
    ['foreign', { username: 'alice', code: '000000', transaction }, 'challenge_unknown'],
    ['nobody', { username: 'nobody', code: '000000', transaction }, 'challenge_unknown'],
  ] as const) {
    const send = () => fixture.post('/v1/codes/validation', shop, body, { 'idempotency-key': key });
    const [first, second] = [await send(), await send()];
    assert.deepEqual(first.json, { valid: false, reason }, key);
    isRepeat(first, second, key);
    assert.deepEqual(second.json, first.json, key);
  }
});
