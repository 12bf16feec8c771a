/*
 * Goal: no user, address or service fills the disk: beyond a quota, entries that are not approvals are refused and
 * counted; approvals go on, and guesses stay counted.
 * Method: the real application with small quotas; an attacker who asks without pause.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryQuota } from '../../src/application/decisions/entry-quota.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import type { User } from '../../src/application/users/user.ts';
import { countByKind, entriesOf, nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, testApplication } from '../services/application.ts';

const address = '127.0.0.1';
const FORGED = 'ab'.repeat(60);

const quotas = (user: number, of: { readonly address?: number; readonly service?: number } = {}) => ({
  '--rate-limits-user-entries-count-max': `${user}`,
  ...(of.address === undefined ? {} : { '--rate-limits-address-entries-count-max': `${of.address}` }),
  ...(of.service === undefined ? {} : { '--rate-limits-service-entries-count-max': `${of.service}` }),
});

test('refusals of one user beyond the quota make no entry; one entry says how many; approvals go on', async (t) => {
  const application = await testApplication(t, { flags: quotas(20) });
  const { context, services } = application;
  const session = await registeredSession(application, 'mallory');
  const before = (await entriesOf(context, session.userId)).length;
  const outcomes = await Promise.all(
    Array.from({ length: 500 }, () => services.authorise(withMac(session, FORGED))),
  );
  const limited = outcomes.filter((each) => 'refused' in each && each.refused === 'rate_limited');
  assert.ok(limited.length >= 479, `${limited.length}`);
  for (const each of limited) assert.ok('refused' in each && (each.retryAfterMs ?? 0) > 0);
  const added = (await entriesOf(context, session.userId)).length - before;
  assert.ok(added <= 21, `${added} entries`);

  const [first = '', second = ''] = await nonces(context, session, 2);
  assert.ok(
    'transactionId' in (await services.authorise(withMac(session, first))),
    'approvals are not limited',
  );
  const wrong = { ...withMac(session, second), mac: { message: Buffer.from('x'), value: '0'.repeat(64) } };
  const guess = await services.authorise(wrong);
  assert.ok('refused' in guess && guess.refused === 'mac_mismatch', 'a guess is evaluated and counted');
  await context.refusalCounter.flush();
  const entries = await entriesOf(context, session.userId);
  assert.equal(countByKind(entries)['transaction.refused mac_mismatch'], 1);
  const [summary] = entries.filter(({ type }) => type === 'admin.rate_limited');
  assert.deepEqual([summary?.reason, summary?.detail?.count], ['entries', limited.length]);
});

test('wrong passwords and codes beyond the quota are counted and lock', async (t) => {
  const application = await testApplication(t, { flags: quotas(1) });
  const { services } = application;
  const session = await registeredSession(application, 'alice');
  for (let n = 0; n < 5; n++) await services.authorise(withMac(session, FORGED));
  const codes: string[] = [];
  for (let n = 0; n < 4; n++) {
    const outcome = await services.logIn({ username: 'alice', password: 'wrong one', address });
    if ('refused' in outcome) codes.push(outcome.refused);
  }
  assert.deepEqual(codes, ['credentials_invalid', 'credentials_invalid', 'credentials_invalid', 'locked']);
});

test('log-ins beyond the quota open no session; a stolen session does not use up its user’s log-ins', async (t) => {
  const application = await testApplication(t, { flags: quotas(20) });
  const { context, services } = application;
  const session = await registeredSession(application, 'alice');
  for (let n = 0; n < 50; n++) await services.authorise(withMac(session, FORGED));
  const outcomes: string[] = [];
  for (let n = 0; n < 10; n++) {
    const outcome = await services.logIn({ username: 'alice', password: PASSWORD, address });
    outcomes.push('refused' in outcome ? outcome.refused : 'opened');
  }
  const opened = outcomes.filter((each) => each === 'opened').length;
  assert.ok(opened >= 4 && opened <= 6, outcomes.join());
  assert.equal(outcomes.at(-1), 'rate_limited');
  const kept = await services.authorise(withMac(session, (await nonces(context, session, 1))[0] ?? ''));
  assert.ok('transactionId' in kept);
});

test('one address registers accounts and makes entries in all of them within one quota', async (t) => {
  const application = await testApplication(t, { flags: quotas(1_000, { address: 30 }) });
  const { context, services } = application;
  const outcomes: string[] = [];
  for (let n = 0; n < 6; n++) {
    const session = await registeredSession(application, `m${n}`);
    for (let each = 0; each < 5; each++) {
      const request = { ...withMac(session, FORGED), address };
      const outcome = await services.authorise(request);
      outcomes.push('refused' in outcome ? outcome.refused : 'approved');
      if (outcomes.at(-1) === 'rate_limited') break;
    }
    if (outcomes.at(-1) === 'rate_limited') break;
  }
  assert.equal(outcomes.at(-1), 'rate_limited');
  const refused = await services.registerUser({ username: 'next', password: PASSWORD, address });
  assert.ok('refused' in refused && refused.refused === 'rate_limited');
  assert.equal(await context.store.findUser('next'), undefined);
  const other = await services.registerUser({ username: 'other', password: PASSWORD, address: '192.0.2.1' });
  assert.ok('userId' in other, 'another address is not held up');
});

test('a service that asks users without end is held to its quota', async (t) => {
  const application = await testApplication(t, { flags: quotas(1_000, { service: 10 }) });
  const { context } = application;
  const users = [];
  for (let n = 0; n < 3; n++) users.push(await registeredSession(application, `u${n}`));
  const outcomes = [];
  for (let n = 0; n < 30; n++) {
    const userId = users[n % 3]?.userId ?? 0;
    outcomes.push(await requestTransaction(context, { userId, transfer: TRANSFER, serviceId: 'shop' }));
  }
  const limited = outcomes.filter((each) => 'refused' in each && each.refused === 'rate_limited');
  assert.ok(limited.length >= 19, `${limited.length}`);
});

test('tokens come back evenly, never more than the quota, and the buckets are bounded', () => {
  let now = 0;
  const day = { countMax: 100, windowMs: 1_000 };
  const quota = new EntryQuota({ userEntries: day, addressEntries: day, serviceEntries: day }, () => now);
  const state = {};
  const user = (id: number) => ({ id, state }) as unknown as User;
  const take = (id = 1) => quota.take(user(id), { type: 'transaction.refused', state }, undefined);
  const taken = (tries: number) =>
    Array.from({ length: tries }, () => take()).filter((wait) => wait === 0).length;
  assert.equal(taken(200), 100);
  assert.equal(take(), 10);
  now += 10;
  assert.equal(taken(5), 1);
  now += 1_000_000;
  assert.equal(taken(200), 100);
  for (let id = 2; id < 100_010; id++) take(id);
  assert.equal(quota.size, 100_000);
});
