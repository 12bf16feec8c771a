import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { revokeToken } from '../../src/application/users/administer-user.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import { ConnectionLost, isProblem } from '../../web/src/api/problem.ts';
import { Device } from '../../web/src/token/device/device.ts';
import type { TokenRecord } from '../../web/src/token/device/storage.ts';
import { stretch } from '../../web/src/token/keyring/stretch.ts';
import type { PendingTransaction } from '../../web/src/token/transaction/pending-transaction.ts';
import { type ApiUser, type HttpFixture, PASSWORD, testHttp } from '../wire/http/http-fixture.ts';
import { MemoryStorage } from './memory-storage.ts';

const PIN = { kind: 'pin', pin: '847261' } as const;
const TRANSFER = { payer: 'CuentaA', payee: 'CuentaB', amount: '1250.00', currency: 'EUR' };

interface Opened {
  readonly device: Device;
  readonly storage: MemoryStorage;
}

async function openDevice(
  t: Pick<TestContext, 'after'>,
  http: HttpFixture,
  {
    storage = new MemoryStorage(),
    now = Date.now,
  }: { readonly storage?: MemoryStorage; readonly now?: () => number } = {},
): Promise<Opened> {
  const none = () => Promise.reject(new Error('no passkeys here'));
  const device = await Device.start({
    ...{ storage, now, origin: http.base, language: () => 'en' },
    stretcher: async (request) => stretch(request),
    passkeys: { make: none, ask: none },
    cost: { memoryKiB: 64, passes: 1 },
  });
  t.after(() => device.lock());
  return { device, storage };
}

async function invitation(user: ApiUser): Promise<string> {
  const { status, json, text } = await user.post('/v1/enrolments', {});
  assert.equal(status, 201, text);
  return json.code;
}

async function enrolled(device: Device, user: ApiUser): Promise<TokenRecord> {
  const outcome = await device.enrol(await invitation(user), 'phone', PIN);
  assert.equal(outcome.kind, 'done');
  assert.ok(outcome.kind === 'done');
  return outcome.value;
}

/** Requests a transaction and waits until the device knows it from its stream. */
async function pendingOn(
  device: Device,
  user: ApiUser,
  transfer: object = TRANSFER,
): Promise<PendingTransaction> {
  const asked = await user.post('/v1/transactions', transfer);
  assert.equal(asked.status, 202, asked.text);
  return until(() => device.view.feeds[0]?.pending.find(({ id }) => id === asked.json.id));
}

async function until<Value>(look: () => Value | undefined): Promise<Value> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not come');
    await delay(10);
  }
}

async function statusOf(user: ApiUser, id: string): Promise<string> {
  return (await user.get(`/v1/transactions/${id}`)).json.status;
}

test('a device enrols, logs its user in, and approves exactly what it shows', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const { device, storage } = await openDevice(t, http);
  assert.equal(device.view.phase, 'new');
  const token = await enrolled(device, user);
  assert.equal(token.status, 'active');
  assert.equal(token.username, 'alice');
  assert.equal(device.view.phase, 'open');

  const shown = device.shown(token);
  assert.match(shown?.code ?? '', /^\d{6}$/);
  const logIn = await http.post('/v1/sessions', undefined, {
    ...{ username: 'alice', password: PASSWORD },
    code: shown?.code,
  });
  assert.equal(logIn.status, 201, logIn.text);

  const pending = await pendingOn(device, user);
  const { payer, payee, amount, currency } = pending.transaction;
  assert.deepEqual({ payer, payee, amount, currency }, TRANSFER);
  const wrong = await device.approve(token, pending, { kind: 'pin', pin: '000001' });
  assert.deepEqual(wrong, { kind: 'wrong', left: 9, waitMs: 0 });
  assert.equal(await statusOf(user, pending.id), 'pending');
  assert.equal((await device.approve(token, pending, PIN)).kind, 'done');
  assert.equal(await statusOf(user, pending.id), 'approved');
  await until(() => (device.view.feeds[0]?.pending.length === 0 ? true : undefined));

  const late = await device.approve(token, pending, PIN).catch((error: unknown) => error);
  assert.ok(isProblem(late, 'transaction_decided'));

  const other = await pendingOn(device, user, { ...TRANSFER, amount: '2.00' });
  await device.refuse(token, other);
  assert.equal(await statusOf(user, other.id), 'refused');

  // After a restart nothing is open until the PIN is entered.
  const { device: again } = await openDevice(t, http, { storage });
  assert.equal(again.view.phase, 'locked');
  assert.equal(again.shown(token), undefined);
  assert.equal((await again.unlock(PIN)).kind, 'done');
  assert.match(again.shown(token)?.code ?? '', /^\d{6}$/);
});

