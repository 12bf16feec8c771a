/*
 * Goal: nothing but a proof over payee and amount approves a transfer, whatever the policy and however it is asked for.
 * Method: each test is an attack with a proof that shows presence alone, or that covers another transfer.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoppedClock } from '../services/application.ts';
import { type ApiUser, type HttpFixture, type Json, testHttp } from '../wire/http/http-fixture.ts';

const MINUTE_MS = 60_000;
const HONEST = { payer: 'ES79-1', payee: 'DE89-2', amount: '10.00', currency: 'EUR' };
const THEFT = { payer: 'ES79-1', payee: 'Mallory', amount: '9000000.00', currency: 'EUR' };

async function opened(t: { after(task: () => unknown): void }, rules: readonly object[], flags = {}) {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, {
    clock,
    flags: { '--policy-rules': JSON.stringify(rules), ...flags },
  });
  return { clock, fixture, alice: await fixture.user('alice') };
}

async function pendingOf(alice: ApiUser, transfer: object): Promise<Json> {
  const made = await alice.post('/v1/transactions', transfer);
  assert.equal(made.status, 202, made.text);
  return made.json;
}

async function refusedAs(alice: ApiUser, pending: Json, code: string, expected: string): Promise<void> {
  const answer = await alice.post(`/v1/transactions/${pending.id}/approval`, { code });
  assert.equal(answer.json.code, expected, answer.text);
  assert.equal((await alice.get(`/v1/transactions/${pending.id}`)).json.status, 'pending');
}

async function entries(fixture: HttpFixture, username: string, type: string): Promise<number> {
  const { context } = fixture.application;
  const user = await context.store.findUser(username);
  const journal = user
    ? await context.store.readUserJournal(user.userId, { below: 2 ** 40, limit: 256 })
    : [];
  return journal.filter((entry) => entry.type === type).length;
}

describe('a transaction that waits', () => {
  for (const require of [['mac', 'code'], ['mac'], ['bound_code']]) {
    test(`under a rule of ${require.join(' and ')}, a code typed for another payment does not approve it`, async (t) => {
      const { clock, fixture, alice } = await opened(t, [{ require }]);
      const totp = await alice.enrol('totp', { period_s: 60 });
      clock.advance(MINUTE_MS);
      const hotp = await alice.enrol('hotp', { digits: 8, code: totp.code() });
      const theft = await pendingOf(alice, THEFT);
      clock.advance(MINUTE_MS);
      await refusedAs(alice, theft, totp.code(), 'bound_code_required');
      await refusedAs(alice, theft, hotp.code(), 'bound_code_required');
      assert.equal(await entries(fixture, 'alice', 'transaction.approved'), 0);
    });
  }

  test('even where rules that do not bind are allowed, waiting does not make a proof less', async (t) => {
    const { clock, alice } = await opened(
      t,
      [{ when: { payee: 'Own' }, require: ['code'] }, { require: ['code'] }],
      {
        '--policy-unbound-proofs-allowed': 'true',
      },
    );
    const totp = await alice.enrol('totp', { period_s: 60 });
    const theft = await pendingOf(alice, THEFT);
    clock.advance(MINUTE_MS);
    await refusedAs(alice, theft, totp.code(), 'bound_code_required');
  });

  test('that a service asked for is approved by a bound code and nothing less, however small', async (t) => {
    const { clock, fixture, alice } = await opened(t, [{ require: ['mac'] }]);
    const totp = await alice.enrol('totp', { period_s: 60 });
    clock.advance(MINUTE_MS);
    const ocra = await alice.enrol('ocra', { code: totp.code() });
    const shop = await fixture.service('shop', 'transactions:write');
    const asked = await fixture.post('/v1/transactions', shop, {
      ...HONEST,
      amount: '0.01',
      username: 'alice',
    });
    clock.advance(MINUTE_MS);
    await refusedAs(alice, asked.json, totp.code(), 'bound_code_required');
    const code = ocra.codeOver(asked.json);
    const approved = await alice.post(`/v1/transactions/${asked.json.id}/approval`, { code });
    assert.equal(approved.json.status, 'approved', approved.text);
  });

  test('is not approved by the bound code of another one, nor over its own challenge with other content', async (t) => {
    const { alice } = await opened(t, [{ require: ['mac', 'code'] }], { '--lockout-attempts-max': '100' });
    const ocra = await alice.enrol('ocra');
    const [honest, theft] = [await pendingOf(alice, HONEST), await pendingOf(alice, THEFT)];
    await refusedAs(alice, theft, ocra.codeOver(honest), 'code_wrong');
    await refusedAs(alice, theft, ocra.codeOver({ ...theft, amount: HONEST.amount }), 'code_wrong');
    await refusedAs(alice, theft, ocra.codeOver({ ...theft, payee: HONEST.payee }), 'code_wrong');
    await refusedAs(alice, theft, ocra.codeOver({ ...theft, challenge: honest.challenge }), 'code_wrong');
  });

  test('lends its challenge to no other request, and takes none', async (t) => {
    const { fixture, alice } = await opened(t, [{ require: ['bound_code'] }]);
    const ocra = await alice.enrol('ocra');
    const pending = await pendingOf(alice, HONEST);
    // At once, with the challenge of the one that waits.
    const code = ocra.codeOver(pending);
    const atOnce = await alice.post('/v1/transactions', { ...HONEST, nonce: pending.challenge, code });
    assert.equal(atOnce.json.code, 'challenge_unknown');
    // By a service that validates codes.
    const vpn = await fixture.service('vpn', 'codes:verify');
    const { payer, payee, amount, currency, challenge } = pending;
    const validated = await fixture.post('/v1/codes/validation', vpn, {
      ...{ username: 'alice', code },
      transaction: { payer, payee, amount, currency, challenge },
    });
    assert.deepEqual([validated.json.valid, validated.json.reason], [false, 'challenge_unknown']);
    // A code over a challenge of the session does not approve the one that waits.
    const { nonce } = (await alice.post('/v1/challenges', {})).json.challenges[0];
    await refusedAs(alice, pending, ocra.codeOver({ ...pending, challenge: nonce }), 'code_wrong');
  });

  test('keeps its refusal under an idempotency key that approved another one', async (t) => {
    const { alice } = await opened(t, [{ require: ['mac', 'code'] }]);
    const ocra = await alice.enrol('ocra');
    const [honest, theft] = [await pendingOf(alice, HONEST), await pendingOf(alice, THEFT)];
    const key = { 'idempotency-key': 'k' };
    const approve = (pending: Json, code: string) =>
      alice.post(`/v1/transactions/${pending.id}/approval`, { code }, key);
    assert.equal((await approve(honest, ocra.codeOver(honest))).json.status, 'approved');
    assert.equal((await approve(theft, ocra.codeOver(honest))).json.code, 'idempotency_mismatch');
    assert.equal((await alice.get(`/v1/transactions/${theft.id}`)).json.status, 'pending');
  });
});

describe('sent at once', () => {
  test('a plain code approves nothing under any rule, with or without a challenge', async (t) => {
    for (const require of [['mac', 'code'], ['session', 'mac'], ['bound_code']]) {
      const { clock, fixture, alice } = await opened(t, [{ require }]);
      const totp = await alice.enrol('totp', { period_s: 60 });
      clock.advance(MINUTE_MS);
      const { nonce } = (await alice.post('/v1/challenges', {})).json.challenges[0];
      await pendingOf(alice, { ...THEFT, nonce, code: totp.code() });
      clock.advance(MINUTE_MS);
      await pendingOf(alice, { ...THEFT, code: totp.code() });
      assert.equal(await entries(fixture, 'alice', 'transaction.approved'), 0);
    }
  });

  test('a MAC or a bound code over another transfer is refused as what it is', async (t) => {
    const { alice } = await opened(t, [{ require: ['mac'] }]);
    const ocra = await alice.enrol('ocra');
    const { mac, nonce } = await alice.proven(HONEST);
    const changed = await alice.post('/v1/transactions', { ...THEFT, nonce, mac });
    assert.equal(changed.json.code, 'mac_mismatch');
    const fresh = (await alice.post('/v1/challenges', {})).json.challenges[0].nonce;
    const code = ocra.codeOver({ ...HONEST, challenge: fresh });
    const other = await alice.post('/v1/transactions', { ...THEFT, nonce: fresh, code });
    assert.equal(other.json.code, 'code_wrong');
  });
});

test('a service’s validation with a transaction takes no plain code', async (t) => {
  const { clock, fixture, alice } = await opened(t, [{ require: ['mac'] }]);
  const totp = await alice.enrol('totp', { period_s: 60 });
  const vpn = await fixture.service('vpn', 'codes:verify');
  const { nonce: challenge } = (await fixture.post('/v1/challenges', vpn, {})).json.challenges[0];
  clock.advance(MINUTE_MS);
  const validated = await fixture.post('/v1/codes/validation', vpn, {
    ...{ username: 'alice', code: totp.code(), transaction: { ...HONEST, challenge } },
  });
  assert.deepEqual([validated.json.valid, validated.json.reason], [false, 'bound_code_required']);
});
