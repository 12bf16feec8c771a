/*
 * Goal: whatever the store or the vault does, every answer is right: an acknowledged decision is in the journal, a retry
 * repeats nothing that was done, and no decision is based on state that another server has changed.
 * Method: the real application on the real store with injected faults; two deciders on one store act as two servers.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { issueChallenges } from '../../../src/application/challenges/issue-challenges.ts';
import type { Context } from '../../../src/application/context.ts';
import type { BatchReport } from '../../../src/application/decisions/decider.ts';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import { PasswordLogIn } from '../../../src/application/log-in/log-in-by-password.ts';
import { endSession } from '../../../src/application/sessions/end-session.ts';
import { resumeSession } from '../../../src/application/sessions/resume-session.ts';
import type { Session } from '../../../src/application/sessions/session.ts';
import { authorise } from '../../../src/application/transactions/authorise.ts';
import { createUser } from '../../../src/application/users/register-user.ts';
import type { User } from '../../../src/application/users/user.ts';
import type { Application } from '../../../src/compose.ts';
import { StoreUnavailable, VaultUnavailable } from '../../../src/domain/errors.ts';
import { GENESIS_HASH } from '../../../src/domain/journal/hash-chain.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import {
  NO_VELOCITY_LIMIT,
  PASSWORD,
  registeredSession,
  StoppedClock,
  testApplication,
} from '../../services/application.ts';
import { FaultyStore, unavailable } from './faulty-store.ts';
import { countByKind, entriesOf, nonces, rewired, withMac } from './rewired.ts';

const address = '127.0.0.1';

interface Server {
  readonly application: Application;
  readonly context: Context;
  readonly faults: FaultyStore;
  readonly session: Session;
  readonly clock: StoppedClock;
}

async function serverWithFaults(t: TestContext): Promise<Server> {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, flags: NO_VELOCITY_LIMIT });
  const session = await registeredSession(application, 'alice');
  const faults = new FaultyStore(application.store);
  return { application, context: rewired(application, { store: faults.store }), faults, session, clock };
}

async function approvals(context: Context, { userId }: Session): Promise<number> {
  return countByKind(await entriesOf(context, userId))['transaction.approved'] ?? 0;
}

const idempotency = { key: 'k', digest: 'd'.repeat(64) };

describe('a store that fails', () => {
  test('before the append: nothing was done, and the same request succeeds later', async (t) => {
    const { context, faults, session } = await serverWithFaults(t);
    const [challenge = ''] = await nonces(context, session, 1);
    faults.failNext('append', 3);
    for (let n = 0; n < 3; n++) {
      await assert.rejects(authorise(context, withMac(session, challenge)), StoreUnavailable);
    }
    assert.equal(await approvals(context, session), 0);
    assert.ok('transactionId' in (await authorise(context, withMac(session, challenge))));
    assert.equal(await approvals(context, session), 1);
  });

  test('after the append: the outcome is unknown, and a retry by its key gets the answer that stands', async (t) => {
    const { context, faults, session } = await serverWithFaults(t);
    const [first = '', second = ''] = await nonces(context, session, 2);
    faults.afterNext('append', unavailable);
    await assert.rejects(authorise(context, withMac(session, first, { idempotency })), StoreUnavailable);
    assert.equal(await approvals(context, session), 1);
    const retried = await authorise(context, withMac(session, second, { idempotency }));
    assert.ok('transactionId' in retried && retried.repeated);
    // Without a key it is a replay of a challenge that is spent.
    const replayed = await authorise(context, withMac(session, first));
    assert.ok('refused' in replayed && replayed.refused === 'challenge_spent');
    assert.equal(await approvals(context, session), 1);
  });

  test('at reading: every caller in the batch gets the error, and the next batch is decided', async (t) => {
    const { context, faults, session } = await serverWithFaults(t);
    const issued = await nonces(context, session, 10);
    context.userCache.invalidateAll();
    faults.failNext('load');
    const outcomes = await Promise.allSettled(
      issued.map((nonce) => authorise(context, withMac(session, nonce))),
    );
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    faults.failNext('findIdempotencyRecords');
    await assert.rejects(
      authorise(context, withMac(session, issued[0] ?? '', { idempotency })),
      StoreUnavailable,
    );
    for (const nonce of issued)
      assert.ok('transactionId' in (await authorise(context, withMac(session, nonce))));
    assert.equal(await approvals(context, session), 10);
  });

  test('at every fifth call, under parallel load with retries: each is executed once', async (t) => {
    const { context, faults, session } = await serverWithFaults(t);
    let calls = 0;
    const flaky = () => {
      calls++;
      if (calls % 5 === 0) unavailable();
    };
    for (let n = 0; n < 2_000; n++) {
      for (const method of ['append', 'load', 'findIdempotencyRecords'] as const) {
        (n % 2 ? faults.beforeNext : faults.afterNext).call(faults, method, flaky);
      }
    }
    let failures = 0;
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate);
        const own = { key: `key ${n}`, digest: 'd'.repeat(64) };
        for (;;) {
          try {
            const [nonce = ''] = await nonces(context, session, 1);
            const outcome = await authorise(context, withMac(session, nonce, { idempotency: own }));
            assert.ok('transactionId' in outcome, JSON.stringify(outcome));
            return;
          } catch (error) {
            assert.ok(error instanceof StoreUnavailable, String(error));
            failures++;
          }
        }
      }),
    );
    assert.ok(failures > 20, `${failures} failures`);
    assert.equal(await approvals(context, session), 200);
  });

  test('during a log-in: a guess whose outcome is unknown is counted, and none is evaluated for free', async (t) => {
    const { context, faults, session, clock } = await serverWithFaults(t);
    const passwordLogIn = new PasswordLogIn(context);
    const guess = () => passwordLogIn.logIn({ username: 'alice', password: 'adivinada', address });
    faults.afterNext('append', unavailable);
    await assert.rejects(guess(), StoreUnavailable);
    const counted = await context.userCache.getOrLoad(session.userId);
    assert.equal(counted?.state.password?.failures, 1);
    // Not written, so not counted, and the caller has learnt nothing.
    faults.failNext('append');
    await assert.rejects(guess(), StoreUnavailable);
    for (const retryAfterMs of [undefined, 30_000]) {
      const outcome = await guess();
      assert.ok('refused' in outcome && outcome.refused === 'credentials_invalid');
      assert.equal(outcome.retryAfterMs, retryAfterMs);
    }
    const locked = await passwordLogIn.logIn({ username: 'alice', password: PASSWORD, address });
    assert.ok('refused' in locked && locked.refused === 'locked');
    clock.advance(30_000);
    faults.failNext('findUser');
    await assert.rejects(
      passwordLogIn.logIn({ username: 'alice', password: PASSWORD, address }),
      StoreUnavailable,
    );
    assert.ok('secret' in (await passwordLogIn.logIn({ username: 'alice', password: PASSWORD, address })));
  });

  test('during a registration: the name is taken or free, never half', async (t) => {
    const { context, faults } = await serverWithFaults(t);
    const bob = { username: 'bob', password: PASSWORD, role: 'user' } as const;
    faults.failNext('append');
    await assert.rejects(createUser(context, bob), StoreUnavailable);
    faults.afterNext('append', unavailable);
    await assert.rejects(createUser(context, bob), StoreUnavailable);
    const again = await createUser(context, bob);
    assert.ok('refused' in again && again.refused === 'username_taken');
    assert.ok(
      'secret' in (await new PasswordLogIn(context).logIn({ username: 'bob', password: PASSWORD, address })),
    );
  });
});

describe('a vault that fails', () => {
  function withoutVault(application: Application): { context: Context; vault: { down: boolean } } {
    const state = { down: false };
    const vault = new Proxy<KeyVault>(application.vault, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          if (state.down && name !== 'close')
            return Promise.reject(new VaultUnavailable('taken away by a test'));
          return value.apply(target, given);
        };
      },
    });
    return { context: rewired(application, { vault }), vault: state };
  }

  test('jobs that need it are refused as unavailable, the rest of the batch is decided, and nothing is spent', async (t) => {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const session = await registeredSession(application, 'alice');
    const { context, vault } = withoutVault(application);
    const [first = '', second = ''] = await nonces(context, session, 2);
    assert.ok('transactionId' in (await authorise(context, withMac(session, second))));
    vault.down = true;
    const [needs, spent] = await Promise.allSettled([
      authorise(context, withMac(session, first)),
      authorise(context, withMac(session, second)),
    ]);
    assert.ok(needs.status === 'rejected' && needs.reason instanceof VaultUnavailable);
    assert.ok(spent.status === 'fulfilled' && 'refused' in spent.value);
    assert.equal(spent.value.refused, 'challenge_spent');
    // Sessions, reads and challenges go on.
    assert.equal((await nonces(context, session, 3)).length, 3);
    const logIn = await new PasswordLogIn(context).logIn({ username: 'alice', password: PASSWORD, address });
    assert.ok('secret' in logIn);
    await assert.rejects(
      createUser(context, { username: 'bob', password: PASSWORD, role: 'user' }),
      VaultUnavailable,
    );
    vault.down = false;
    assert.ok('transactionId' in (await authorise(context, withMac(session, first))));
    assert.ok('userId' in (await createUser(context, { username: 'bob', password: PASSWORD, role: 'user' })));
  });

  test('after the decision: the transaction stays approved, and its receipt can be requested again', async (t) => {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const session = await registeredSession(application, 'alice');
    const { context, vault } = withoutVault(application);
    const [first = '', second = ''] = await nonces(context, session, 2);
    const decided = context.decider.subscribeCommits(() => {
      vault.down = true;
    });
    await assert.rejects(
      authorise(context, withMac(session, first, { idempotency, receipt: true })),
      VaultUnavailable,
    );
    decided();
    vault.down = false;
    const retried = await authorise(context, withMac(session, second, { idempotency, receipt: true }));
    assert.ok('transactionId' in retried && retried.repeated && retried.receipt !== undefined);
    assert.equal(await approvals(context, session), 1);
  });
});

describe('two servers on one store', () => {
  async function twoServers(t: TestContext) {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const session = await registeredSession(application, 'alice');
    const [here, there] = [rewired(application, {}), rewired(application, {})];
    for (const { userCache } of [here, there]) await userCache.getOrLoad(session.userId);
    return { application, session, here, there };
  }

  test('a stale cache: the decision is made again on what the other one committed', async (t) => {
    const { session, here, there } = await twoServers(t);
    const [challenge = ''] = await nonces(here, session, 1);
    assert.ok('transactionId' in (await authorise(there, withMac(session, challenge, { idempotency }))));
    // Here nothing is known of it: neither the spent challenge nor the answer.
    const replayed = await authorise(here, withMac(session, challenge));
    assert.ok('refused' in replayed && replayed.refused === 'challenge_spent');
    const [fresh = ''] = await nonces(here, session, 1);
    const repeated = await authorise(here, withMac(session, fresh, { idempotency }));
    assert.ok('transactionId' in repeated && repeated.repeated);
    assert.equal(await approvals(here, session), 1);
  });

  test('a session that began on the other one holds here at once', async (t) => {
    const { here, there } = await twoServers(t);
    const logIn = await new PasswordLogIn(there).logIn({ username: 'alice', password: PASSWORD, address });
    assert.ok('secret' in logIn);
    for (const [what, ask] of [
      ['resumes', () => resumeSession(here, { secret: logIn.secret, address })],
      ['gets challenges', () => issueChallenges(here, logIn.session, 1)],
    ] as const) {
      const outcome = await ask();
      assert.ok(!('refused' in outcome), `${what}: ${JSON.stringify(outcome)}`);
    }
  });

  test('transactions and a log-out of such a session are decided here', async (t) => {
    const { application, here, there } = await twoServers(t);
    const third = rewired(application, {});
    await third.userCache.getOrLoad(1);
    const logIn = await new PasswordLogIn(there).logIn({ username: 'alice', password: PASSWORD, address });
    assert.ok('secret' in logIn);
    const [challenge = ''] = await nonces(there, logIn.session, 1);
    assert.ok('transactionId' in (await authorise(here, withMac(logIn.session, challenge))));
    assert.equal(await endSession(third, logIn.session), undefined);
    const late = await authorise(here, withMac(logIn.session, challenge));
    assert.ok('refused' in late, 'and one that ended there has ended here');
  });

  test('superseded again and again: the caller gets an error, nothing is done, and the next request succeeds', async (t) => {
    const { application, session } = await twoServers(t);
    const faults = new FaultyStore(application.store);
    const here = rewired(application, { store: faults.store });
    const there = rewired(application, {});
    const issued = await nonces(here, session, LIMITS.attemptsPerDecisionMax + 2);
    // Before each append here the other server appends one.
    for (let n = 0; n < LIMITS.attemptsPerDecisionMax; n++) {
      faults.beforeNext('append', () => authorise(there, withMac(session, issued[n + 1] ?? '')));
    }
    await assert.rejects(authorise(here, withMac(session, issued[0] ?? '')), StoreUnavailable);
    assert.equal(await approvals(here, session), LIMITS.attemptsPerDecisionMax);
    assert.ok('transactionId' in (await authorise(here, withMac(session, issued[0] ?? ''))));
    assert.equal(here.decider.queueLength, 0);
  });

  test('keys rotated and the old ones destroyed there: what stands in one batch here with what needs no key is not refused', async (t) => {
    const { session, here, there } = await twoServers(t);
    for (let round = 0; round < 5; round++) {
      const [spent = '', fresh = '', other = ''] = await nonces(here, session, 3);
      assert.ok('transactionId' in (await authorise(here, withMac(session, spent))));
      const { oldDestroyed } = await rotateKeys(there, {});
      assert.ok(oldDestroyed);
      // The first one needs no MAC and makes an entry, on the user as known here with the key of before.
      const [replayed, approved, next] = await Promise.all([
        authorise(here, withMac(session, spent)),
        authorise(here, withMac(session, fresh)),
        new Promise(setImmediate).then(() => authorise(here, withMac(session, other))),
      ]);
      assert.ok('refused' in replayed && replayed.refused === 'challenge_spent');
      assert.ok('transactionId' in approved, JSON.stringify(approved));
      assert.ok('transactionId' in next, JSON.stringify(next));
    }
  });
});

test('a name that is taken while the registration is decided is a refusal, and no user is left over', async (t) => {
  const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
  const faults = new FaultyStore(application.store);
  const context = rewired(application, { store: faults.store });
  const bob = { username: 'bob', password: PASSWORD, role: 'user' } as const;
  faults.beforeNext('append', () => createUser(application.context, { ...bob, password: 'otraclave' }));
  const outcome = await createUser(context, bob);
  assert.ok('refused' in outcome && outcome.refused === 'username_taken');
  assert.equal((await context.store.listUsers({ after: 0, limit: 10 })).length, 1);
});

test('a clock put back: a user\u2019s entries do not go back, and nothing that was spent can be spent again', async (t) => {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, flags: NO_VELOCITY_LIMIT });
  const session = await registeredSession(application, 'alice');
  const [challenge = ''] = await nonces(application.context, session, 1);
  assert.ok('transactionId' in (await authorise(application.context, withMac(session, challenge))));
  clock.advance(-3_600_000);
  // A server that starts now, an hour too early, decides about the user.
  const early = rewired(application, {});
  assert.equal(
    await new PasswordLogIn(early)
      .logIn({ username: 'alice', password: 'adivinada', address })
      .then((o) => 'refused' in o && o.refused),
    'credentials_invalid',
  );
  clock.advance(3_600_000 + 10_000);
  const restarted = rewired(application, {});
  const replayed = await authorise(restarted, withMac(session, challenge));
  assert.ok('refused' in replayed && replayed.refused === 'challenge_spent', JSON.stringify(replayed));
  const times = (await entriesOf(restarted, session.userId)).map(({ at }) => at);
  assert.deepEqual(times, times.toSorted());
});

test('a new user\u2019s job that makes no entry is answered without asking the store for them', async (t) => {
  const { context, faults } = await serverWithFaults(t);
  const newUser: User = {
    ...{ id: 1_000_000, username: 'bob', role: 'user', disabled: false, macKey: '', createdAt: 0 },
    ...{ tokens: [], sessions: [], passkeys: [], pending: [] },
    ...{ version: 0, at: 0, hash: GENESIS_HASH, state: {} },
  };
  const loads = faults.calls.load;
  const { result, entry } = await context.decider.submit({
    userId: newUser.id,
    newUser,
    decide: (user) => ({ result: user?.username }),
  });
  assert.equal(result, 'bob');
  assert.equal(entry, undefined);
  assert.equal(faults.calls.load, loads);
  assert.equal(context.decider.counters.superseded, 0);
});

describe('the report of a batch', () => {
  test('has its jobs, and the time from its start until they were answered', async (t) => {
    const { context, faults, session } = await serverWithFaults(t);
    const issued = await nonces(context, session, 3);
    const reports: BatchReport[] = [];
    context.decider.subscribeBatches((report) => reports.push(report));
    let waitedMs = 0;
    faults.beforeNext('append', async () => {
      const startedAt = performance.now();
      await delay(30);
      waitedMs = performance.now() - startedAt;
    });
    const startedAt = performance.now();
    await Promise.all(issued.map((nonce) => authorise(context, withMac(session, nonce))));
    await context.decider.drained();
    const elapsedMs = performance.now() - startedAt;
    const [report] = reports;
    assert.equal(reports.length, 1);
    assert.ok(report);
    assert.equal(report.jobs, 3);
    assert.equal(report.failed, false);
    assert.ok(
      report.durationMs >= waitedMs && report.durationMs <= elapsedMs,
      `${report.durationMs} ms: between ${waitedMs} and ${elapsedMs}`,
    );
  });

  test('says when the batch failed', async (t) => {
    const { context, faults, session } = await serverWithFaults(t);
    const [nonce = ''] = await nonces(context, session, 1);
    const reports: BatchReport[] = [];
    const unsubscribe = context.decider.subscribeBatches((report) => reports.push(report));
    faults.failNext('append');
    await assert.rejects(authorise(context, withMac(session, nonce)), StoreUnavailable);
    assert.deepEqual(
      reports.map(({ jobs, failed }) => ({ jobs, failed })),
      [{ jobs: 1, failed: true }],
    );
    unsubscribe();
    await authorise(context, withMac(session, nonce));
    assert.equal(reports.length, 1);
  });
});