test('a code read off without a network approves that transaction and no other', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const { device } = await openDevice(t, http);
  const token = await enrolled(device, user);
  const one = await pendingOn(device, user);
  const other = await pendingOn(device, user, { ...TRANSFER, payee: 'CuentaC' });
  const made = await device.codeFor(token, one.transaction, PIN);
  assert.ok(made.kind === 'done');
  const misused = await user.post(`/v1/transactions/${other.id}/approval`, { code: made.value });
  assert.equal(misused.json.code, 'code_wrong');
  const used = await user.post(`/v1/transactions/${one.id}/approval`, { code: made.value });
  assert.equal(used.json.status, 'approved');
});

test('a transaction changed on its way to the device is refused by the server, because the code covers what was shown', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const { device } = await openDevice(t, http);
  const token = await enrolled(device, user);
  // A man in the middle shows a friend's account instead of the real payee.
  const real = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = real;
  });
  globalThis.fetch = async (input, init) => {
    const response = await real(input, init);
    if (!String(input).includes('/v1/transactions?')) return response;
    return new Response((await response.text()).replaceAll('Mallory', 'Friend'), response);
  };
  const pending = await pendingOn(device, user, { ...TRANSFER, payee: 'Mallory' });
  assert.equal(pending.transaction.payee, 'Friend');
  const refused = await device.approve(token, pending, PIN).catch((error: unknown) => error);
  assert.ok(isProblem(refused, 'code_wrong'), String(refused));
  assert.equal(await statusOf(user, pending.id), 'pending');
});

test('a claim whose answer was lost is claimed again by the same device, and by no other', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const code = await invitation(user);
  const real = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = real;
  });
  let lost = 0;
  globalThis.fetch = async (input, init) => {
    const response = await real(input, init);
    if (!String(input).endsWith('/claim') || lost++ > 0) return response;
    await response.text();
    throw new TypeError('the network is gone');
  };
  const { device } = await openDevice(t, http);
  await assert.rejects(device.enrol(code, 'phone', PIN), ConnectionLost);
  const { device: thief } = await openDevice(t, http);
  const stolen = await thief.enrol(code, 'thief', PIN).catch((error: unknown) => error);
  assert.ok(isProblem(stolen, 'enrolment_unknown', 'idempotency_mismatch'), String(stolen));
  const outcome = await device.enrol(code, 'phone', PIN);
  assert.equal(outcome.kind, 'done');
  assert.equal(lost >= 2, true);
});

test('ten wrong PINs erase the seeds, and waiting is enforced in between', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  let aheadMs = 0;
  const { device, storage } = await openDevice(t, http, { now: () => Date.now() + aheadMs });
  await enrolled(device, user);
  device.lock();
  const kinds: string[] = [];
  for (let tries = 0; tries < 10; ) {
    const outcome = await device.unlock({ kind: 'pin', pin: '000001' });
    kinds.push(outcome.kind);
    if (outcome.kind === 'wait') aheadMs += outcome.waitMs;
    else tries++;
  }
  assert.equal(kinds.at(-1), 'erased');
  assert.equal(kinds.filter((kind) => kind === 'wrong').length, 9);
  assert.equal(kinds.filter((kind) => kind === 'wait').length, 7);
  assert.equal(storage.empty, true);
  assert.equal(device.view.phase, 'new');
  assert.equal(device.view.erased, true);
});

test('a device whose clock is minutes off shows codes of the right time', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const offMs = -20 * 60_000;
  const { device } = await openDevice(t, http, { now: () => Date.now() + offMs });
  await device.measureClock();
  const { offset } = device.view;
  assert.ok(offset && offset.leastMs <= -offMs && -offMs <= offset.mostMs);
  const token = await enrolled(device, user);
  const pending = await pendingOn(device, user);
  assert.equal((await device.approve(token, pending, PIN)).kind, 'done');
});

test('a token revoked elsewhere shows it; a token removed here is revoked', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const { device } = await openDevice(t, http);
  const token = await enrolled(device, user);
  const { context } = http.application;
  const { userId } = (await context.store.findUser('alice')) ?? assert.fail();
  assert.ok(!isRefusal(await revokeToken(context, userId, token.id)));
  await until(() => device.view.tokens.find(({ status }) => status === 'ended'));
  assert.equal(device.view.feeds.length, 0);

  const { device: second } = await openDevice(t, http);
  const bob = await http.user('bob');
  const own = await enrolled(second, bob);
  assert.equal(await second.remove(own), true);
  assert.deepEqual(second.view.tokens, []);
  const { json } = await bob.get('/v1/tokens');
  for (const { status } of json.tokens) assert.equal(status, 'revoked');
});

test('the PIN can be changed, and the old one opens nothing then', async (t) => {
  const http = await testHttp(t);
  const user = await http.user('alice');
  const { device } = await openDevice(t, http);
  const token = await enrolled(device, user);
  const before = device.shown(token)?.code;
  assert.equal((await device.addLock(PIN, { kind: 'pin', pin: '905273' })).kind, 'done');
  device.lock();
  assert.equal((await device.unlock(PIN)).kind, 'wrong');
  assert.equal((await device.unlock({ kind: 'pin', pin: '905273' })).kind, 'done');
  assert.match(before ?? '', /^\d{6}$/);
  assert.match(device.shown(token)?.code ?? '', /^\d{6}$/);
});
