/*
 * Goal: access tokens, cookies and service keys give exactly their access; forged or ended ones give none.
 * Method: the real HTTP server with tokens changed in every part.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import test, { describe } from 'node:test';
import {
  disableService,
  enableService,
  rotateServiceKey,
  setServiceScopes,
} from '../../../src/application/services/manage-services.ts';
import { disableUser } from '../../../src/application/users/administer-user.ts';
import { StoppedClock } from '../../services/application.ts';
import { PASSWORD, testHttp } from './http-fixture.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

describe('access tokens', () => {
  test('have the claims of RFC 9068, each with its own id', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const [header, payload] = alice.token.split('.');
    assert.deepEqual([decode(header).alg, decode(header).typ], ['ES256', 'at+jwt']);
    const claims = decode(payload);
    const { iss, aud, sub, client_id: client, exp, iat } = claims;
    assert.deepEqual([iss, aud, sub, client, exp - iat], ['sello', 'sello-api', 'alice', 'sello', 900]);
    const resumed = await fixture.post('/v1/sessions/resumption', undefined, { session: alice.secret });
    const other = decode(resumed.json.access_token.split('.')[1]);
    assert.ok(claims.jti.length >= 16 && other.jti !== claims.jti);
    assert.equal(other.sid, claims.sid);
  });

  test('forged ones open nothing', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const [header, payload, signature] = alice.token.split('.');
    const [head, claims] = [decode(header), decode(payload)];
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const byOtherKey = (h: object, p: object) => {
      const input = `${encode(h)}.${encode(p)}`;
      const bytes = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${bytes.toString('base64url')}`;
    };
    // A receipt is signed by the same key, and is no access token.
    const proven = await alice.proven({ payer: 'A', payee: 'B', amount: '1.00', currency: 'EUR' });
    const made = await alice.post('/v1/transactions', { ...proven, receipt: true });
    const signedByServer = async (h: object, p: object) => {
      const input = `${encode(h)}.${encode(p)}`;
      const [signed] = await fixture.application.context.vault.sign([Buffer.from(input)]);
      return `${input}.${Buffer.from(signed?.signature ?? []).toString('base64url')}`;
    };
    const forged: Record<string, string> = {
      'alg none': `${encode({ ...head, alg: 'none' })}.${payload}.`,
      'alg none with a signature': `${encode({ ...head, alg: 'none' })}.${payload}.${signature}`,
      HS256: `${encode({ ...head, alg: 'HS256' })}.${payload}.${signature}`,
      'another key': byOtherKey(head, claims),
      'an unknown key id': byOtherKey({ ...head, kid: 'mine' }, claims),
      'a changed role': `${header}.${encode({ ...claims, role: 'admin' })}.${signature}`,
      'a receipt': made.json.receipt,
      'another audience': await signedByServer(head, { ...claims, aud: 'sello-receipts' }),
      'another issuer': await signedByServer(head, { ...claims, iss: 'other' }),
      'another type': await signedByServer({ ...head, typ: 'JWT' }, claims),
      'critical extensions': await signedByServer({ ...head, crit: ['exp'] }, claims),
      expired: await signedByServer(head, { ...claims, exp: claims.iat - 1 }),
      'a session of another user': await signedByServer(head, { ...claims, uid: claims.uid + 1 }),
      'no signature': `${header}.${payload}`,
      'a fourth part': `${alice.token}.${signature}`,
      'trailing bits': `${alice.token}=`,
      empty: '.',
      huge: 'a'.repeat(8_000),
    };
    for (const [what, token] of Object.entries(forged)) {
      const answer = await fixture.get('/v1/sessions/current', token);
      assert.deepEqual([answer.status, answer.json.code], [401, 'session_ended'], what);
      assert.match(answer.headers.get('www-authenticate') ?? '', /invalid_token/);
    }
    const none = await fixture.get('/v1/sessions/current');
    assert.deepEqual([none.status, none.json.code], [401, 'session_required']);
    assert.equal((await alice.get('/v1/sessions/current')).status, 200);
    const scheme = await fixture.get('/v1/sessions/current', undefined, {
      authorization: `Basic ${alice.token}`,
    });
    assert.equal(scheme.status, 401);
  });

  test('expire after 15 minutes; the session gives another', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const alice = await fixture.user('alice');
    clock.advance(899_000);
    assert.equal((await alice.get('/v1/tokens')).status, 200);
    clock.advance(1_001);
    assert.equal((await alice.get('/v1/tokens')).json.code, 'session_ended');
    const resumed = await fixture.post('/v1/sessions/resumption', undefined, { session: alice.secret });
    assert.equal(resumed.status, 201, resumed.text);
    assert.equal((await fixture.get('/v1/tokens', resumed.json.access_token)).status, 200);
    const wrong = await fixture.post('/v1/sessions/resumption', undefined, {
      session: alice.secret.slice(0, -1) + (alice.secret.endsWith('x') ? 'y' : 'x'),
    });
    assert.deepEqual([wrong.status, wrong.json.code], [401, 'session_ended']);
  });

  test('a log-out and a disabled user count at once', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const again = await fixture.logIn('alice');
    const out = await fixture.request('DELETE', '/v1/sessions/current', { token: alice.token });
    assert.equal(out.status, 204);
    assert.equal((await alice.get('/v1/tokens')).json.code, 'session_ended');
    assert.equal((await again.get('/v1/tokens')).status, 200);
    const { context } = fixture.application;
    const { userId } = (await context.store.findUser('alice')) ?? { userId: 0 };
    await disableUser(context, userId);
    assert.equal((await again.get('/v1/tokens')).json.code, 'session_ended');
    const logIn = await fixture.post('/v1/sessions', undefined, { username: 'alice', password: PASSWORD });
    assert.deepEqual([logIn.status, logIn.json.code], [403, 'user_disabled']);
  });
});

describe('log-in', () => {
  test('a user with a token needs its code, once', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const alice = await fixture.user('alice');
    const token = await alice.enrol('totp', { period_s: 30 });
    const logIn = (code?: string) =>
      fixture.post('/v1/sessions', undefined, {
        username: 'alice',
        password: PASSWORD,
        ...(code ? { code } : {}),
      });
    assert.deepEqual([(await logIn()).status, (await logIn()).json.code], [403, 'code_required']);
    clock.advance(30_000);
    const code = token.code();
    assert.equal((await logIn(code)).status, 201);
    assert.equal((await logIn(code)).json.code, 'code_spent');
    assert.equal((await logIn('x')).json.code, 'code_wrong');
  });

  test('a user with bound codes only logs in without a code', async (t) => {
    const fixture = await testHttp(t);
    await (await fixture.user('alice')).enrol('ocra');
    await fixture.logIn('alice');
  });

  test('an unknown user and a wrong password are answered alike', async (t) => {
    const fixture = await testHttp(t);
    await fixture.user('alice');
    const answers = [];
    for (const username of ['alice', 'nobody']) {
      for (let attempt = 0; attempt < 4; attempt++) {
        const { status, json } = await fixture.post('/v1/sessions', undefined, {
          username,
          password: 'not the one',
        });
        const { request_id: _, retry_after_ms: wait, ...problem } = json;
        answers.push({ status, problem, waits: wait !== undefined });
      }
    }
    assert.deepEqual(answers.slice(0, 4), answers.slice(4));
    assert.deepEqual(
      answers.slice(0, 4).map(({ problem }) => problem.code),
      ['credentials_invalid', 'credentials_invalid', 'credentials_invalid', 'locked'],
    );
  });
});

describe('the browser', () => {
  test('its cookie needs the CSRF header for what changes something', async (t) => {
    const fixture = await testHttp(t);
    await fixture.user('alice');
    const made = await fixture.post('/v1/browser-sessions', undefined, {
      username: 'alice',
      password: PASSWORD,
    });
    const [set = '', device] = made.headers.getSetCookie();
    assert.match(device ?? '', /^sello_device=/);
    assert.match(set, /^sello_session=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    assert.deepEqual(Object.keys(made.json).sort(), ['csrf_token', 'expires_at', 'kind', 'role', 'username']);
    const cookie = set.split(';', 1)[0] ?? '';
    const csrf = made.json.csrf_token;
    const current = await fixture.get('/v1/sessions/current', undefined, { cookie: `a=b; ${cookie}` });
    assert.equal(current.json.csrf_token, csrf);
    const body = { payer: 'A', payee: 'B', amount: '1' };
    const send = (headers: Record<string, string>) =>
      fixture.post('/v1/transactions', undefined, body, { cookie, ...headers });
    assert.deepEqual([(await send({})).status, (await send({})).json.code], [403, 'csrf_invalid']);
    assert.equal(
      (await send({ 'x-csrf-token': csrf.slice(0, -1) + (csrf.endsWith('A') ? 'B' : 'A') })).json.code,
      'csrf_invalid',
    );
    assert.equal(
      (await send({ 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' })).json.code,
      'csrf_invalid',
    );
    assert.equal((await send({ 'x-csrf-token': csrf })).status, 202);
    assert.equal((await send({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' })).status, 202);
    const out = await fixture.request('DELETE', '/v1/sessions/current', {
      headers: { cookie, 'x-csrf-token': csrf },
    });
    assert.match(out.headers.get('set-cookie') ?? '', /^sello_session=; .*Max-Age=0/);
    assert.equal(
      (await fixture.get('/v1/sessions/current', undefined, { cookie })).json.code,
      'session_ended',
    );
  });
});

describe('services', () => {
  test('two keys live at a time; scopes and disabling count at once', async (t) => {
    const fixture = await testHttp(t);
    const { context } = fixture.application;
    const first = await fixture.service('shop', 'transactions:read');
    const list = (key: string) => fixture.get('/v1/transactions', key);
    assert.equal((await list(first)).status, 200);
    const keys = [first];
    for (let count = 0; count < 2; count++) {
      const rotated = await rotateServiceKey(context, 'shop');
      assert.ok(!('refused' in rotated));
      keys.push(rotated.key);
    }
    assert.deepEqual(await Promise.all(keys.map(async (key) => (await list(key)).status)), [401, 200, 200]);
    const [, second = ''] = keys;
    await setServiceScopes(context, 'shop', ['codes:verify']);
    assert.equal((await list(second)).json.code, 'scope_missing');
    await setServiceScopes(context, 'shop', ['transactions:read']);
    await disableService(context, 'shop');
    assert.equal((await list(second)).json.code, 'session_ended');
    await enableService(context, 'shop');
    assert.equal((await list(second)).status, 200);
    for (const key of ['slo_', `slo_${'a'.repeat(43)}`, `${second}x`, second.slice(0, -1)]) {
      assert.equal((await list(key)).status, 401);
    }
  });

  test('of many rotations at once none is lost, and two keys are left', async (t) => {
    const fixture = await testHttp(t);
    await fixture.service('shop', 'transactions:read');
    const { context } = fixture.application;
    const made = await Promise.all(Array.from({ length: 8 }, () => rotateServiceKey(context, 'shop')));
    const keys = made.map((one) => ('key' in one ? one.key : assert.fail(JSON.stringify(one))));
    const statuses = await Promise.all(
      keys.map(async (key) => (await fixture.get('/v1/transactions', key)).status),
    );
    assert.equal(statuses.filter((status) => status === 200).length, 2);
  });

  test('each kind of caller has its own routes; those of administrators do not exist for others', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const auditor = await fixture.withRole('audit', 'auditor');
    const key = await fixture.service('shop', 'transactions:write', 'codes:verify');
    assert.equal(
      (await alice.post('/v1/codes/validation', { username: 'alice', code: '1' })).json.code,
      'caller_wrong',
    );
    assert.equal((await fixture.get('/v1/tokens', key)).json.code, 'caller_wrong');
    for (const path of ['/v1/admin/users', '/v1/admin/services', '/v1/admin/keys', '/v1/admin/health']) {
      for (const token of [alice.token, key]) {
        const answer = await fixture.get(path, token);
        assert.deepEqual([answer.status, answer.json.code], [404, 'resource_unknown']);
      }
      // Auditors look and do not touch; services' scopes are the administrators' business.
      const { status } = await auditor.get(path);
      assert.equal(status, path === '/v1/admin/services' ? 404 : 200, path);
      assert.equal((await fixture.get(path)).status, 401);
    }
    for (const path of ['/v1/admin/users/1/disable', '/v1/admin/users/1/unlock', '/v1/admin/keys/rotation']) {
      const answer = await auditor.post(path, {});
      assert.deepEqual([answer.status, answer.json.code], [404, 'resource_unknown']);
    }
  });
});

describe('administration', () => {
  test('users are searched, disabled, enabled, unlocked; the entry names the administrator', async (t) => {
    const fixture = await testHttp(t);
    const admin = await fixture.withRole('root', 'admin');
    const alice = await fixture.user('alice');
    await fixture.user('bob');
    const found = await admin.get('/v1/admin/users?search=ali');
    assert.deepEqual(
      found.json.users.map(({ username }: { username: string }) => username),
      ['alice'],
    );
    const [{ id }] = found.json.users;
    for (let attempt = 0; attempt < 3; attempt++) {
      await fixture.post('/v1/sessions', undefined, { username: 'alice', password: 'not the one' });
    }
    const locked = await admin.get('/v1/admin/users?search=alice');
    assert.ok(locked.json.users[0].password_locked_until);
    assert.equal((await admin.post(`/v1/admin/users/${id}/unlock`)).status, 204);
    await fixture.logIn('alice');
    assert.equal((await admin.post(`/v1/admin/users/${id}/disable`)).status, 204);
    assert.equal((await alice.get('/v1/tokens')).status, 401);
    assert.equal((await admin.post(`/v1/admin/users/${id}/enable`)).status, 204);
    const again = await fixture.logIn('alice');
    const { json } = await again.get('/v1/journal?limit=200');
    const acts = json.entries.filter(({ body }: { body: { type: string } }) =>
      body.type.startsWith('admin.'),
    );
    assert.deepEqual(
      acts.map(({ body }: { body: { type: string; detail: object } }) => [
        body.type,
        { ...body.detail, rows: undefined },
      ]),
      ['admin.user_enabled', 'admin.user_disabled', 'admin.user_unlocked'].map((type) => [
        type,
        { by: 'root', rows: undefined },
      ]),
    );
    assert.equal((await admin.post('/v1/admin/users/99999/unlock')).json.code, 'user_unknown');
    assert.equal((await admin.post('/v1/admin/users/0/disable')).json.code, 'user_unknown');
    assert.equal((await admin.post('/v1/admin/users/x/disable')).json.code, 'user_unknown');
  });

  test('services are created, listed, rotated, disabled; keys and health are shown', async (t) => {
    const fixture = await testHttp(t);
    const admin = await fixture.withRole('root', 'admin');
    const scopes = ['transactions:read'];
    const made = await admin.post('/v1/admin/services', { name: 'shop', scopes });
    assert.equal(made.status, 201, made.text);
    assert.equal((await fixture.get('/v1/transactions', made.json.key)).status, 200);
    assert.equal(
      (await admin.post('/v1/admin/services', { name: 'shop', scopes })).json.code,
      'service_name_taken',
    );
    assert.equal(
      (await admin.post('/v1/admin/services', { name: 'Shop!', scopes })).json.code,
      'service_invalid',
    );
    assert.equal(
      (await admin.post('/v1/admin/services', { name: 'a', scopes: ['all'] })).json.code,
      'message_invalid',
    );
    const rotated = await admin.post('/v1/admin/services/shop/keys');
    assert.equal((await fixture.get('/v1/transactions', rotated.json.key)).status, 200);
    const put = await fixture.request('PUT', '/v1/admin/services/shop/scopes', {
      token: admin.token,
      body: { scopes: ['codes:verify'] },
    });
    assert.deepEqual(put.json.scopes, ['codes:verify']);
    assert.equal((await admin.post('/v1/admin/services/shop/disable')).json.disabled, true);
    assert.equal((await admin.post('/v1/admin/services/none/disable')).json.code, 'service_unknown');
    const { json } = await admin.get('/v1/admin/services');
    assert.deepEqual([json.services.length, json.services[0].keys.length], [1, 2]);
    assert.ok(!/slo_[\w-]{7}/.test(JSON.stringify(json)), 'the beginning of a key alone');
    assert.equal((await admin.get('/v1/admin/keys')).json.signing_keys.length, 1);
    const health = await admin.get('/v1/admin/health');
    assert.ok(health.json.parts.every(({ up }: { up: boolean }) => up));
  });
});
