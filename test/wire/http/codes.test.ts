/*
 * Goal: a log-in server can have codes validated without learning which users exist.
 * Method: the same sequence of requests for known and unknown users; answers and times are compared.
 */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { StoppedClock } from '../../services/application.ts';
import { type Json, testHttp } from './http-fixture.ts';

const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '9.00', currency: 'EUR' };

describe('codes are checked for a log-in server', () => {
  test('a TOTP once; a HOTP ahead of its counter, and not behind', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const key = await fixture.service('vpn', 'codes:verify');
    const validate = async (username: string, code: string) =>
      (await fixture.post('/v1/codes/validation', key, { username, code })).json;

    const alice = await fixture.user('alice');
    const totp = await alice.enrol('totp', { period_s: 30, digits: 8, algorithm: 'sha256' });
    clock.advance(30_000);
    const code = totp.code();
    assert.deepEqual(await validate('alice', code), { valid: true });
    const spaced = ` ${code.slice(0, 4)}\u00a0${code.slice(4)} `;
    assert.deepEqual(await validate('alice', spaced), { valid: false, reason: 'code_spent' });
    clock.advance(30_000);
    assert.deepEqual(await validate('alice', totp.code()), { valid: true });

    const bob = await fixture.user('bob');
    const hotp = await bob.enrol('hotp');
    const early = hotp.code();
    hotp.skip(8);
    assert.deepEqual(await validate('bob', hotp.code()), { valid: true });
    assert.equal((await validate('bob', early)).valid, false);
    assert.equal((await validate('bob', ' ')).status, 400, 'no code at all is no wrong one');
    assert.deepEqual(await validate('bob', hotp.code()), { valid: true }, 'resynchronised');
  });

  test('a bound one over a challenge of this service, once', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('bank', 'codes:verify');
    const other = await fixture.service('other', 'codes:verify');
    const challenge = async (by: string) =>
      (await fixture.post('/v1/challenges', by, {})).json.challenges[0].nonce;
    const validate = async (by: string, code: string, transaction: object) =>
      (await fixture.post('/v1/codes/validation', by, { username: 'alice', code, transaction })).json;

    const transaction = { ...TRANSFER, challenge: await challenge(key) };
    const code = token.codeOver(transaction);
    const stolen = await validate(other, code, transaction);
    assert.deepEqual(stolen, { valid: false, reason: 'challenge_unknown' });
    assert.deepEqual(await validate(key, code, { ...transaction, amount: '9' }), { valid: true });
    assert.deepEqual(await validate(key, code, transaction), { valid: false, reason: 'challenge_spent' });
    const changed = { ...TRANSFER, challenge: await challenge(key) };
    const wrong = await validate(key, token.codeOver(changed), { ...changed, payee: 'mallory' });
    assert.equal(wrong.reason, 'code_wrong');
  });

  test('the canonical transaction is taken as it is, and what it does not have is named', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const key = await fixture.service('vpn', 'codes:verify');
    const { challenges } = (await fixture.post('/v1/challenges', key, {})).json;
    const transaction = { ...TRANSFER, challenge: challenges[0].nonce, v: 1 };
    const asked = { username: 'alice', code: token.codeOver(transaction), transaction };
    const wrong = await fixture.post('/v1/codes/validation', key, {
      ...asked,
      transaction: { ...transaction, payeee: 'x' },
    });
    assert.equal(wrong.json.code, 'message_invalid');
    assert.match(wrong.json.detail, /transaction\.payeee: not known here; known: payer, payee, amount/);
    assert.deepEqual((await fixture.post('/v1/codes/validation', key, asked)).json, { valid: true });
  });

  test('an unknown user, a disabled one and one whose code is wrong are answered alike', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const admin = await fixture.withRole('root', 'admin');
    const key = await fixture.service('vpn', 'codes:verify');
    await (await fixture.user('alice')).enrol('totp');
    await fixture.user('disabled');
    await fixture.user('tokenless');
    const { json } = await admin.get('/v1/admin/users?search=disabled');
    await admin.post(`/v1/admin/users/${json.users[0].id}/disable`);
    const sequence = async (username: string) => {
      const answers: [number, Json, string | null][] = [];
      const nonces = (await fixture.post('/v1/challenges', key, { count: 2 })).json.challenges;
      const transaction = { ...TRANSFER, challenge: nonces[0].nonce };
      const foreign = { code: 'abcdef', transaction: { ...TRANSFER, challenge: 'ab'.repeat(32) } };
      for (const [once, body] of [
        ['wrong', { code: 'abcdef', transaction }],
        ['spent', { code: 'abcdef', transaction }],
        ['foreign', foreign],
        ['foreign', foreign],
        ['plain', { code: 'abcdef' }],
        ['short', { code: 'x' }],
        ['locked', { code: 'abcdef' }],
        ['bound', { code: 'abcdef', transaction: { ...TRANSFER, challenge: nonces[1].nonce } }],
      ] as const) {
        const asked = { username, ...body };
        const answer = await fixture.post('/v1/codes/validation', key, asked, { 'idempotency-key': once });
        answers.push([answer.status, answer.json, answer.headers.get('idempotency-replayed')]);
      }
      return answers;
    };
    const known = await sequence('alice');
    assert.deepEqual(
      known.map(([, { reason }, repeated]) => (repeated === null ? reason : `${reason} again`)),
      [
        ...['code_wrong', 'challenge_spent', 'challenge_unknown', 'challenge_unknown again'],
        ...['code_wrong', 'code_wrong', 'locked', 'locked'],
      ],
    );
    for (const username of ['nobody', 'disabled', 'tokenless']) {
      assert.deepEqual(await sequence(username), known, username);
    }
  });

  test('the duration of a refusal does not reveal who exists', async (t) => {
    const fixture = await testHttp(t, { flags: { '--lockout-attempts-max': '1000' } });
    const key = await fixture.service('vpn', 'codes:verify');
    await (await fixture.user('alice')).enrol('totp');
    const timeOf = async (username: string) => {
      const startedAt = performance.now();
      await fixture.post('/v1/codes/validation', key, { username, code: 'abcdef' });
      return performance.now() - startedAt;
    };
    const [known, again, unknown]: number[][] = [[], [], []];
    // In turn, so that other load on the machine meets all three alike.
    for (let attempt = 0; attempt < 12; attempt++) {
      known?.push(await timeOf('alice'));
      unknown?.push(await timeOf('nobody'));
      again?.push(await timeOf('alice'));
    }
    const [ofKnown, ofAgain, ofUnknown] = [median(known), median(again), median(unknown)];
    // What two samples of the same user are apart is the machine's noise.
    const noiseMs = Math.abs(ofKnown - ofAgain);
    assert.ok(Math.abs(ofKnown - ofUnknown) < 15 + 2 * noiseMs, `${ofKnown}, ${ofAgain}, ${ofUnknown} ms`);
    assert.ok(ofUnknown >= 45, `${ofUnknown} ms`);
  });
});

