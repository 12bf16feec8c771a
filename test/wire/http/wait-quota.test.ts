import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/limits.ts';
import type { Caller } from '../../../src/wire/http/caller.ts';
import { WaitQuota } from '../../../src/wire/http/wait-quota.ts';
import { testHttp } from './http-fixture.ts';

const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

const service = (serviceId: string): Caller => ({
  kind: 'service',
  service: { serviceId, name: serviceId, scopes: [], keys: [], disabled: false, createdAt: 0 },
});

const user = (userId: number): Caller => ({
  kind: 'user',
  session: {
    ...{ userId, username: `user${userId}`, role: 'user', kind: 'login', tokenId: '', proof: 'no_token' },
    ...{ sessionId: '', provenAt: 0, expiresAt: 0 },
  },
});

test('a service waits so often at once and no more, and leaves places to others', () => {
  const { waitingRequestsPerServiceMax: own } = LIMITS;
  const places = new WaitQuota(2 * own);
  const take = (name: string) => places.take(service(name), '192.0.2.1', () => undefined);
  const held = Array.from({ length: own }, () => take('greedy'));
  assert.ok(held.every(Boolean));
  assert.equal(take('greedy'), undefined);
  assert.ok(take('other'));
  held[0]?.release();
  assert.equal(places.count, own);
  assert.ok(take('greedy'));
});

test('the accounts of one address share its part, and an address without a place gets one at once', () => {
  const ended: number[] = [];
  const places = new WaitQuota(64);
  const take = (id: number, network: string) => places.take(user(id), network, () => ended.push(id));
  for (let id = 0; id < 1_000; id++) take(id, `192.0.2.${id % 4}`);
  assert.ok(places.count >= 48);
  for (let n = 0; n < 16; n++) assert.ok(take(2_000 + n, `198.51.100.${n}`), `${n}`);
  assert.ok(places.count <= 64);
  assert.ok(ended.length > 0 && ended.every((id) => id < 1_000), 'those who held most waited less');
  assert.ok(
    places.take(service('other'), '192.0.2.1', () => undefined),
    'services have places of their own',
  );
});

test('over REST: a user waits so often at once and no more, and the places come back', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const asked = await alice.post('/v1/transactions', { ...TRANSFER, amount: '1250.00' });
  assert.equal(asked.status, 202, asked.text);
  const path = `/v1/transactions/${asked.json.id}?wait_s=60`;
  const { waitingRequestsPerUserMax: own } = LIMITS;
  const waiting = Array.from({ length: own }, () => alice.get(path));
  while (fixture.server.dependencies.waiting.count < own) await new Promise(setImmediate);
  const more = await alice.get(path);
  assert.deepEqual([more.status, more.json.code], [503, 'busy']);
  assert.equal((await alice.post(`/v1/transactions/${asked.json.id}/refusal`)).status, 200);
  for (const { status, json } of await Promise.all(waiting)) {
    assert.deepEqual([status, json.status], [200, 'refused']);
  }
  assert.equal(fixture.server.dependencies.waiting.count, 0);
});
