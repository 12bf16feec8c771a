/*
 * Goal: a password can be changed and reset, by nobody who lacks what the user has; the old one opens nothing afterwards.
 * Method: the real HTTP server; the journal read back.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { removeUser } from '../../../src/application/users/administer-user.ts';
import { setPassword } from '../../../src/application/users/set-password.ts';
import { encodeTransaction } from '../../../src/domain/transaction/canonical-transaction.ts';
import { entriesOf } from '../../application/decisions/rewired.ts';
import { StoppedClock } from '../../services/application.ts';
import { Authenticator } from '../../services/authenticator.ts';
import { type ApiUser, type HttpFixture, PASSWORD, testHttp } from './http-fixture.ts';

const NEW = 'nuevo-secreto';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ORIGIN = 'https://sello.example';
const TRANSFER = { payer: 'CuentaA', payee: 'CuentaB', amount: '10.00', currency: 'EUR' };

const change = (user: ApiUser, body: object = {}) =>
  user.post('/v1/users/current/password', { old_password: PASSWORD, password: NEW, ...body });
const logIn = (fixture: HttpFixture, password: string, more: object = {}) =>
  fixture.post('/v1/sessions', undefined, { username: 'alice', password, ...more });
const redeem = (fixture: HttpFixture, reset: string, more: object = {}) =>
  fixture.post('/v1/password-resets', undefined, { reset, password: NEW, ...more });

async function idOf(fixture: HttpFixture, username: string): Promise<number> {
  const found = await fixture.application.context.store.findUser(username);
  assert.ok(found);
  return found.userId;
}

async function pays(user: ApiUser, password: string): Promise<string> {
  const { json } = await user.post('/v1/challenges', {});
  const challenge: string = json.challenges[0].nonce;
  const key = createHash('sha256').update(password).digest();
  const mac = createHmac('sha256', key)
    .update(encodeTransaction({ ...TRANSFER, challenge, v: 1 }))
    .digest('hex');
  const paid = await user.post('/v1/transactions', { ...TRANSFER, nonce: challenge, mac });
  return paid.status === 201 ? 'approved' : paid.json.code;
}

test('a change replaces hash and MAC key and ends the other sessions, in one entry', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const other = await fixture.logIn('alice');
  assert.equal((await change(alice)).status, 204);

  assert.equal((await other.get('/v1/tokens')).json.code, 'session_ended');
  assert.equal((await logIn(fixture, PASSWORD)).json.code, 'credentials_invalid');
  assert.equal((await logIn(fixture, NEW)).status, 201);
  assert.equal(await pays(alice, PASSWORD), 'mac_mismatch');
  assert.equal(await pays(alice, NEW), 'approved');
  const entries = await entriesOf(fixture.application.context, await idOf(fixture, 'alice'));
  const changed = entries.filter(({ type }) => type === 'admin.password_changed');
  assert.deepEqual(
    changed.map(({ detail }) => ({ ...detail, rows: undefined })),
    [{ by: 'alice', rows: undefined }],
  );
});

test('a change asks for the old password, whose guesses lock, and for an allowed new one', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  assert.equal((await change(alice, { password: 'short' })).json.code, 'password_too_short');
  assert.equal(
    (await alice.post('/v1/users/current/password', { password: NEW })).json.code,
    'message_invalid',
  );
  for (let guess = 0; guess < 3; guess++) {
    assert.equal((await change(alice, { old_password: `guess-${guess}` })).json.code, 'credentials_invalid');
  }
  assert.equal((await change(alice)).json.code, 'locked');
  clock.advance(MINUTE_MS);
  assert.equal((await change(alice)).status, 204);
});

test('who has a token or passkey shows it at a change; a session that showed one before is not enough', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  assert.equal((await change(alice)).json.code, 'code_required');
  clock.advance(MINUTE_MS);
  assert.equal((await change(alice, { code: '000000' })).json.code, 'code_wrong');
  assert.equal((await change(alice, { code: token.code() })).status, 204);

  const bob = await fixture.user('bob');
  const ocra = await bob.enrol('ocra');
  assert.equal((await change(bob)).json.code, 'code_required');
  assert.equal((await change(bob, await ocra.over('prove_session', bob))).json.code, 'code_wrong');
  clock.advance(MINUTE_MS);
  assert.equal((await change(bob, await ocra.over('change_password', bob))).status, 204);

  const carol = await fixture.user('carol');
  const authenticator = new Authenticator(ORIGIN);
  const options = await carol.post('/v1/passkeys/options', {});
  await carol.post('/v1/passkeys', { response: authenticator.register(options.json) });
  assert.equal((await change(carol)).json.code, 'proof_required');
  assert.equal((await change(carol, await carol.passkeyProof(authenticator))).status, 204);
});

async function administrator(fixture: HttpFixture) {
  const root = await fixture.withRole('root', 'admin');
  const id = await idOf(fixture, 'alice');
  return { root, reset: () => root.post(`/v1/admin/users/${id}/password-reset`) };
}

test('a reset sets a new password once, and ends with a newer one, a change or a day', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const { root, reset } = await administrator(fixture);
  const own = await root.post(`/v1/admin/users/${await idOf(fixture, 'root')}/password-reset`);
  assert.equal(own.json.code, 'own_account');
  const first = (await reset()).json;
  assert.equal(first.link.endsWith(`/console#reset=${first.reset}`), true);
  const second = (await reset()).json;
  assert.equal((await redeem(fixture, first.reset)).json.code, 'reset_unknown');
  assert.equal((await redeem(fixture, second.reset, { password: 'short' })).json.code, 'password_too_short');
  const done = await redeem(fixture, second.reset);
  assert.deepEqual(done.json, { username: 'alice' });
  assert.equal((await redeem(fixture, second.reset)).json.code, 'reset_unknown');
  assert.equal((await alice.get('/v1/tokens')).json.code, 'session_ended');
  assert.equal((await logIn(fixture, NEW)).status, 201);

  const late = (await reset()).json;
  clock.advance(DAY_MS);
  assert.equal((await redeem(fixture, late.reset)).json.code, 'reset_unknown');
});

test('nobody resets alone for who has or had an authenticator: the redeemer shows the code, and a lost one takes a recovery', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('totp', { period_s: 60 });
  const { reset } = await administrator(fixture);
  const { json } = await reset();
  assert.equal((await redeem(fixture, json.reset)).json.code, 'code_required');
  clock.advance(MINUTE_MS);
  assert.equal((await redeem(fixture, json.reset, { code: '000000' })).json.code, 'code_wrong');
  assert.equal((await redeem(fixture, json.reset, { code: token.code() })).status, 200);

  // The administrator revokes the token so that none is asked for.
  const other = await fixture.withRole('other', 'admin');
  const id = await idOf(fixture, 'alice');
  const before = (await reset()).json;
  assert.equal(
    (await fixture.request('DELETE', `/v1/admin/users/${id}/tokens/${token.id}`, { token: other.token }))
      .status,
    204,
  );
  assert.equal((await reset()).json.code, 'recovery_required');
  assert.equal((await redeem(fixture, before.reset)).json.code, 'recovery_required');
  // Nor does a session of theirs, which may be in other hands, stand for the recovery.
  const { access_token: stolen } = (await logIn(fixture, NEW)).json;
  const another = { reset: before.reset, password: 'otro-secreto' };
  const inside = await fixture.post('/v1/users/current/password', stolen, another);
  assert.equal(inside.json.code, 'recovery_required');
  assert.equal((await logIn(fixture, NEW)).status, 201);
});

test('an ocra token confirms a reset by a code over it; a passkey’s holder logs in by it first', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const ocra = await alice.enrol('ocra');
  const { root, reset } = await administrator(fixture);
  const { json } = await reset();
  clock.advance(MINUTE_MS);
  assert.equal(
    (await redeem(fixture, json.reset, { code: ocra.overReset(json.reset, 'bob') })).json.code,
    'code_wrong',
  );
  assert.equal(
    (await redeem(fixture, json.reset, { code: ocra.overReset(json.reset, 'alice') })).status,
    200,
  );

  const bob = await fixture.user('bob');
  const authenticator = new Authenticator(ORIGIN);
  const options = await bob.post('/v1/passkeys/options', {});
  await bob.post('/v1/passkeys', { response: authenticator.register(options.json) });
  const made = (await root.post(`/v1/admin/users/${await idOf(fixture, 'bob')}/password-reset`)).json;
  assert.equal((await redeem(fixture, made.reset)).json.code, 'proof_required');
  const shown = { reset: made.reset, password: NEW, ...(await bob.passkeyProof(authenticator)) };
  assert.equal((await bob.post('/v1/users/current/password', shown)).status, 204);
  assert.equal((await bob.post('/v1/users/current/password', shown)).json.code, 'reset_unknown');
});

test('the operator sets a password, and removes a user whose name is free again', async (t) => {
  const fixture = await testHttp(t);
  const { context } = fixture.application;
  const alice = await fixture.user('alice');
  const id = await idOf(fixture, 'alice');
  assert.ok(!('refused' in (await setPassword(context, id, NEW))));
  assert.equal((await alice.get('/v1/tokens')).json.code, 'session_ended');
  assert.equal((await logIn(fixture, NEW)).status, 201);

  assert.ok(!('refused' in (await removeUser(context, id))));
  assert.equal((await logIn(fixture, NEW)).json.code, 'credentials_invalid');
  const again = await fixture.user('alice');
  assert.notEqual(await idOf(fixture, 'alice'), id);
  assert.equal((await again.get('/v1/journal')).json.entries.length, 2);
  const types = (await entriesOf(context, id)).map(({ type }) => type);
  assert.equal(types.at(-1), 'admin.user_removed');
  assert.equal((await context.store.findUser(`(removed ${id})`))?.disabled, true);
});

test('nobody takes the name of a removed user, or one that looks like it; who has such a name from before logs in, and hinders no removal', async (t) => {
  const fixture = await testHttp(t);
  const { context } = fixture.application;
  for (const username of [
    '(removed 7)',
    '（removed 7）',
    '❨removed 7❩',
    '(rem\u043eved 7)',
    '(rernoved 7 a)',
  ]) {
    const { json } = await fixture.post('/v1/users', undefined, { username, password: PASSWORD });
    assert.equal(json.code, 'username_invalid', username);
  }

  await fixture.user('alice');
  await fixture.user('mallory');
  const [id, mallory] = [await idOf(fixture, 'alice'), await idOf(fixture, 'mallory')];
  const older = `（removed ${id}）`;
  await context.decider.submit({
    userId: mallory,
    decide: (user) => ({
      result: undefined,
      draft: {
        ...{ type: 'admin.user_enabled', state: user?.state ?? {} },
        rows: [{ kind: 'user.rename', userId: mallory, from: 'mallory', username: older }],
      },
    }),
  });
  await fixture.logIn(older);
  assert.deepEqual(await removeUser(context, id), { userId: id });
  assert.equal((await context.store.findUser('alice')) ?? undefined, undefined);
  assert.deepEqual(await removeUser(context, id), { refused: 'user_unknown' });
  const entries = await entriesOf(context, id);
  const renamed = String(entries.at(-1)?.detail?.renamed);
  assert.match(renamed, new RegExp(`^\\(removed ${id} [\\da-f]{16}\\)$`));
  assert.equal((await context.store.findUser(renamed))?.userId, id);
  await fixture.user('alice');
});
