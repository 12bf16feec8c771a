/*
 * Goal: a transaction that a service or a user requested is decided once, with enough proof, and reported to all who may
 * see it.
 * Method: the real HTTP server, with virtual devices that compute the codes.
 */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { verifyReceipt } from '../../../src/application/receipts/verify-receipt.ts';
import { StoppedClock } from '../../services/application.ts';
import { type HttpFixture, testHttp } from './http-fixture.ts';

const BIG = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250', currency: 'EUR' };
const SMALL = { ...BIG, amount: '12.5' };

async function requested(fixture: HttpFixture, key: string, username: string, transfer: object = BIG) {
  const made = await fixture.post('/v1/transactions', key, { ...transfer, username });
  assert.equal(made.status, 202, made.text);
  return made.json;
}

describe('a service asks, the user decides', () => {
  test('approved by a bound code: listed, waited for, receipt', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
    const pending = await requested(fixture, key, 'alice');
    assert.equal(pending.amount, '1250.00');

    const listed = await alice.get('/v1/transactions?status=pending');
    assert.deepEqual(listed.json.transactions, [pending]);
    const startedAt = performance.now();
    const waiting = fixture.get(`/v1/transactions/${pending.id}?wait_s=30`, key);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const approved = await alice.post(`/v1/transactions/${pending.id}/approval`, {
      code: token.codeOver(pending),
    });
    assert.equal(approved.status, 200, approved.text);
    assert.equal(approved.json.status, 'approved');
    const { requested_by: requestedBy, ...waited } = (await waiting).json;
    assert.deepEqual(waited, approved.json);
    assert.deepEqual(requestedBy, { service: 'shop' });
    assert.ok(performance.now() - startedAt < 15_000, 'told at once, and not when the wait was over');

    const receipt = await fixture.get(`/v1/receipts/${pending.id}`, key);
    const jwks = await fixture.get('/.well-known/jwks.json');
    const claims = verifyReceipt(receipt.json.receipt, jwks.json);
    assert.ok(!('refused' in claims));
    assert.equal(claims.transaction.amount, '1250.00');
    assert.deepEqual(claims.proofs, ['bound_code']);
    assert.equal(claims.jti, pending.id);
    const bare = await fixture.get(`/v1/receipts/${pending.id}`, alice.token, { accept: 'application/jose' });
    assert.equal(bare.headers.get('content-type'), 'application/jose');
    assert.ok(!('refused' in verifyReceipt(bare.text, jwks.json)));
  });

  test('refused, cancelled, too late: one decision, and a late one is not a failed attempt', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('shop', 'transactions:write', 'transactions:read');

    const first = await requested(fixture, key, 'alice');
    const refused = await alice.post(`/v1/transactions/${first.id}/refusal`);
    assert.deepEqual([refused.json.status, refused.json.reason], ['refused', 'user_refused']);
    const second = await requested(fixture, key, 'alice');
    const cancelled = await fixture.post(`/v1/transactions/${second.id}/cancellation`, key);
    assert.equal(cancelled.json.status, 'cancelled');
    for (let attempt = 0; attempt < 5; attempt++) {
      const late = await alice.post(`/v1/transactions/${first.id}/approval`, { code: '000000' });
      assert.deepEqual([late.status, late.json.code], [409, 'transaction_decided']);
    }
    const third = await requested(fixture, key, 'alice');
    const approved = await alice.post(`/v1/transactions/${third.id}/approval`, {
      code: token.codeOver(third),
    });
    assert.equal(approved.status, 200, approved.text);
    const late = await fixture.post(`/v1/transactions/${third.id}/cancellation`, key);
    assert.equal(late.json.code, 'transaction_decided');
    const receipt = await alice.get(`/v1/receipts/${first.id}`);
    assert.deepEqual([receipt.status, receipt.json.code], [409, 'receipt_unavailable']);
  });

  test('a code for another amount is wrong and counts, and the transaction stays pending', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('shop', 'transactions:write');
    const pending = await requested(fixture, key, 'alice');
    const path = `/v1/transactions/${pending.id}/approval`;
    const foreign = token.codeOver({ ...pending, amount: '1.00' });
    for (const expected of [undefined, undefined, 30_000]) {
      const wrong = await alice.post(path, { code: foreign });
      assert.deepEqual(
        [wrong.status, wrong.json.code, wrong.json.retry_after_ms],
        [403, 'code_wrong', expected],
      );
    }
    const locked = await alice.post(path, { code: token.codeOver(pending) });
    assert.deepEqual([locked.status, locked.json.code], [429, 'locked']);
    assert.equal(locked.headers.get('retry-after'), '30');
    assert.equal(locked.json.retry_after_ms, 30_000);
    clock.advance(30_001);
    assert.equal((await alice.post(path, { code: token.codeOver(pending) })).status, 200);
  });

  test('it expires by the clock, and can then no longer be decided', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
    const pending = await requested(fixture, key, 'alice');
    const code = token.codeOver(pending);
    const waiting = fixture.get(`/v1/transactions/${pending.id}?wait_s=10`, key);
    clock.advance(120_001);
    const late = await alice.post(`/v1/transactions/${pending.id}/approval`, { code });
    assert.ok(['challenge_expired', 'transaction_decided'].includes(late.json.code), late.text);
    assert.equal((await waiting).json.status, 'expired');
    const refusal = await alice.post(`/v1/transactions/${pending.id}/refusal`);
    assert.equal(refusal.json.code, 'transaction_decided');
  });

  test('a plain code approves nothing, however small; it may be refused without one', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('hotp');
    const key = await fixture.service('shop', 'transactions:write');
    for (const transfer of [BIG, SMALL]) {
      const pending = await requested(fixture, key, 'alice', transfer);
      const weak = await alice.post(`/v1/transactions/${pending.id}/approval`, { code: token.code() });
      assert.deepEqual([weak.status, weak.json.code], [403, 'bound_code_required']);
      const refused = await alice.post(`/v1/transactions/${pending.id}/refusal`);
      assert.equal(refused.json.status, 'refused', refused.text);
    }
  });

  test('what the service may not ask is refused by name', async (t) => {
    const fixture = await testHttp(t);
    await fixture.user('alice');
    const key = await fixture.service('shop', 'transactions:write');
    const ask = (body: object) => fixture.post('/v1/transactions', key, body);
    assert.equal((await ask(BIG)).json.code, 'message_invalid');
    assert.equal((await ask({ ...BIG, username: 'nobody' })).json.code, 'user_unknown');
    assert.equal(
      (await ask({ ...BIG, username: 'alice', mac: 'a'.repeat(64) })).json.code,
      'message_invalid',
    );
    assert.equal((await ask({ ...BIG, username: 'alice', amount: '-1' })).json.code, 'amount_invalid');
    assert.equal((await ask({ ...BIG, username: 'alice', payee: 'a,b' })).json.code, 'account_invalid');
    assert.equal((await ask({ ...BIG, username: 'alice', currency: 'XXX' })).json.code, 'currency_unknown');
    const blind = await fixture.service('vpn', 'codes:verify');
    assert.equal((await fixture.get('/v1/transactions', blind)).json.code, 'scope_missing');
  });

  test('a service that may request may also see the outcome, and nothing else', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('shop', 'transactions:write', 'codes:verify');
    const reader = await fixture.service('reader', 'transactions:read');
    const pending = await requested(fixture, key, 'alice');
    await alice.post(`/v1/transactions/${pending.id}/approval`, { code: token.codeOver(pending) });
    const found = await fixture.get(`/v1/transactions/${pending.id}?wait_s=1`, key);
    assert.deepEqual([found.status, found.json.status], [200, 'approved']);
    assert.equal((await fixture.get('/v1/transactions', key)).json.transactions.length, 1);
    assert.equal((await fixture.get(`/v1/receipts/${pending.id}`, key)).status, 200);
    assert.equal((await fixture.get(`/v1/transactions/${pending.id}`, reader)).status, 404);
    assert.equal((await fixture.post('/v1/transactions', reader, BIG)).json.code, 'scope_missing');
  });

  test('with too many pending, the answer says when the first of them expires', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    await fixture.user('alice');
    const key = await fixture.service('shop', 'transactions:write');
    for (let count = 0; count < 32; count++) {
      await requested(fixture, key, 'alice');
      if (count === 0) clock.advance(5_000);
    }
    const ask = () => fixture.post('/v1/transactions', key, { ...BIG, username: 'alice' });
    const refused = await ask();
    assert.deepEqual([refused.status, refused.json.code], [409, 'transactions_too_many']);
    assert.equal(refused.json.retry_after_ms, 115_001);
    assert.equal(refused.headers.get('retry-after'), '116');
    clock.advance(115_000);
    assert.equal((await ask()).json.retry_after_ms, 1);
    clock.advance(1);
    assert.equal((await ask()).status, 202);
  });
});

