/*
 * Goal: nothing is approved after the entry that ends a session, a user or a token.
 * Method: calls that end it run in parallel with calls that use it; the journal shows their order.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { Argon2Hasher } from '../../src/adapters/password/argon2.ts';
import { PasswordLogIn } from '../../src/application/log-in/log-in-by-password.ts';
import { resumeSession } from '../../src/application/sessions/resume-session.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { disableUser, enableUser, revokeToken } from '../../src/application/users/administer-user.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import { totpCode } from '../../src/domain/otp/totp.ts';
import { LIMITS } from '../../src/limits.ts';
import { countByKind, entriesOf, nonces, rewired, withMac } from '../application/decisions/rewired.ts';
import {
  NO_VELOCITY_LIMIT,
  PASSWORD,
  registeredSession,
  StoppedClock,
  testApplication,
} from '../services/application.ts';

const address = '127.0.0.1';
const hashes = { sha1, sha256, sha512 };
const totp = (seed: Uint8Array, at: number) =>
  totpCode((algorithm, key, message) => nobleHmac(hashes[algorithm], key, message), seed, at, {
    algorithm: 'sha1',
    digits: 6,
    periodS: 60,
  });

/** Some in the same batch, some a few turns of the event loop later. */
function storm<T>(count: number, task: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      for (let turn = 0; turn < n % 5; turn++) await new Promise(setImmediate);
      return task(n);
    }),
  );
}

describe('what ends a session, in parallel with what uses it', () => {
  test('of fifty log-outs of one session exactly one ends it', async (t) => {
    const application = await testApplication(t);
    const { userId } = await registeredSession(application, 'alice');
    const { services, context } = application;
    for (let round = 0; round < 20; round++) {
      const logIn = await services.logIn({ username: 'alice', password: PASSWORD, address });
      assert.ok('secret' in logIn);
      const outcomes = await storm(50, () => services.endSession(logIn.session));
      assert.equal(outcomes.filter((outcome) => outcome === undefined).length, 1);
      assert.equal(outcomes.filter((outcome) => outcome?.refused === 'session_ended').length, 49);
      const resumed = await services.resumeSession({ secret: logIn.secret, address });
      assert.ok('refused' in resumed && resumed.refused === 'session_ended');
    }
    assert.equal(countByKind(await entriesOf(context, userId))['session.ended log_out'], 20);
  });

  test('transactions in parallel with a log-out: none is approved after it', async (t) => {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const { userId } = await registeredSession(application, 'alice');
    const { services, context } = application;
    let approved = 0;
    let refused = 0;
    for (let round = 0; round < 20; round++) {
      const logIn = await services.logIn({ username: 'alice', password: PASSWORD, address });
      assert.ok('secret' in logIn);
      const issued = await nonces(context, logIn.session, 40);
      const [outcomes] = await Promise.all([
        storm(40, (n) => services.authorise(withMac(logIn.session, issued[n] ?? ''))),
        new Promise(setImmediate).then(() => services.endSession(logIn.session)),
      ]);
      for (const outcome of outcomes) {
        if ('refused' in outcome) {
          assert.equal(outcome.refused, 'session_ended');
          refused++;
        } else approved++;
      }
    }
    assert.ok(approved > 0 && refused > 0, `${approved} approved, ${refused} refused`);
    let open = false;
    for (const { type } of await entriesOf(context, userId)) {
      if (type === 'login.accepted') open = true;
      else if (type === 'session.ended') open = false;
      else if (type === 'transaction.approved') assert.ok(open, 'approved in an ended session');
    }
  });

  test('disabling a user in parallel with transactions, on two servers: none is approved after the entry', async (t) => {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const { userId } = await registeredSession(application, 'alice');
    const [first, second] = [rewired(application, {}), rewired(application, {})];
    let approved = 0;
    for (let round = 0; round < 20; round++) {
      const logIn = await application.services.logIn({ username: 'alice', password: PASSWORD, address });
      assert.ok('secret' in logIn, JSON.stringify(logIn));
      const issued = await nonces(first, logIn.session, 40);
      const outcomes = await Promise.all([
        ...issued.map(async (nonce, n) => {
          for (let turn = 0; turn < n % 5; turn++) await new Promise(setImmediate);
          return authorise(n % 2 === 0 ? first : second, withMac(logIn.session, nonce));
        }),
        new Promise(setImmediate).then(() => disableUser(second, userId)),
      ]);
      approved += outcomes.filter((o) => 'transfer' in o).length;
      const late = await authorise(first, withMac(logIn.session, issued[0] ?? ''));
      assert.ok('refused' in late && late.refused === 'session_ended');
      const again = await application.services.logIn({ username: 'alice', password: PASSWORD, address });
      assert.ok('refused' in again && again.refused === 'user_disabled');
      await enableUser(second, userId);
      // Enabling does not bring sessions back.
      const resumed = await application.services.resumeSession({ secret: logIn.secret, address });
      assert.ok('refused' in resumed);
    }
    assert.ok(approved > 0);
    let enabled = true;
    for (const { type } of await entriesOf(application.context, userId)) {
      if (type === 'admin.user_disabled') enabled = false;
      else if (type === 'admin.user_enabled') enabled = true;
      else if (type === 'transaction.approved') assert.ok(enabled, 'approved after the user was disabled');
    }
  });

  test('of log-ins beyond what a user may hold the oldest sessions end', async (t) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, { clock });
    const passwords = new Argon2Hasher({
      random: application.context.random,
      cost: { memoryKib: 64, passes: 1, lanes: 1 },
    });
    const context = rewired(application, { passwords });
    const made = await createUser(context, { username: 'alice', password: PASSWORD, role: 'user' });
    assert.ok('userId' in made);
    const { userId } = made;
    const passwordLogIn = new PasswordLogIn(context);
    const secrets: string[] = [];
    for (let n = 0; n < LIMITS.sessionsPerUserMax + 20; n++) {
      clock.advance(1);
      const logIn = await passwordLogIn.logIn({ username: 'alice', password: PASSWORD, address });
      assert.ok('secret' in logIn);
      secrets.push(logIn.secret);
    }
    const user = await context.userCache.getOrLoad(userId);
    assert.equal(user?.sessions.length, LIMITS.sessionsPerUserMax);
    const resumed = await Promise.all(secrets.map((secret) => resumeSession(context, { secret, address })));
    assert.equal(resumed.filter((outcome) => 'refused' in outcome).length, 20);
    assert.ok(
      resumed.slice(0, 20).every((outcome) => 'refused' in outcome),
      'the oldest',
    );
  });
});

