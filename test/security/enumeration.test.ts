/*
 * Goal: neither answers, nor their times, nor a second server tell which names exist.
 * Method: the same attempts at a known and an unknown name; the calls of the store are counted, and the padding waits by a
 * stopwatch of the test's.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Context } from '../../src/application/context.ts';
import { ResponsePadding } from '../../src/application/lockout/response-padding.ts';
import { PasswordLogIn } from '../../src/application/log-in/log-in-by-password.ts';
import { resumeSession } from '../../src/application/sessions/resume-session.ts';
import { disableUser } from '../../src/application/users/administer-user.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Store } from '../../src/ports/store.ts';
import { rewired } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, StoppedClock, testApplication } from '../services/application.ts';

const address = '127.0.0.1';

/** A store that notes the names of the calls which it passes on. */
function noting(store: Store): { readonly store: Store; readonly calls: string[] } {
  const calls: string[] = [];
  const proxy = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        calls.push(String(name));
        return value.apply(target, given);
      };
    },
  });
  return { store: proxy, calls };
}

/** A stopwatch that moves by 7 ms with each reading, and to the end of each wait. */
function stopwatch() {
  let now = 1_000;
  const answers: number[] = [];
  const padding = new ResponsePadding({
    now: () => {
      now += 7;
      return now;
    },
    wait: async (ms) => {
      assert.ok(ms > 0);
      now += ms;
      answers.push(now);
    },
  });
  return { padding, answers };
}

async function parts(t: TestContext) {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock });
  const { userId } = await registeredSession(application, 'alice');
  return { clock, application, userId };
}

function logIns(context: Context) {
  const passwordLogIn = new PasswordLogIn(context);
  return (username: string, password = 'guessed it') => passwordLogIn.logIn({ username, password, address });
}

describe('a known and an unknown name', () => {
  test('cost as many calls of the store: wrong, and locked', async (t) => {
    const { application } = await parts(t);
    const { store, calls } = noting(application.store);
    const logIn = logIns(rewired(application, { store }));
    // The first log-in asks the vault for a key.
    await logIn('somebody');
    const of = async (name: string) => {
      const counts: number[] = [];
      for (let n = 0; n < 5; n++) {
        calls.length = 0;
        await logIn(name);
        counts.push(calls.length);
      }
      return counts;
    };
    assert.deepEqual(await of('alice'), [3, 3, 3, 2, 2]);
    assert.deepEqual(await of('nobody'), [3, 3, 3, 2, 2]);
  });

  test('are locked alike on another server, at once', async (t) => {
    const { application } = await parts(t);
    const one = logIns(rewired(application, {}));
    const two = logIns(rewired(application, {}));
    for (const name of ['alice', 'nobody']) {
      for (const logIn of [one, two, one]) {
        const outcome = await logIn(name);
        assert.ok('refused' in outcome && outcome.refused === 'credentials_invalid');
      }
      for (const logIn of [one, two]) {
        assert.deepEqual(await logIn(name), { refused: 'locked', retryAfterMs: 30_000 }, name);
      }
    }
  });

  test('of 60 guesses at once on three servers three are evaluated', async (t) => {
    const { application } = await parts(t);
    const servers = [1, 2, 3].map(() => logIns(rewired(application, {})));
    for (const name of ['alice', 'nobody']) {
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, n) => (servers[n % 3] as (typeof servers)[0])(name)),
      );
      const evaluated = outcomes.filter((o) => 'refused' in o && o.refused === 'credentials_invalid');
      assert.equal(evaluated.length, 3, name);
      assert.ok(outcomes.every((o) => 'refused' in o));
    }
  });

  test('are not stored by name', async (t) => {
    const { application } = await parts(t);
    const changes: unknown[] = [];
    const { store } = application;
    const logIn = logIns(
      rewired(application, {
        store: new Proxy(store, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name);
            if (typeof value !== 'function') return value;
            return (...given: unknown[]) => {
              if (name === 'replaceUnknownName') changes.push(given[0]);
              return value.apply(target, given);
            };
          },
        }),
      }),
    );
    await logIn('nobody-of-this-name');
    assert.equal(changes.length, 1);
    assert.doesNotMatch(JSON.stringify(changes), /nobody-of-this-name/);
  });
});

test('every refusal that tells something about a user is answered at a multiple of the padding', async (t) => {
  const { clock, application, userId } = await parts(t);
  const { padding, answers } = stopwatch();
  const context = rewired(application, { responsePadding: padding });
  const logIn = logIns(context);
  const startOf = () => padding.now();
  const isPadded = async (what: string, ask: () => Promise<object>, refused: string) => {
    answers.length = 0;
    const startedAt = startOf() + 7;
    const outcome = await ask();
    assert.equal('refused' in outcome && outcome.refused, refused, what);
    assert.equal(answers.length, 1, what);
    assert.equal(((answers[0] ?? 0) - startedAt) % LIMITS.logInResponsePaddingMs, 0, what);
  };
  // No user can have this name: the caller knows that without asking.
  const noName = await logIn('x\u0000');
  assert.ok('refused' in noName && noName.refused === 'credentials_invalid');
  assert.deepEqual(answers, []);
  for (const name of ['alice', 'nobody']) {
    for (let n = 0; n < 3; n++) await isPadded(`${name} wrong`, () => logIn(name), 'credentials_invalid');
    await isPadded(`${name} locked`, () => logIn(name), 'locked');
  }
  clock.advance(30_000);
  await disableUser(context, userId);
  await isPadded('disabled', () => logIn('alice', PASSWORD), 'user_disabled');
  const secret = `1.${'A'.repeat(32)}`;
  await isPadded('a session', () => resumeSession(context, { secret, address }), 'session_ended');
});