describe('the user asks', () => {
  test('with a MAC within the policy: approved at once, with a receipt', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const proven = await alice.proven({ ...SMALL, amount: '12.50' });
    const made = await alice.post('/v1/transactions', { ...proven, receipt: true });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers.get('location'), `/v1/transactions/${made.json.id}`);
    const jwks = await fixture.get('/.well-known/jwks.json');
    const claims = verifyReceipt(made.json.receipt, jwks.json);
    assert.ok(!('refused' in claims));
    const read = await alice.get(`/v1/transactions/${made.json.id}`);
    assert.deepEqual(
      [read.json.status, read.json.amount, read.json.challenge],
      ['approved', '12.50', proven.nonce],
    );
    const replay = await alice.post('/v1/transactions', proven);
    assert.deepEqual([replay.status, replay.json.code], [409, 'challenge_spent']);
    const changed = await alice.post('/v1/transactions', { ...(await alice.proven(BIG)), amount: '13' });
    assert.deepEqual([changed.status, changed.json.code], [403, 'mac_mismatch']);
    const foreign = await alice.post('/v1/transactions', { ...proven, nonce: 'ab'.repeat(32) });
    assert.equal(foreign.json.code, 'challenge_unknown');
    const missing = await alice.post('/v1/transactions', { ...SMALL, mac: proven.mac });
    assert.equal(missing.json.code, 'challenge_missing');
  });

  test('with a bound code over a challenge: approved at once, whatever the amount', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const { json } = await alice.post('/v1/challenges', { count: 2 });
    const [{ nonce }] = json.challenges;
    const code = token.codeOver({ ...BIG, amount: '1250.00', challenge: nonce });
    const made = await alice.post('/v1/transactions', { ...BIG, nonce, code });
    assert.equal(made.status, 201, made.text);
  });

  test('without enough proof it waits, and is approved by a code over its own challenge', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const made = await alice.post('/v1/transactions', BIG);
    assert.equal(made.status, 202, made.text);
    const approved = await alice.post(`/v1/transactions/${made.json.id}/approval`, {
      code: token.codeOver(made.json),
    });
    assert.equal(approved.json.status, 'approved');
  });

  test('beyond the velocity limit it waits, and the answer and its repeat name the limit', async (t) => {
    const velocity = '{"window_ms":3600000,"amount_max":"20.00"}';
    const fixture = await testHttp(t, { flags: { '--policy-velocity': velocity } });
    const alice = await fixture.user('alice');
    const small = { ...SMALL, amount: '12.50' };
    assert.equal((await alice.post('/v1/transactions', await alice.proven(small))).status, 201);
    const key = { 'idempotency-key': 'rent' };
    const proven = await alice.proven(small);
    const made = await alice.post('/v1/transactions', proven, key);
    assert.deepEqual(
      [made.status, made.json.required, made.json.limit],
      [202, ['bound_code'], 'velocity: 20.00 EUR / 1 h'],
    );
    const repeated = await alice.post('/v1/transactions', proven, key);
    assert.deepEqual([repeated.status, repeated.json], [202, made.json]);
    const unproven = await alice.post('/v1/transactions', BIG);
    assert.equal(unproven.status, 202);
    const { required, limit, ...listed } = made.json;
    const pending = await alice.get('/v1/transactions?status=pending');
    assert.deepEqual(
      pending.json.transactions.find(({ id }: { id: string }) => id === listed.id),
      listed,
    );
  });

  test("another user's transaction is not there, nor another service's", async (t) => {
    const fixture = await testHttp(t);
    const [alice, mallory] = [await fixture.user('alice'), await fixture.user('mallory')];
    const [shop, other] = [
      await fixture.service('shop', 'transactions:write', 'transactions:read'),
      await fixture.service('other', 'transactions:write', 'transactions:read'),
    ];
    const pending = await requested(fixture, shop, 'alice');
    const id = `/v1/transactions/${pending.id}`;
    for (const answer of [
      await mallory.get(id),
      await mallory.post(`${id}/approval`, { code: '123456' }),
      await mallory.post(`${id}/refusal`),
      await mallory.get(`/v1/receipts/${pending.id}`),
      await fixture.get(id, other),
      await fixture.post(`${id}/cancellation`, other),
      await fixture.get('/v1/transactions/019ac3f2-7c1b-7d3e-8a51-6c0d9be2f1a7', shop),
      await alice.get('/v1/transactions/nonsense'),
      await alice.post('/v1/transactions/nonsense/refusal'),
    ]) {
      assert.deepEqual([answer.status, answer.json.code], [404, 'transaction_unknown']);
    }
    assert.deepEqual((await fixture.get('/v1/transactions', other)).json.transactions, []);
    assert.equal((await alice.get(id)).json.status, 'pending');
  });
});
