/*
 * Goal: letters of another script make no second user who looks like the first, and a payee that looks like a known one is
 * pointed out (UTS 39).
 * Method: the real server over HTTP; names and accounts with letters of Cyrillic and Greek.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD, testHttp } from '../wire/http/http-fixture.ts';

test('a name that looks like another user’s, or like a reserved one, is refused as a taken or a reserved name is', async (t) => {
  const http = await testHttp(t);
  const register = (username: string) => http.post('/v1/users', undefined, { username, password: PASSWORD });
  await http.user('alice');
  for (const like of ['\u0430lice', '\u03b1lice', 'ali\u0441e', '\u0430l\u0456\u0441\u0435']) {
    const { status, json } = await register(like);
    assert.deepEqual([status, json.code], [409, 'username_taken'], like);
    // Word for word what a taken name is told.
    assert.equal(json.detail, (await register('alice')).json.detail);
    const logIn = await http.post('/v1/sessions', undefined, { username: like, password: PASSWORD });
    assert.equal(logIn.json.code, 'credentials_invalid');
  }
  for (const like of ['\u0455ystem', 's\u0435llo']) {
    const { status, json } = await register(like);
    assert.deepEqual([status, json.code], [422, 'username_invalid'], like);
  }
  for (const other of ['Alice', 'a1ice', 'alicia', 'peña', 'мария'])
    assert.equal((await register(other)).status, 201);
});

test('a payee that looks like one paid before is pointed out to its user, on each way to read it, and to no service', async (t) => {
  const http = await testHttp(t);
  const alice = await http.user('alice');
  const key = await http.service('shop', 'transactions:write', 'transactions:read');
  const transfer = (payee: string) => ({ payer: 'ES79-1', payee, amount: '10.00', currency: 'EUR' });
  for (const payee of ['Panadería Sol', 'ACME-1']) {
    const paid = await alice.post('/v1/transactions', await alice.proven(transfer(payee)));
    assert.equal(paid.status, 201, paid.text);
  }
  const expected = [
    // Cyrillic а; digit for letter; paid before; like nobody.
    ['P\u0430nader\u00eda Sol', 'Panadería Sol'],
    ['ACME-l', 'ACME-1'],
    ['Panadería Sol', undefined],
    ['Panaderia Sol', undefined],
  ] as const;
  for (const [payee, like] of expected) {
    const asked = await http.post('/v1/transactions', key, { ...transfer(payee), username: 'alice' });
    const { id } = asked.json;
    for (const path of [`/v1/transactions/${id}`, `/v1/transactions/${id}?wait_s=1`])
      assert.equal((await alice.get(path)).json.payee_resembles, like, `${path} ${payee}`);
    const { transactions } = (await alice.get('/v1/transactions?status=pending')).json;
    assert.equal(transactions[0].payee, payee);
    assert.equal(transactions[0].payee_resembles, like, payee);
    assert.equal(asked.json.payee_resembles, undefined);
    assert.equal((await http.get(`/v1/transactions/${id}`, key)).json.payee_resembles, undefined);

    // Only while it waits, and only to whom paid.
    await alice.post(`/v1/transactions/${id}/refusal`);
    assert.equal((await alice.get(`/v1/transactions/${id}`)).json.payee_resembles, undefined);
  }
  const bob = await http.user('bob');
  const asked = await bob.post('/v1/transactions', transfer('P\u0430nader\u00eda Sol'));
  assert.equal(asked.status, 202);
  assert.equal((await bob.get(`/v1/transactions/${asked.json.id}`)).json.payee_resembles, undefined);
});
