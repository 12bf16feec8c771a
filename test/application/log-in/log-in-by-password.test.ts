/*
 * Goal: wrong passwords lock a user for exactly as long as promised, whether the user exists or not.
 * Method: the real application on a clock that the test moves, with a hasher that counts what it computes.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { PasswordLogIn } from '../../../src/application/log-in/log-in-by-password.ts';
import { resumeSession } from '../../../src/application/sessions/resume-session.ts';
import { disableUser, enableUser, unlockUser } from '../../../src/application/users/administer-user.ts';
import { createUser } from '../../../src/application/users/register-user.ts';
import { openSqliteReader } from '../../../src/compose.ts';
import { LIMITS } from '../../../src/limits.ts';
import { PASSWORD, registeredSession, StoppedClock, testApplication } from '../../services/application.ts';
import { FaultyStore } from '../decisions/faulty-store.ts';
import { CountingHasher, countByKind, entriesOf, rewired } from '../decisions/rewired.ts';

const address = '127.0.0.1';

async function parts(t: TestContext, flags: Record<string, string> = {}) {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, flags });
  const { userId } = await registeredSession(application, 'alice');
  const passwords = new CountingHasher(application.context.passwords);
  const context = rewired(application, { passwords });
  const passwordLogIn = new PasswordLogIn(context);
  const logIn = (username: string, password: string) => passwordLogIn.logIn({ username, password, address });
  return { application, clock, userId, passwords, context, passwordLogIn, logIn };
}

describe('the lock on a password', () => {
  test('doubles from the third wrong one to two hours, to the millisecond, for known and unknown users alike', async (t) => {
    const { clock, passwords, logIn } = await parts(t);
    const lockMs: number[] = [];
    for (let attempt = 0; attempt < 14; attempt++) {
      const outcomes = await Promise.all(['alice', 'nobody'].map((name) => logIn(name, 'adivinada')));
      const [known, unknown] = outcomes;
      assert.deepEqual(known, unknown);
      assert.ok(known && 'refused' in known && known.refused === 'credentials_invalid');
      const waitMs = known.retryAfterMs ?? 0;
      lockMs.push(waitMs);
      if (waitMs === 0) continue;
      clock.advance(waitMs - 1);
      const early = await Promise.all(['alice', 'nobody'].map((name) => logIn(name, PASSWORD)));
      assert.deepEqual(early, [
        { refused: 'locked', retryAfterMs: 1 },
        { refused: 'locked', retryAfterMs: 1 },
      ]);
      clock.advance(1);
    }
    const doubling = Array.from({ length: 9 }, (_, n) => Math.min(30_000 * 2 ** n, 7_200_000));
    // Two hours without a wrong one halve the count of eleven.
    assert.deepEqual(lockMs, [0, 0, ...doubling, 240_000, 480_000, 960_000]);
    // One each for what was evaluated, none for what was locked.
    assert.equal(passwords.verifications, 28);
  });

  test('ends with the right password, and counting begins anew', async (t) => {
    const { clock, logIn } = await parts(t);
    for (let n = 0; n < 4; n++) {
      const outcome = await logIn('alice', 'adivinada');
      if ('refused' in outcome) clock.advance(outcome.retryAfterMs ?? 0);
    }
    assert.ok('secret' in (await logIn('alice', PASSWORD)));
    for (const retryAfterMs of [undefined, undefined, 30_000]) {
      const outcome = await logIn('alice', 'adivinada');
      assert.ok('refused' in outcome);
      assert.equal(outcome.retryAfterMs, retryAfterMs);
    }
  });

  test('is of the user and not of the process: another server and a later one know it', async (t) => {
    const { application, logIn } = await parts(t);
    for (let n = 0; n < 3; n++) await logIn('alice', 'adivinada');
    const later = new PasswordLogIn(rewired(application, {}));
    const outcome = await later.logIn({ username: 'alice', password: PASSWORD, address });
    assert.deepEqual(outcome, { refused: 'locked', retryAfterMs: 30_000 });
  });

  test('leaves sessions alone, and the operator can lift it', async (t) => {
    const { context, logIn, userId } = await parts(t);
    const made = await logIn('alice', PASSWORD);
    assert.ok('secret' in made);
    for (let n = 0; n < 5; n++) await logIn('alice', 'adivinada');
    assert.ok('sessionId' in (await resumeSession(context, { secret: made.secret, address })));
    assert.deepEqual(await unlockUser(context, userId), { userId });
    assert.ok('secret' in (await logIn('alice', PASSWORD)));
  });

  test('cannot be had by names and passwords that nobody can have: they cost nothing and count nothing', async (t) => {
    const { passwords, logIn } = await parts(t);
    for (const name of [
      '',
      ' alice',
      'alice\u0000',
      'alice\u200b',
      'x'.repeat(129),
      'system',
      'sello',
      '\ud800',
    ]) {
      assert.deepEqual(await logIn(name, PASSWORD), { refused: 'credentials_invalid' });
    }
    for (const password of ['x'.repeat(LIMITS.passwordBytesMax + 1), '\udc00']) {
      for (let n = 0; n < 4; n++) {
        assert.deepEqual(await logIn('alice', password), { refused: 'credentials_invalid' });
      }
    }
    assert.equal(passwords.verifications, 0);
    assert.ok('secret' in (await logIn('alice', PASSWORD)));
  });
});

test('an unknown name costs one verification, as a user does', async (t) => {
  const { passwords, logIn } = await parts(t);
  await logIn('nobody', 'adivinada');
  assert.equal(passwords.verifications, 1);
  await logIn('alice', 'adivinada');
  assert.equal(passwords.verifications, 2);
});

test('case and blanks of a password count, its Unicode normal form does not', async (t) => {
  const { clock, context, logIn } = await parts(t);
  await createUser(context, { username: 'bob', password: 'contraseña ', role: 'user' });
  for (const password of ['contraseña', 'Contraseña ', ' contraseña ', 'contraseña  ']) {
    const outcome = await logIn('bob', password);
    assert.ok('refused' in outcome && outcome.refused === 'credentials_invalid', password);
    clock.advance(outcome.retryAfterMs ?? 0);
  }
  for (const password of ['contraseña ', 'contrasen\u0303a ', 'contraseña\u00a0'])
    assert.ok('secret' in (await logIn('bob', password)), JSON.stringify(password));
});

test('a disabled user: only the right password reveals it, and no earlier session is valid', async (t) => {
  const { context, logIn, userId } = await parts(t);
  const made = await logIn('alice', PASSWORD);
  assert.ok('secret' in made);
  await disableUser(context, userId);
  assert.deepEqual(await logIn('alice', 'adivinada'), { refused: 'credentials_invalid' });
  assert.deepEqual(await logIn('alice', PASSWORD), { refused: 'user_disabled' });
  assert.deepEqual(await resumeSession(context, { secret: made.secret, address }), {
    refused: 'session_ended',
  });
  await enableUser(context, userId);
  assert.deepEqual(await resumeSession(context, { secret: made.secret, address }), {
    refused: 'session_ended',
  });
  assert.ok('secret' in (await logIn('alice', PASSWORD)));
});

test('the pace of an address: beyond it nothing is computed, and other addresses are not held up', async (t) => {
  const { passwords, passwordLogIn, context } = await parts(t, { '--rate-limits-log-ins-count-max': '5' });
  const from = (address: string) => passwordLogIn.logIn({ username: 'alice', password: PASSWORD, address });
  const outcomes = [];
  for (let n = 0; n < 12; n++) outcomes.push(await from('192.0.2.1'));
  assert.equal(outcomes.filter((outcome) => 'secret' in outcome).length, 5);
  for (const outcome of outcomes.slice(5)) {
    assert.ok('refused' in outcome && outcome.refused === 'rate_limited');
    assert.ok((outcome.retryAfterMs ?? 0) > 50_000 && (outcome.retryAfterMs ?? 0) <= 60_000);
  }
  assert.equal(passwords.verifications, 5);
  assert.ok('secret' in (await from('192.0.2.2')));
  // Resuming counts as logging in does: it is a guess at a secret.
  const resumed = await resumeSession(context, { secret: 'x', address: '192.0.2.1' });
  assert.ok('refused' in resumed && resumed.refused === 'rate_limited');
});

test('a session ends when its time is over', async (t) => {
  const { clock, context, logIn, userId } = await parts(t, { '--session-ttl-ms': '60000' });
  const made = await logIn('alice', PASSWORD);
  assert.ok('secret' in made);
  clock.advance(59_999);
  assert.ok('sessionId' in (await resumeSession(context, { secret: made.secret, address })));
  clock.advance(1);
  assert.deepEqual(await resumeSession(context, { secret: made.secret, address }), {
    refused: 'session_ended',
  });
  assert.ok('secret' in (await logIn('alice', PASSWORD)));
  const user = await context.userCache.getOrLoad(userId);
  assert.equal(user?.sessions.length, 1, 'the next log-in clears what has expired');
});

describe('the refusal counter', () => {
  test('writes one entry a kind, and keeps what could not be written', async (t) => {
    const { application, userId } = await parts(t);
    const faults = new FaultyStore(application.store);
    const context = rewired(application, { store: faults.store });
    const passwordLogIn = new PasswordLogIn(context);
    for (let n = 0; n < 50; n++)
      await passwordLogIn.logIn({ username: 'alice', password: 'adivinada', address });
    for (let n = 0; n < 10; n++)
      await passwordLogIn.logIn({ username: 'nobody', password: 'adivinada', address });
    faults.failNext('append', 3);
    await context.refusalCounter.flush();
    assert.equal(countByKind(await entriesOf(context, userId))['login.locked locked'], undefined);
    await context.refusalCounter.flush();
    await context.refusalCounter.flush();
    const entries = await entriesOf(context, userId);
    const own = entries.filter(({ type }) => type === 'login.locked');
    assert.deepEqual(
      own.map(({ reason, detail }) => [reason, detail?.count]),
      [['locked', 47]],
    );
    const system = await entriesOf(context, 0);
    assert.deepEqual(
      system.map(({ type, reason, detail }) => `${type} ${reason} ${detail?.count}`).toSorted(),
      ['login.locked user_unknown 7', 'login.refused user_unknown 3'],
    );
  });

  test('is written when the application closes', async (t) => {
    const { application, userId } = await parts(t);
    for (let n = 0; n < 4; n++) {
      await application.services.logIn({ username: 'alice', password: 'adivinada', address });
    }
    await application.close();
    const reader = await openSqliteReader(application.sqlite?.path ?? '');
    const entries = await reader.readUserJournal(userId, { below: Number.POSITIVE_INFINITY, limit: 100 });
    await reader.close();
    assert.ok(entries.some(({ type }) => type === 'login.locked'));
  });
});
