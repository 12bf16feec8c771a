/*
 * Goal: the user sees which service asks, its reference and its message, as its words; nobody else's request carries any.
 * Method: the real HTTP server.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testHttp } from './http-fixture.ts';

const TRANSFER = { payer: 'ES79-2100-0813', payee: 'Librería Lume', amount: '120.50', currency: 'EUR' };
const SAID = { reference: 'A-1204', message: 'Dos entradas, fila 7' };

test('what a service says is shown to its user, to itself and to auditors, and stands in the entry', async (t) => {
  const fixture = await testHttp(t);
  const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const alice = await fixture.user('alice');
  const ask = (body: object, headers = {}) =>
    fixture.post('/v1/transactions', key, { ...TRANSFER, username: 'alice', ...body }, headers);
  const asked = await ask(SAID, { 'idempotency-key': 'order-1204' });
  assert.equal(asked.status, 202, asked.text);
  const said = { service: 'shop', ...SAID };
  assert.deepEqual(asked.json.requested_by, said);
  const repeated = await ask(SAID, { 'idempotency-key': 'order-1204' });
  assert.deepEqual(repeated.json.requested_by, said);
  const other = await ask({ ...SAID, message: 'Tres' }, { 'idempotency-key': 'order-1204' });
  assert.equal(other.json.code, 'idempotency_mismatch');

  const path = `/v1/transactions/${asked.json.id}`;
  for (const token of [alice.token, key]) {
    assert.deepEqual((await fixture.get(path, token)).json.requested_by, said);
    const { transactions } = (await fixture.get('/v1/transactions?status=pending', token)).json;
    assert.deepEqual(transactions[0].requested_by, said);
  }
  const auditor = await fixture.withRole('auditor', 'auditor');
  const story = await auditor.get(`/v1/admin/transactions/${asked.json.id}?user=alice`);
  assert.deepEqual(story.json.transaction.requested_by, said);
  assert.deepEqual(story.json.entries[0].body.detail.message, SAID.message);

  // After its decision as well.
  assert.equal((await fixture.post(`${path}/cancellation`, key)).status, 200);
  assert.deepEqual((await fixture.get(path, alice.token)).json.requested_by, said);
});

test('a service that says nothing is named; a user who asks is nobody’s service', async (t) => {
  const fixture = await testHttp(t);
  const key = await fixture.service('shop', 'transactions:write');
  const alice = await fixture.user('alice');
  const asked = await fixture.post('/v1/transactions', key, { ...TRANSFER, username: 'alice' });
  assert.deepEqual(asked.json.requested_by, { service: 'shop' });
  const own = await alice.post('/v1/transactions', { ...TRANSFER, amount: '900.00' });
  assert.equal(own.status, 202, own.text);
  assert.equal((await alice.get(`/v1/transactions/${own.json.id}`)).json.requested_by, undefined);
  const words = await alice.post('/v1/transactions', { ...TRANSFER, message: 'from the bank' });
  assert.deepEqual([words.status, words.json.code], [400, 'message_invalid']);
  assert.match(words.text, /message: by a service alone/);
});

test('text that hides or moves something is refused by name, and so is too much of it', async (t) => {
  const fixture = await testHttp(t);
  const key = await fixture.service('shop', 'transactions:write');
  await fixture.user('alice');
  for (const [member, value] of [
    ['reference', 'A\u202E1204'],
    ['reference', 'x'.repeat(36)],
    ['reference', ''],
    ['message', 'one\ntwo'],
    ['message', 'a\u200Bb'],
    ['message', 'e\u0301'],
    ['message', 'x'.repeat(141)],
    ['message', 7],
  ] as const) {
    const { status, json, text } = await fixture.post('/v1/transactions', key, {
      ...{ ...TRANSFER, username: 'alice' },
      [member]: value,
    });
    assert.deepEqual([status, json.code], [400, 'message_invalid'], `${member} ${value}`);
    assert.ok(text.includes(member), text);
  }
});
