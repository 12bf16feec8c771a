/*
 * Goal: an administrator revokes one token of one user and one key of one service; an auditor sees both and changes
 * nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoppedClock } from '../../services/application.ts';
import { type ApiUser, type HttpFixture, type Json, PASSWORD, testHttp } from './http-fixture.ts';
import { VirtualDevice } from './virtual-device.ts';

async function staff(fixture: HttpFixture): Promise<readonly [ApiUser, ApiUser]> {
  return [await fixture.withRole('root', 'admin'), await fixture.withRole('eve', 'auditor')];
}

async function idOf(reader: ApiUser, username: string): Promise<string> {
  const { json } = await reader.get(`/v1/admin/users?search=${username}`);
  return json.users.find((user: Json) => user.username === username).id;
}

function remove(by: ApiUser, path: string, headers: Record<string, string> = {}) {
  return by.fixture.request('DELETE', path, { token: by.token, headers });
}

test('one user and their tokens, as in the list and as the user sees them, without a secret', async (t) => {
  const fixture = await testHttp(t, { clock: new StoppedClock() });
  const [admin, auditor] = await staff(fixture);
  const alice = await fixture.user('alice');
  const totp = await alice.enrol('totp', { label: 'laptop' });
  const { payload } = await VirtualDevice.enrolled(await fixture.user('bob'));
  const id = await idOf(admin, 'alice');
  const own = (await alice.get('/v1/tokens')).json;
  const [{ last_login_at: lastLogin, ...listed }] = (await admin.get('/v1/admin/users?search=alice')).json
    .users;
  assert.equal(lastLogin, null, 'not counted yet');
  for (const reader of [admin, auditor]) {
    const one = await reader.get(`/v1/admin/users/${id}`);
    assert.deepEqual(one.json, listed);
    assert.deepEqual([one.json.username, one.json.tokens], ['alice', 1]);
    const tokens = await reader.get(`/v1/admin/users/${id}/tokens`);
    assert.deepEqual(tokens.json, own);
    assert.equal(tokens.json.tokens[0].label, 'laptop');
    assert.ok(!tokens.text.includes(totp.enrolled.secret), 'no seed');
    const ofBob = await reader.get(`/v1/admin/users/${await idOf(reader, 'bob')}/tokens`);
    assert.deepEqual(
      ofBob.json.tokens.map(({ id }: Json) => id).sort(),
      payload.tokens.map(({ id }: Json) => id).sort(),
    );
    for (const nobody of ['0', '999999', '-1', '1e3', 'alice', '%00', '9'.repeat(64)]) {
      for (const path of ['', '/tokens']) {
        const { status, json } = await reader.get(`/v1/admin/users/${nobody}${path}`);
        assert.deepEqual([status, json.code], [404, 'user_unknown'], nobody);
      }
    }
  }
});

test('revoking a token revokes its device, and the entry names the administrator', async (t) => {
  const fixture = await testHttp(t);
  const [admin] = await staff(fixture);
  const alice = await fixture.user('alice');
  const device = await VirtualDevice.enrolled(alice);
  const kept = await alice.enrol('hotp', { code: device.logInCode() });
  const [ocra, totp] = device.payload.tokens;
  const path = `/v1/admin/users/${await idOf(admin, 'alice')}/tokens/${totp.id}`;
  assert.equal((await device.get('/v1/tokens')).status, 200);

  const headers = { 'idempotency-key': 'once' };
  assert.equal((await remove(admin, path, headers)).status, 204);
  assert.equal((await remove(admin, path, headers)).status, 204, 'a repeat is answered as the first');
  const other = await remove(admin, path.replace(totp.id, kept.id), headers);
  assert.deepEqual([other.status, other.json.code], [422, 'idempotency_mismatch']);
  assert.equal((await remove(admin, path)).json.code, 'token_unknown');

  const { tokens } = (await alice.get('/v1/tokens')).json;
  const statusOf = (id: string) => tokens.find((token: Json) => token.id === id).status;
  assert.deepEqual([ocra.id, totp.id, kept.id].map(statusOf), ['revoked', 'revoked', 'active']);
  assert.equal((await device.get('/v1/tokens')).json.code, 'session_ended');
  assert.equal((await device.resume()).json.code, 'session_ended');
  const logIn = { username: 'alice', password: PASSWORD };
  const refused = await fixture.post('/v1/sessions', undefined, { ...logIn, code: device.logInCode() });
  assert.equal(refused.json.code, 'code_wrong');
  assert.equal((await alice.get('/v1/sessions/current')).status, 200, 'their own session goes on');

  const { entries } = (await admin.get('/v1/admin/journal?user=alice&type=token.revoked')).json;
  assert.deepEqual(
    entries.map(({ body }: Json) => [body.user, { ...body.detail, rows: undefined }]),
    [['alice', { by: 'root', token: totp.id, tokens: 2, rows: undefined }]],
  );
  const [mine] = (await alice.get('/v1/journal')).json.entries.filter(
    ({ body }: Json) => body.type === 'token.revoked',
  );
  assert.equal(mine.body.detail.by, 'root', 'the user can see that it was not they');
});

test('only an administrator can revoke a token or a key, and other users keep theirs', async (t) => {
  const fixture = await testHttp(t);
  const [admin, auditor] = await staff(fixture);
  const [alice, mallory] = [await fixture.user('alice'), await fixture.user('mallory')];
  const token = await alice.enrol('totp');
  const service = await fixture.service('shop', 'users:read');
  const [{ keys }] = (await admin.get('/v1/admin/services')).json.services;
  const paths = [
    `/v1/admin/users/${await idOf(admin, 'alice')}/tokens/${token.id}`,
    `/v1/admin/services/shop/keys/${keys[0].id}`,
  ];
  for (const path of paths) {
    for (const caller of [mallory.token, alice.token, auditor.token, service]) {
      const { status, json } = await fixture.request('DELETE', path, { token: caller });
      assert.deepEqual([status, json.code], [404, 'resource_unknown']);
    }
    assert.equal((await fixture.request('DELETE', path)).json.code, 'session_required');
  }
  for (const path of ['', '/tokens']) {
    const { json } = await mallory.get(`/v1/admin/users/${await idOf(admin, 'alice')}${path}`);
    assert.equal(json.code, 'resource_unknown');
  }
  const elsewhere = `/v1/admin/users/${await idOf(admin, 'mallory')}/tokens/${token.id}`;
  assert.equal((await remove(admin, elsewhere)).json.code, 'token_unknown');
  assert.equal((await remove(admin, `/v1/admin/users/999999/tokens/${token.id}`)).json.code, 'user_unknown');
  assert.equal((await remove(admin, `/v1/admin/users/0/tokens/${token.id}`)).json.code, 'user_unknown');
  assert.equal((await alice.get('/v1/tokens')).json.tokens[0].status, 'active');
});

test('the journal of one user: newest first, by type, page by page; no cursor is valid for another user’s', async (t) => {
  const fixture = await testHttp(t);
  const [admin, auditor] = await staff(fixture);
  const alice = await fixture.user('alice');
  await fixture.user('bob');
  await alice.enrol('totp');
  for (const reader of [admin, auditor]) {
    const found: Json[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await reader.get(`/v1/admin/journal?user=alice&limit=2${cursor}`);
      found.push(...json.entries);
      if (json.next_cursor === null) break;
      cursor = `&cursor=${json.next_cursor}`;
    }
    assert.deepEqual(
      found.map(({ body }) => [body.user, body.version, body.type]),
      [
        ['alice', 4, 'token.activated'],
        ['alice', 3, 'token.enrolled'],
        ['alice', 2, 'login.accepted'],
        ['alice', 1, 'user.registered'],
      ],
    );
    assert.ok(found.every(({ position }) => position > 0));
    const typed = (await reader.get('/v1/admin/journal?user=alice&type=login.accepted')).json;
    assert.deepEqual(
      typed.entries.map(({ body }: Json) => body.version),
      [2],
    );
    const { next_cursor: cursor } = (await reader.get('/v1/admin/journal?user=alice&limit=1')).json;
    for (const list of ['user=bob', 'user=alice&type=login.accepted', 'limit=1']) {
      const { json } = await reader.get(`/v1/admin/journal?${list}&cursor=${cursor}`);
      assert.equal(json.code, 'cursor_invalid', list);
    }
    assert.equal((await reader.get('/v1/admin/journal?user=nobody')).json.code, 'user_unknown');
  }
});

const NEEDED = ['transactions:read'];
const USED = '/v1/transactions';

test('one key of two goes at once; the only one goes from a disabled service alone', async (t) => {
  const fixture = await testHttp(t);
  const [admin] = await staff(fixture);
  const first = (await admin.post('/v1/admin/services', { name: 'shop', scopes: NEEDED })).json.key;
  const second = (await admin.post('/v1/admin/services/shop/keys')).json.key;
  const service = async () => (await admin.get('/v1/admin/services')).json.services[0];
  const opens = async (key: string) => (await fixture.get(USED, key)).status === 200;
  // Both are remembered as good by now.
  assert.deepEqual([await opens(first), await opens(second)], [true, true]);
  const [older, newer] = (await service()).keys;
  assert.notEqual(older.id, newer.id);
  assert.ok(older.created_at <= newer.created_at);
  const of = (id: string) => `/v1/admin/services/shop/keys/${id}`;

  const headers = { 'idempotency-key': 'once' };
  const gone = await remove(admin, of(older.id), headers);
  assert.deepEqual([gone.status, gone.json.keys], [200, [newer]], gone.text);
  assert.deepEqual([await opens(first), await opens(second)], [false, true]);
  const again = await remove(admin, of(older.id), headers);
  assert.deepEqual([again.status, again.json.keys], [200, [newer]], 'a repeat is answered as the first');
  assert.equal((await remove(admin, of(newer.id), headers)).json.code, 'idempotency_mismatch');
  assert.equal((await remove(admin, of(older.id))).json.code, 'service_key_unknown');
  const other = await remove(admin, '/v1/admin/services/none/keys/0123456789abcdef');
  assert.equal(other.json.code, 'service_unknown');
  for (const prefix of ['', newer.id.slice(0, 8), `${newer.id}0`, 'G'.repeat(16)]) {
    const { status } = await remove(admin, of(prefix));
    assert.ok(status === 400 || status === 404, `“${prefix}”: ${status}`);
  }

  const last = await remove(admin, of(newer.id), { 'accept-language': 'es' });
  assert.deepEqual([last.status, last.json.code], [409, 'service_key_last']);
  assert.equal(last.json.title, 'Es la única clave del servicio');
  assert.equal(await opens(second), true);
  await admin.post('/v1/admin/services/shop/disable');
  assert.deepEqual((await remove(admin, of(newer.id))).json.keys, []);
  await admin.post('/v1/admin/services/shop/enable');
  assert.equal(await opens(second), false, 'a key that is gone does not come back with its service');
  const third = (await admin.post('/v1/admin/services/shop/keys')).json.key;
  assert.equal(await opens(third), true);

  const { entries } = (await admin.get('/v1/admin/journal?type=admin.service_key_revoked')).json;
  assert.deepEqual(
    entries.map(({ body }: Json) => ({ ...body.detail, rows: undefined })),
    [newer, older].map(({ id }) => ({ by: 'root', key: id, service: 'shop', rows: undefined })),
  );
});

test('two administrators who each revoke one of two keys at once leave one', async (t) => {
  const fixture = await testHttp(t);
  const [one, other] = [await fixture.withRole('root', 'admin'), await fixture.withRole('chief', 'admin')];
  for (let round = 0; round < 5; round++) {
    const name = `shop-${round}`;
    await one.post('/v1/admin/services', { name, scopes: NEEDED });
    await one.post(`/v1/admin/services/${name}/keys`);
    const { services } = (await one.get('/v1/admin/services')).json;
    const { keys } = services.find((service: Json) => service.name === name);
    const answers = await Promise.all(
      [one, other].map((admin, index) => remove(admin, `/v1/admin/services/${name}/keys/${keys[index].id}`)),
    );
    const codes = answers.map(({ status, json }) => (status === 200 ? json.keys.length : json.code));
    assert.deepEqual(codes.map(String).sort(), ['1', 'service_key_last']);
  }
});
