/*
 * Goal: `reload` returns what the store has, and neither drops nor reverts newer cached users.
 * Method: two servers (one context each) on one real store, with faults injected before `load`.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { authorise } from '../../../src/application/transactions/authorise.ts';
import type { Store } from '../../../src/ports/store.ts';
import { registeredSession, testApplication } from '../../services/application.ts';
import { FaultyStore } from './faulty-store.ts';
import { nonces, rewired, withMac } from './rewired.ts';

async function twoServers(t: TestContext) {
  const application = await testApplication(t);
  const session = await registeredSession(application, 'alice');
  const faults = new FaultyStore(application.store);
  const here = rewired(application, { store: faults.store });
  const there = rewired(application, {});
  await here.userCache.getOrLoad(session.userId);
  const pay = async (context: typeof here, challenge = '') => {
    const outcome = await authorise(context, withMac(session, challenge));
    return 'refused' in outcome ? outcome.refused : 'approved';
  };
  return { application, session, userId: session.userId, faults, here, there, pay };
}

function withLoad(store: Store, load: Store['load']): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'load') return load;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('a reload that finds a newer entry also learns the challenges that were spent', async (t) => {
  const { session, userId, here, there, pay } = await twoServers(t);
  const [challenge] = await nonces(there, session, 1);
  assert.equal(await pay(there, challenge), 'approved');
  const reloaded = await here.userCache.reload(userId);
  const stored = await there.userCache.reload(userId);
  assert.equal(reloaded?.version, stored?.version);
  // Decided on the latest entry: the store's guard would let a second approval pass.
  assert.equal(await pay(here, challenge), 'challenge_spent');
});

test('a reload that finds the entry that is cached reads once, without the spent challenges', async (t) => {
  const { application, userId } = await twoServers(t);
  const since: number[] = [];
  const load: Store['load'] = (ids, spentSince) => {
    since.push(spentSince);
    return application.store.load(ids, spentSince);
  };
  const { userCache } = rewired(application, { store: withLoad(application.store, load) });
  await userCache.getOrLoad(userId);
  since.length = 0;
  await userCache.reload(userId);
  assert.deepEqual(since, [Number.POSITIVE_INFINITY]);
});

test('rows that changed without an entry are cached by a reload', async (t) => {
  const { application, userId, here } = await twoServers(t);
  const [key] = await application.store.listWrappedKeys({ after: undefined, limit: 1 });
  assert.ok(key?.kind === 'mac' && key.userId === userId);
  const replacement = { ...key, expected: key.wrapped, replacement: 'wrapped anew' };
  assert.deepEqual(await application.store.replaceWrappedKeys([replacement]), [true]);
  assert.equal((await here.userCache.reload(userId))?.macKey, 'wrapped anew');
  assert.equal(here.userCache.get(userId)?.macKey, 'wrapped anew');
});

test('an entry committed during a reload stays cached', async (t) => {
  const { session, userId, faults, here, pay } = await twoServers(t);
  const [challenge] = await nonces(here, session, 1);
  const before = here.userCache.get(userId)?.version ?? 0;
  faults.afterNext('load', () => pay(here, challenge));
  await here.userCache.reload(userId);
  assert.equal(here.userCache.get(userId)?.version, before + 1);
});

test('a reload answers what the store has, also where that is an older entry than the cached one', async (t) => {
  const { application, session, userId } = await twoServers(t);
  const earlier = await application.store.load([userId], Number.POSITIVE_INFINITY);
  let restored = false;
  const load: Store['load'] = async (ids, since) => (restored ? earlier : application.store.load(ids, since));
  const here = rewired(application, { store: withLoad(application.store, load) });
  const [challenge = ''] = await nonces(here, session, 1);
  assert.ok('transactionId' in (await authorise(here, withMac(session, challenge))));
  assert.equal(here.userCache.get(userId)?.version, (earlier[0]?.version ?? 0) + 1);
  restored = true;
  assert.equal((await here.userCache.reload(userId))?.version, earlier[0]?.version);
  assert.equal(here.userCache.get(userId)?.version, earlier[0]?.version);
});