describe('tokens', () => {
  test('are enrolled, confirmed, listed with their uses, revoked', async (t) => {
    const clock = new StoppedClock();
    const fixture = await testHttp(t, { clock });
    const alice = await fixture.user('alice');
    const key = await fixture.service('vpn', 'codes:verify');
    const pending = await alice.post('/v1/tokens', { type: 'ocra', label: 'phone' });
    assert.deepEqual(Object.keys(pending.json).sort(), [
      'activation_question',
      'algorithm',
      'digits',
      'id',
      'secret',
      'suite',
      'type',
    ]);
    const wrong = await alice.post(`/v1/tokens/${pending.json.id}/activation`, { code: '00000x' });
    assert.deepEqual([wrong.status, wrong.json.code], [403, 'code_wrong']);
    const totp = await alice.enrol('totp', { period_s: 30 });
    assert.match(totp.enrolled.otpauth_uri, /^otpauth:\/\/totp\/Sello:alice%20\([\w-]{4}\)\?/);
    clock.advance(60_000);
    await fixture.post('/v1/codes/validation', key, { username: 'alice', code: totp.code() });
    await fixture.post('/v1/codes/validation', key, { username: 'alice', code: '12345x' });
    const { json } = await alice.get('/v1/tokens');
    assert.deepEqual(
      json.tokens
        .map(({ type, status, uses, label }: Record<string, unknown>) => [type, status, uses, label])
        .sort(),
      [
        ['ocra', 'revoked', 0, 'phone'],
        ['totp', 'active', 2, ''],
      ],
    );
    const uses = await alice.get(`/v1/tokens/${totp.id}/uses`);
    assert.deepEqual(
      uses.json.uses.map((use: Record<string, unknown>) => [use.for, use.accepted, use.reason]),
      [
        ['validation', false, 'code_wrong'],
        ['validation', true, undefined],
        ['activation', true, undefined],
      ],
    );
    const proof = await alice.post('/v1/sessions/current/proof', { code: totp.code() });
    assert.equal(proof.json.code, 'code_spent');
    clock.advance(60_000);
    const shown = await alice.post('/v1/sessions/current/proof', { code: totp.code() });
    assert.equal(shown.status, 200, shown.text);
    const revoke = () => fixture.request('DELETE', `/v1/tokens/${totp.id}`, { token: alice.token });
    assert.equal((await revoke()).status, 204);
    assert.equal((await revoke()).json.code, 'token_unknown');
    clock.advance(60_000);
    const after = await fixture.post('/v1/codes/validation', key, { username: 'alice', code: totp.code() });
    assert.equal(after.json.reason, 'code_wrong');
    const mallory = await fixture.user('mallory');
    assert.equal((await mallory.get(`/v1/tokens/${totp.id}/uses`)).json.code, 'token_unknown');
    assert.equal(
      (await mallory.post(`/v1/tokens/${pending.json.id}/activation`, { code: '1' })).json.code,
      'token_unknown',
    );
  });

  test('uses name the transaction, page by page', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('ocra');
    const made = [];
    for (let count = 0; count < 5; count++) {
      const { json } = await alice.post('/v1/transactions', { ...TRANSFER, amount: '1000' });
      await alice.post(`/v1/transactions/${json.id}/approval`, { code: token.codeOver(json) });
      made.unshift(json.id);
    }
    const listed: string[] = [];
    let cursor = '';
    do {
      const { json } = await alice.get(`/v1/tokens/${token.id}/uses?limit=2${cursor}`);
      listed.push(...json.uses.map((use: { transaction?: string }) => use.transaction ?? 'activation'));
      cursor = json.next_cursor === null ? '' : `&cursor=${json.next_cursor}`;
    } while (cursor !== '');
    assert.deepEqual(listed, [...made, 'activation']);
  });
});

function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
