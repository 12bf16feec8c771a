/*
 * Goal: parallel callers cannot have more guesses evaluated than the lock allows.
 * Method: hundreds of log-ins at once; evaluated guesses are counted where the real hash is computed.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PasswordLogIn } from '../../src/application/log-in/log-in-by-password.ts';
import { LIMITS } from '../../src/limits.ts';
import { CountingHasher, countByKind, entriesOf, rewired } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, StoppedClock, testApplication } from '../services/application.ts';

const address = '127.0.0.1';

describe('parallel log-ins', () => {
  for (const known of [true, false]) {
    test(`300 with wrong passwords for ${known ? 'a user' : 'an unknown user'}: three are evaluated`, async (t) => {
      const clock = new StoppedClock();
      const application = await testApplication(t, { clock });
      const { userId } = await registeredSession(application, 'alice');
      const passwords = new CountingHasher(application.context.passwords);
      const context = rewired(application, { passwords });
      const passwordLogIn = new PasswordLogIn(context);
      const username = known ? 'alice' : 'nobody';
      const outcomes = await Promise.all(
        Array.from({ length: 300 }, (_, n) =>
          passwordLogIn.logIn({ username, password: `guess ${n}`, address }),
        ),
      );
      const counts: Record<string, number> = {};
      for (const outcome of outcomes) {
        assert.ok('refused' in outcome);
        counts[outcome.refused] = (counts[outcome.refused] ?? 0) + 1;
        if (outcome.refused === 'locked') assert.equal(outcome.retryAfterMs, 30_000);
      }
      const inLine = LIMITS.passwordQueueMax;
      assert.deepEqual(counts, { credentials_invalid: 3, locked: inLine - 3, busy: 300 - inLine });
      assert.equal(passwords.verifications, 3);

      // The right password waits as well, and is not evaluated.
      const late = await passwordLogIn.logIn({ username, password: PASSWORD, address });
      assert.ok('refused' in late && late.refused === 'locked' && late.retryAfterMs === 30_000);
      clock.advance(29_999);
      const early = await passwordLogIn.logIn({ username, password: PASSWORD, address });
      assert.ok('refused' in early && early.refused === 'locked' && early.retryAfterMs === 1);
      assert.equal(passwords.verifications, 3);
      clock.advance(1);
      const after = await passwordLogIn.logIn({ username, password: PASSWORD, address });
      assert.equal('secret' in after, known);
      assert.equal(passwords.verifications, 4);

      // An entry for each evaluated guess; of the others, one that counts them.
      await context.refusalCounter.flush();
      const entries = await entriesOf(context, known ? userId : 0);
      assert.deepEqual(
        countByKind(entries),
        known
          ? {
              'user.registered': 1,
              'login.accepted': 2,
              'login.refused credentials_invalid': 3,
              'login.locked locked': 1,
            }
          : { 'login.refused user_unknown': 1, 'login.locked user_unknown': 1 },
      );
      const locked = entries.find(({ type }) => type === 'login.locked');
      assert.equal(locked?.detail?.count, inLine - 3 + 2);
    });
  }

  test('two servers on one store: three are evaluated into the count, however they are spread', async (t) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, { clock });
    const { userId } = await registeredSession(application, 'alice');
    // Each has a decider and a memory of its own, and so entries that are superseded.
    const servers = [1, 2, 3].map(() => rewired(application, {}));
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        const server = servers[n % servers.length];
        assert.ok(server);
        const passwordLogIn = logIns.get(server) ?? new PasswordLogIn(server);
        logIns.set(server, passwordLogIn);
        return passwordLogIn.logIn({ username: 'alice', password: `guess ${n}`, address });
      }),
    );
    const wrong = outcomes.filter((o) => 'refused' in o && o.refused === 'credentials_invalid').length;
    const locked = outcomes.filter((o) => 'refused' in o && o.refused === 'locked').length;
    assert.deepEqual([wrong, locked], [3, 57]);
    const superseded = servers.reduce((sum, { decider }) => sum + decider.counters.superseded, 0);
    assert.ok(superseded > 0, 'they got in each other\u2019s way');
    const entries = countByKind(await entriesOf(application.context, userId));
    assert.equal(entries['login.refused credentials_invalid'], 3);
  });
  const logIns = new Map<object, PasswordLogIn>();

  test('a guesser does not hold up the log-ins of others', async (t) => {
    const application = await testApplication(t);
    for (const name of ['alice', 'bob']) await registeredSession(application, name);
    const { services } = application;
    const bobLogsIn = async () => {
      const startedAt = performance.now();
      assert.ok('secret' in (await services.logIn({ username: 'bob', password: PASSWORD, address })));
      return performance.now() - startedAt;
    };
    const aloneMs = Math.max(await bobLogsIn(), await bobLogsIn(), await bobLogsIn());
    const guesses = Array.from({ length: 250 }, (_, n) =>
      services.logIn({ username: 'alice', password: `guess ${n}`, address }),
    );
    const ms = await bobLogsIn();
    // Behind the guesses he would wait for 250 passwords.
    assert.ok(ms < 50 * aloneMs, `bob waited ${ms} ms, ${aloneMs} ms when he was alone`);
    await Promise.all(guesses);
  });

  test('twenty correct passwords: each gets its own session, and all are recorded', async (t) => {
    const application = await testApplication(t);
    const { userId } = await registeredSession(application, 'alice');
    const { services, context } = application;
    const made = await Promise.all(
      Array.from({ length: 20 }, () => services.logIn({ username: 'alice', password: PASSWORD, address })),
    );
    const secrets = new Set(made.map((outcome) => ('secret' in outcome ? outcome.secret : 'refused')));
    assert.equal(secrets.size, 20);
    assert.ok(!secrets.has('refused'));
    assert.equal(countByKind(await entriesOf(context, userId))['login.accepted'], 21);
    for (const secret of secrets)
      assert.ok('sessionId' in (await services.resumeSession({ secret, address })));
  });
});
