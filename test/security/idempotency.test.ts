/*
 * Goal: an idempotency record answers only the same request by a caller with the same rights.
 * Method: requests repeated under one key with another code, another password, or none.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { renewRecoveryCodes } from '../../src/application/codes/renew-recovery-codes.ts';
import { CodeValidator } from '../../src/application/codes/validate-code.ts';
import type { Context } from '../../src/application/context.ts';
import { PasswordLogIn } from '../../src/application/log-in/log-in-by-password.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { inviteDevice } from '../../src/application/tokens/invite-device.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import { hotpCode } from '../../src/domain/otp/hotp.ts';
import { CountingHasher, entriesOf, rewired } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, testApplication } from '../services/application.ts';

const address = '127.0.0.1';
const idempotency = { key: 'order-1', digest: 'd'.repeat(64) };

async function userWithToken(t: TestContext) {
  const application = await testApplication(t);
  const session = await registeredSession(application, 'alice');
  const { userId } = session;
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
  return { application, context, code, wrong: wrong ?? '', session };
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
  assert.deepEqual(countOf(outcomes), { idempotency_mismatch: 3, locked: 4, rate_limited: 33 });
  assert.ok(passwords.verifications <= 8, `${passwords.verifications} passwords were hashed`);
  const late = await createUser(context, { ...asked, password: PASSWORD });
  assert.ok('refused' in late, 'the right password is not looked at either');
  const logIn = await new PasswordLogIn(context).logIn({ username: 'alice', password: PASSWORD, address });
  assert.ok('refused' in logIn && logIn.refused === 'locked', 'one count for both ways');
});

describe('many wrong codes under a used key: three are evaluated, then the right one is locked as well', () => {
  const GUESSES = 150;
  type Ask = (code: string) => Promise<object>;

  async function guess(
    context: Context,
    ask: Ask,
    { right, wrong, guesses = GUESSES }: { right: string; wrong: string; guesses?: number },
  ) {
    const outcomes: object[] = [];
    for (let n = 0; n < guesses; n++) outcomes.push(await ask(wrong));
    outcomes.push(await ask(right));
    const reasons = outcomes.map((outcome) => reasonOf(outcome));
    assert.deepEqual(countOf(reasons), { idempotency_mismatch: 3, locked: guesses - 2 });
    const user = await context.store.findUser('alice');
    const entries = await entriesOf(context, user?.userId ?? 0);
    const counted = entries.filter(({ reason }) => reason === 'idempotency_mismatch');
    assert.deepEqual(
      counted.map(({ detail }) => [detail?.factor, detail?.failures]),
      [1, 2, 3].map((failures) => ['code', failures]),
    );
  }

  test('at a log-in', async (t) => {
    const { context, code, wrong } = await userWithToken(t);
    const passwordLogIn = new PasswordLogIn(context);
    const asked = { username: 'alice', password: PASSWORD, address, codeRequired: true, idempotency };
    assert.ok('secret' in (await passwordLogIn.logIn({ ...asked, code: code(1) })));
    await guess(context, (shown) => passwordLogIn.logIn({ ...asked, code: shown }), {
      right: code(1),
      wrong,
    });
  });

  test('at a validation by a service', async (t) => {
    const { context, code, wrong } = await userWithToken(t);
    const validator = new CodeValidator(context);
    const asked = { username: 'alice', serviceId: 'vpn', idempotency };
    assert.deepEqual(await validator.validate({ ...asked, code: code(1) }), { valid: true });
    await guess(context, (shown) => validator.validate({ ...asked, code: shown }), { right: code(1), wrong });
  });

  test('at an enrolment, for its seed', async (t) => {
    const { context, code, wrong, session } = await userWithToken(t);
    const asked = { userId: session.userId, type: 'totp', session, idempotency } as const;
    assert.ok('seed' in (await enrolToken(context, { ...asked, shown: { code: code(1) } })));
    // More than the pace of enrolments allows.
    const unpaced = { ...context, rateLimiter: { ...context.rateLimiter, take: async () => 0 } };
    await guess(context, (shown) => enrolToken(unpaced, { ...asked, shown: { code: shown } }), {
      right: code(1),
      wrong,
    });
  });

  const WRONG_RECOVERY_CODE = 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA';

  async function recoveryCodeOf(context: Context, userId: number): Promise<string> {
    const made = await renewRecoveryCodes(context, { userId });
    assert.ok('codes' in made);
    return made.codes[0] ?? assert.fail();
  }

  test('at a log-in, by recovery codes', async (t) => {
    const { context, session } = await userWithToken(t);
    const right = await recoveryCodeOf(context, session.userId);
    const passwordLogIn = new PasswordLogIn(context);
    const asked = { username: 'alice', password: PASSWORD, address, codeRequired: true, idempotency };
    const made = await passwordLogIn.logIn({ ...asked, recoveryCode: right });
    assert.ok('secret' in made);
    const typedOtherwise = right.replaceAll('-', ' ').toLowerCase();
    const again = await passwordLogIn.logIn({ ...asked, recoveryCode: typedOtherwise });
    assert.equal('secret' in again && again.secret, made.secret);
    const ask: Ask = (shown) => passwordLogIn.logIn({ ...asked, recoveryCode: shown });
    await guess(context, ask, { right, wrong: WRONG_RECOVERY_CODE, guesses: 8 });
  });

  test('at an enrolment, for its seed, by recovery codes', async (t) => {
    const { context, session } = await userWithToken(t);
    const right = await recoveryCodeOf(context, session.userId);
    const asked = { userId: session.userId, type: 'totp', session, idempotency } as const;
    assert.ok('seed' in (await enrolToken(context, { ...asked, shown: { recoveryCode: right } })));
    const unpaced = { ...context, rateLimiter: { ...context.rateLimiter, take: async () => 0 } };
    const ask: Ask = (shown) => enrolToken(unpaced, { ...asked, shown: { recoveryCode: shown } });
    await guess(context, ask, { right, wrong: WRONG_RECOVERY_CODE });
  });

  test('at an invitation, for its secret', async (t) => {
    const { context, code, wrong, session } = await userWithToken(t);
    const asked = { userId: session.userId, session, idempotency };
    assert.ok('expiresAt' in (await inviteDevice(context, { ...asked, shown: { code: code(1) } })));
    const unpaced = { ...context, rateLimiter: { ...context.rateLimiter, take: async () => 0 } };
    await guess(context, (shown) => inviteDevice(unpaced, { ...asked, shown: { code: shown } }), {
      right: code(1),
      wrong,
    });
  });
});

test('a repeated log-in tells no secret while the password is locked', async (t) => {
  const application = await testApplication(t);
  await registeredSession(application, 'alice');
  const passwordLogIn = new PasswordLogIn(application.context);
  const asked = { username: 'alice', password: PASSWORD, address, idempotency };
  assert.ok('secret' in (await passwordLogIn.logIn(asked)));
  for (let n = 0; n < 3; n++) await passwordLogIn.logIn({ ...asked, password: `guess ${n}` });
  const outcome = await passwordLogIn.logIn(asked);
  assert.ok('refused' in outcome && outcome.refused === 'locked');
});

function reasonOf(outcome: object): string {
  if ('refused' in outcome) return String(outcome.refused);
  return 'reason' in outcome ? String(outcome.reason) : 'told';
}

function countOf(values: readonly (string | boolean)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}
