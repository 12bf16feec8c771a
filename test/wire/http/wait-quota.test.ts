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

test('one caller cannot take the places of all', () => {
  const { waitingRequestsPerServiceMax: own } = LIMITS;
  const places = new WaitQuota(own + 2);
  const leave = Array.from({ length: own }, () => places.take(service('greedy')));
  assert.ok(leave.every(Boolean));
  assert.equal(places.take(service('greedy')), undefined);
  assert.ok(places.take(service('other')));
  assert.ok(places.take(service('third')));
  assert.equal(places.take(service('fourth')), undefined, 'all places are taken');
  leave[0]?.();
  assert.equal(places.count, own + 1);
  assert.ok(places.take(service('greedy')));
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