describe('tokens', () => {
  test('of forty parallel activations by the right code exactly one succeeds; wrong ones lock after three', async (t) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, { clock });
    const { userId } = await registeredSession(application, 'alice');
    const { context } = application;
    const enrolled = await enrolToken(context, { userId, type: 'totp' });
    assert.ok('seed' in enrolled);
    const { tokenId } = enrolled.token;
    const right = totp(enrolled.seed, clock.now());
    const wrong = right === '000000' ? '000001' : '000000';

    const guesses = await storm(100, () => activateToken(context, { userId, tokenId, code: wrong }));
    assert.equal(guesses.filter((o) => 'refused' in o && o.refused === 'code_wrong').length, 3);
    assert.equal(guesses.filter((o) => 'refused' in o && o.refused === 'locked').length, 97);
    const early = await activateToken(context, { userId, tokenId, code: right });
    assert.ok('refused' in early && early.refused === 'locked' && early.retryAfterMs === 30_000);
    clock.advance(30_000);

    const code = totp(enrolled.seed, clock.now());
    const outcomes = await storm(40, () => activateToken(context, { userId, tokenId, code }));
    assert.equal(outcomes.filter((outcome) => 'status' in outcome).length, 1);
    assert.equal(outcomes.filter((o) => 'refused' in o && o.refused === 'token_not_pending').length, 39);
    const counts = countByKind(await entriesOf(context, userId));
    assert.equal(counts['token.activated'], 1);
    assert.equal(counts['code.refused code_wrong'], 3);
  });

  test('no more tokens than a user may hold, however many are enrolled at once', async (t) => {
    const application = await testApplication(t);
    const { userId } = await registeredSession(application, 'alice');
    const { context } = application;
    const outcomes = await storm(40, () => enrolToken(context, { userId, type: 'hotp' }));
    // The oldest that waits makes room for the next.
    assert.ok(outcomes.every((outcome) => 'token' in outcome));
    const user = await context.userCache.reload(userId);
    assert.equal(user?.tokens.length, LIMITS.tokensPerUserMax);
  });

  test('revoking a token in parallel with its codes: none is accepted after the entry', async (t) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, {
      clock,
      flags: { '--policy-rules': '[{"require":["code"]}]', '--policy-unbound-proofs-allowed': 'true' },
    });
    const session = await registeredSession(application, 'alice');
    const { userId } = session;
    const { context } = application;
    for (let round = 0; round < 10; round++) {
      const enrolled = await enrolToken(context, { userId, type: 'totp' });
      assert.ok('seed' in enrolled);
      const { token, seed } = enrolled;
      await activateToken(context, { userId, tokenId: token.tokenId, code: totp(seed, clock.now()) });
      clock.advance(60_000);
      const code = totp(seed, clock.now());
      const [challenge = ''] = await nonces(context, session, 1);
      const { mac: _, ...request } = withMac(session, challenge, { code });
      const [revoked, used] = await Promise.all(
        round % 2 === 0
          ? [revokeToken(context, userId, token.tokenId), authorise(context, request)]
          : [authorise(context, request), revokeToken(context, userId, token.tokenId)].toReversed(),
      );
      assert.deepEqual(revoked, { userId });
      assert.equal(typeof used === 'object' && 'refused' in used, round % 2 === 0, JSON.stringify(used));
      // What is wrong about a code of a token that is gone is a wrong code: the lock is not to be met here.
      clock.advance(30_000);
    }
  });
});
