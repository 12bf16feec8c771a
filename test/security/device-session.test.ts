/*
 * Goal: a device's session opens only what a virtual token needs.
 * Method: every route of the API is asked with it; the routes that answer are compared with a list kept here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUTES } from '../../src/wire/http/routes.ts';
import { testHttp } from '../wire/http/http-fixture.ts';
import { VirtualDevice } from '../wire/http/virtual-device.ts';

/** All that a virtual token may do: a route that is added is not among them unless somebody says so here as well. */
const OPEN = [
  'DELETE /v1/identities/current',
  'DELETE /v1/messages/{id}',
  'DELETE /v1/recovery',
  'DELETE /v1/sessions/current',
  'DELETE /v1/sessions/current/push-subscription',
  'DELETE /v1/tokens/{id}',
  'GET /v1/events',
  'GET /v1/identities',
  'GET /v1/identities/{user}',
  'GET /v1/identities/{user}/attestation',
  'GET /v1/identities/{user}/certificate',
  'GET /v1/messages',
  'GET /v1/messages/{id}',
  'GET /v1/messages/{id}/receipts',
  'GET /v1/receipts/{transaction}',
  'GET /v1/recovery',
  'GET /v1/sessions/current',
  'GET /v1/sessions/current/push-subscription',
  'GET /v1/tokens',
  'GET /v1/tokens/{id}/uses',
  'GET /v1/transactions',
  'GET /v1/transactions/{id}',
  'POST /v1/identities',
  'POST /v1/messages',
  'POST /v1/messages/{id}/receipt',
  'POST /v1/tokens/{id}/activation',
  'POST /v1/transactions/{id}/approval',
  'POST /v1/transactions/{id}/refusal',
  'PUT /v1/sessions/current/push-subscription',
];

test('a device’s session opens these routes and no others, whatever its user may do', async (t) => {
  const fixture = await testHttp(t);
  const admin = await fixture.withRole('root', 'admin');
  const device = await VirtualDevice.enrolled(admin);
  const opened: string[] = [];
  for (const { method, path, caller } of ROUTES) {
    if (caller === 'anyone') continue;
    // Refused before anything else of the request is read: no body is needed to see that it is not.
    const name = `${method} ${path}`;
    if (OPEN.includes(name)) opened.push(name);
    if (OPEN.includes(name)) continue;
    const { status, json } = await fixture.request(method, path.replace(/\{[a-z_]+\}/g, 'x'), {
      token: device.token,
      ...(method === 'POST' ? { body: {} } : {}),
    });
    const expected =
      caller.startsWith('admin') || caller === 'auditor'
        ? [404, 'resource_unknown']
        : caller === 'service'
          ? [403, 'caller_wrong']
          : [403, 'session_scope'];
    assert.deepEqual([status, json.code], expected, name);
  }
  assert.deepEqual(opened.sort(), OPEN);
  assert.deepEqual(
    ROUTES.filter(({ device }) => device)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
    OPEN,
  );
});

test('a device changes its own tokens alone, and an auditor’s device sees the auditor alone', async (t) => {
  const fixture = await testHttp(t);
  const bob = await fixture.user('bob');
  const auditor = await fixture.withRole('eve', 'auditor');
  const device = await VirtualDevice.enrolled(auditor);
  const { json: me } = await device.get('/v1/sessions/current');
  assert.deepEqual([me.username, me.role, me.kind], ['eve', 'user', 'device']);
  const invited = await auditor.post('/v1/enrolments', { code: '000000' });
  assert.equal(invited.json.code, 'code_wrong');

  const bobs = await bob.enrol('ocra');
  // Of the same user, but not the device's: pending, so that it could be activated.
  const spare = (await auditor.post('/v1/tokens', { type: 'hotp' })).json;
  for (const id of [bobs.id, spare.id, 'unknown', `${device.payload.tokens[0].id}x`]) {
    assert.equal((await device.delete(`/v1/tokens/${id}`)).json.code, 'token_unknown');
    const activated = await device.post(`/v1/tokens/${id}/activation`, { code: '000000' });
    assert.equal(activated.json.code, 'token_unknown');
  }
  assert.equal((await device.delete(`/v1/tokens/${device.payload.tokens[0].id}`)).status, 204);
  assert.equal((await device.get('/v1/tokens')).json.code, 'session_ended');
});

test('in a cookie a device’s session is no more than it is', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const device = await VirtualDevice.enrolled(alice);
  const cookie = { cookie: `sello_session=${device.payload.session}` };
  const { status, json } = await fixture.get('/v1/passkeys', undefined, cookie);
  assert.deepEqual([status, json.code], [403, 'session_scope']);
});
