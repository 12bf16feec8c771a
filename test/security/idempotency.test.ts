/*
 * Goal: an idempotency record answers only the same request by a caller with the same rights.
 * Method: requests repeated under one key with another code, another password, or none.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { CodeValidator } from '../../src/application/codes/validate-code.ts';
import { PasswordLogIn } from '../../src/application/log-in/log-in-by-password.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import { hotpCode } from '../../src/domain/otp/hotp.ts';
import { CountingHasher, rewired } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, testApplication } from '../services/application.ts';

const address = '127.0.0.1';
const idempotency = { key: 'order-1', digest: 'd'.repeat(64) };

async function userWithToken(t: TestContext) {
  const application = await testApplication(t);
  const { userId } = await registeredSession(application, 'alice');
  const { context } = application;
  const enrolled = await enrolToken(context, { userId, type: 'hotp' });
  assert.ok('seed' in enrolled);
  const code = (counter: number) =>
    hotpCode((_algorithm, key, message) => nobleHmac(sha1, key, message), enrolled.seed, counter, {
      algorithm: 'sha1',
      digits: 6,
    });
  await activateToken(context, { userId, tokenId: enrolled.token.tokenId, code: code(0) });
  const wrong = Array.from({ length: 20 }, (_, n) => String(n).padStart(6, '0')).find((guess) =>
    Array.from({ length: 20 }, (_, counter) => code(counter)).every((right) => right !== guess),
  );
  return { application, context, code, wrong: wrong ?? '' };
}

test('a validation is not repeated for another code: the answer was about the first one', async (t) => {
  const { context, code, wrong } = await userWithToken(t);
  const validator = new CodeValidator(context);
  const asked = { username: 'alice', serviceId: 'vpn', idempotency };
  assert.deepEqual(await validator.validate({ ...asked, code: code(1) }), { valid: true });
  assert.deepEqual(await validator.validate({ ...asked, code: code(1) }), { valid: true, repeated: true });
  for (const other of [wrong, code(2)]) {
    assert.deepEqual(await validator.validate({ ...asked, code: other }), {
      refused: 'idempotency_mismatch',
    });
  }
  // Of nobody it says the same.
  const nobody = { ...asked, username: 'nobody' };
  assert.equal(
    ((await validator.validate({ ...nobody, code: wrong })) as { reason?: string }).reason,
    'code_wrong',
  );
  assert.deepEqual(await validator.validate({ ...nobody, code: code(2) }), {
    refused: 'idempotency_mismatch',
  });
});

test('a log-in is not repeated with another code, or without one', async (t) => {
  const { context, code, wrong } = await userWithToken(t);
  const passwordLogIn = new PasswordLogIn(context);
  const asked = { username: 'alice', password: PASSWORD, address, codeRequired: true, idempotency };
  const made = await passwordLogIn.logIn({ ...asked, code: code(1) });
  assert.ok('secret' in made, JSON.stringify(made));
  const again = await passwordLogIn.logIn({ ...asked, code: code(1) });
  assert.equal('secret' in again && again.secret, made.secret);
  for (const more of [{ code: wrong }, { code: code(2) }, {}]) {
    const outcome = await passwordLogIn.logIn({ ...asked, ...more });
    assert.equal('refused' in outcome && outcome.refused, 'idempotency_mismatch', JSON.stringify(more));
  }
});

test('a registration’s key does not allow guessing the password past the lock', async (t) => {
  const application = await testApplication(t);
  const passwords = new CountingHasher(application.context.passwords);
  const context = rewired(application, { passwords });
  const asked = { username: 'alice', role: 'user', idempotency } as const;
  assert.ok('userId' in (await createUser(context, { ...asked, password: PASSWORD })));
  const again = await createUser(context, { ...asked, password: PASSWORD });
  assert.ok('userId' in again && again.repeated);
  const guesses = Array.from({ length: 40 }, (_, n) =>
    createUser(context, { ...asked, password: `guess-${n}` }),
  );
  const outcomes = (await Promise.all(guesses)).map((outcome) => 'refused' in outcome && outcome.refused);
  assert.ok(outcomes.every((outcome) => outcome === 'idempotency_mismatch' || outcome === 'rate_limited'));
  assert.ok(passwords.verifications <= 8, `${passwords.verifications} passwords were looked at`);
});
