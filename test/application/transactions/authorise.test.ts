/*
 * Goal: a transaction with the proofs that the policy requires is approved once; otherwise it is refused with the reason.
 * Method: the real application on a clock that the test moves; stores and vaults that fail on request.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { verifyReceipt } from '../../../src/application/receipts/verify-receipt.ts';
import { resumeSession } from '../../../src/application/sessions/resume-session.ts';
import { activateToken } from '../../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../../src/application/tokens/enrol-token.ts';
import type { AuthoriseRequest } from '../../../src/application/transactions/authorisation.ts';
import { authorise } from '../../../src/application/transactions/authorise.ts';
import { Maintenance } from '../../../src/application/upkeep/maintenance.ts';
import { revokeToken } from '../../../src/application/users/administer-user.ts';
import { boundCode } from '../../../src/domain/otp/bound-code.ts';
import type { Hmac } from '../../../src/domain/otp/hmac.ts';
import { hotpCode } from '../../../src/domain/otp/hotp.ts';
import { totpCode } from '../../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../../src/domain/transaction/bound-question.ts';
import type { Transfer } from '../../../src/domain/transaction/canonical-transaction.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { TokenType } from '../../../src/ports/store.ts';
import { PASSWORD, registeredSession, StoppedClock, testApplication } from '../../services/application.ts';
import { countByKind, entriesOf, nonces, TRANSFER, withMac } from '../decisions/rewired.ts';

const address = '127.0.0.1';
const hashes = { sha1, sha256, sha512 };
const hmac: Hmac = (algorithm, key, message) => nobleHmac(hashes[algorithm], key, message);

/** Plain codes by themselves approve: for tests of codes. */
const ANY_CODE = {
  '--policy-rules': '[{"require":["code"]}]',
  '--policy-unbound-proofs-allowed': 'true',
};

async function parts(t: TestContext, flags: Record<string, string> = {}) {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, flags });
  const session = await registeredSession(application, 'alice');
  const { context } = application;
  const nonce = async () => (await nonces(context, session, 1))[0] ?? '';
  const ask = (request: Omit<AuthoriseRequest, 'session'>) => authorise(context, { session, ...request });
  /** By MAC alone, on a fresh challenge. */
  const byMac = async (more: Partial<AuthoriseRequest> = {}) =>
    authorise(context, withMac(session, await nonce(), more));

  async function activeToken(type: TokenType) {
    const enrolled = await enrolToken(context, { userId: session.userId, type });
    assert.ok('seed' in enrolled);
    const { token, seed } = enrolled;
    const now = () => clock.now();
    const plain = () =>
      type === 'hotp'
        ? hotpCode(hmac, seed, 0, { algorithm: 'sha1', digits: 6 })
        : totpCode(hmac, seed, now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
    const code = type === 'ocra' ? boundCode(hmac, seed, token.activationQuestion, now()) : plain();
    const { userId } = session;
    const activated = await activateToken(context, { userId, tokenId: token.tokenId, code });
    assert.ok('status' in activated, JSON.stringify(activated));
    const bound = (transfer: Transfer, challenge: string) =>
      boundCode(hmac, seed, boundQuestion({ ...transfer, challenge, v: 1 }), now());
    return { token, seed, plain, bound };
  }
  return { application, context, clock, session, nonce, ask, byMac, activeToken };
}

function refusedAs(outcome: object, code: string): void {
  assert.equal('refused' in outcome && outcome.refused, code, JSON.stringify(outcome));
}

const amount = (value: string, more: Partial<Transfer> = {}): Transfer => ({
  ...TRANSFER,
  amount: value,
  ...more,
});

describe('the policy', () => {
  test('by default: a MAC up to 500.00, to the cent; a bound code beyond', async (t) => {
    const { nonce, ask, byMac, activeToken } = await parts(t);
    assert.ok('transactionId' in (await byMac({ transfer: amount('500.00') })));
    refusedAs(await byMac({ transfer: amount('500.01') }), 'bound_code_required');
    refusedAs(await ask({ transfer: amount('1.00'), challenge: await nonce() }), 'mac_required');
    const { bound } = await activeToken('ocra');
    const large = amount('500.01');
    const challenge = await nonce();
    const code = bound(large, challenge);
    // It covers this transaction on this challenge, and nothing else.
    const another = await nonce();
    refusedAs(await ask({ transfer: large, challenge: another, code }), 'code_wrong');
    assert.ok('transactionId' in (await ask({ transfer: large, challenge, code })));
    refusedAs(await ask({ transfer: large, challenge, code }), 'challenge_spent');
  });

  test('a bound code fits no other payee, payer, amount or currency', async (t) => {
    const { clock, nonce, ask, activeToken } = await parts(t);
    const { bound } = await activeToken('ocra');
    for (const other of [
      { payee: 'CuentaX' },
      { payer: 'CuentaX' },
      { amount: '900.01' },
      { currency: 'USD' },
    ]) {
      const challenge = await nonce();
      const outcome = await ask({
        transfer: { ...amount('900.00'), ...other },
        challenge,
        code: bound(amount('900.00'), challenge),
      });
      refusedAs(outcome, 'code_wrong');
      clock.advance('retryAfterMs' in outcome ? (outcome.retryAfterMs ?? 0) : 0);
    }
  });

  test('a stronger proof stands for a weaker one, and a plain code for neither MAC nor bound code', async (t) => {
    const flags = {
      // The session began before the tokens.
      '--tcp-log-in-code-required': 'false',
      '--policy-unbound-proofs-allowed': 'true',
      '--policy-velocity': 'null',
      '--policy-rules': JSON.stringify([
        { when: { payee: 'Presence' }, require: ['code'] },
        { when: { payee: ['Both', 'Either'] }, require: ['mac', 'code'] },
        { when: { payee: 'Session' }, require: ['session'] },
        { when: { currency: 'USD', amount_max: '10.00' }, require: ['mac'] },
        { require: ['bound_code'] },
      ]),
    };
    const { clock, nonce, ask, byMac, activeToken } = await parts(t, flags);
    const totp = await activeToken('totp');
    const ocra = await activeToken('ocra');
    const to = (payee: string) => amount('1.00', { payee });
    assert.ok('transactionId' in (await ask({ transfer: to('Session'), challenge: await nonce() })));
    refusedAs(await byMac({ transfer: to('Presence') }), 'code_required');
    refusedAs(await byMac({ transfer: to('Both') }), 'code_required');
    clock.advance(60_000);
    refusedAs(
      await ask({ transfer: to('Either'), challenge: await nonce(), code: totp.plain() }),
      'mac_required',
    );
    clock.advance(60_000);
    refusedAs(
      await ask({ transfer: to('Other'), challenge: await nonce(), code: totp.plain() }),
      'bound_code_required',
    );
    clock.advance(60_000);
    assert.ok(
      'transactionId' in
        (await ask({ transfer: to('Presence'), challenge: await nonce(), code: totp.plain() })),
    );
    clock.advance(60_000);
    assert.ok('transactionId' in (await byMac({ transfer: to('Both'), code: totp.plain() })));
    for (const payee of ['Presence', 'Both', 'Other']) {
      const challenge = await nonce();
      const outcome = await ask({ transfer: to(payee), challenge, code: ocra.bound(to(payee), challenge) });
      assert.ok('transactionId' in outcome, payee);
    }
    assert.ok('transactionId' in (await byMac({ transfer: amount('10.00', { currency: 'USD' }) })));
    refusedAs(await byMac({ transfer: amount('10.01', { currency: 'USD' }) }), 'bound_code_required');
    refusedAs(await byMac({ transfer: amount('9.00', { currency: 'GBP' }) }), 'bound_code_required');
  });

  test('a code that was shown is spent, also where more is asked for', async (t) => {
    const { clock, nonce, ask, activeToken } = await parts(t);
    const { plain } = await activeToken('totp');
    clock.advance(60_000);
    const code = plain();
    const challenge = await nonce();
    refusedAs(await ask({ transfer: amount('900.00'), challenge, code }), 'bound_code_required');
    // The challenge itself was not: the proofs that were given fit.
    refusedAs(await ask({ transfer: amount('900.00'), challenge, code }), 'code_spent');
    refusedAs(await ask({ transfer: amount('900.00'), challenge, code }), 'challenge_spent');
  });
});

describe('velocity', () => {
  const flags = {
    '--policy-velocity': '{"window_ms":60000,"count_max":3,"amount_max":"250.00","currency":["EUR","USD"]}',
    '--policy-rules':
      '[{"when":{"amount_max":"500.00","currency":["EUR","USD"]},"require":["mac"]},{"require":["bound_code"]}]',
  };

  test('beyond the count, or the amount of a currency, the last rule applies until the window has passed', async (t) => {
    const { clock, byMac, nonce, ask, activeToken } = await parts(t, flags);
    const { bound } = await activeToken('ocra');
    assert.ok('transactionId' in (await byMac({ transfer: amount('200.00') })));
    refusedAs(await byMac({ transfer: amount('50.01') }), 'bound_code_required');
    assert.ok('transactionId' in (await byMac({ transfer: amount('50.00') })));
    // Another currency has an allowance of its own, the count is of all.
    assert.ok('transactionId' in (await byMac({ transfer: amount('250.00', { currency: 'USD' }) })));
    refusedAs(await byMac({ transfer: amount('1.00', { currency: 'GBP' }) }), 'bound_code_required');
    const challenge = await nonce();
    const one = amount('1.00');
    assert.ok('transactionId' in (await ask({ transfer: one, challenge, code: bound(one, challenge) })));
    clock.advance(60_000 - 1);
    refusedAs(await byMac({ transfer: one }), 'bound_code_required');
    // Slots of an eighth of the window: it is never shorter, and at most that much longer.
    clock.advance(1 + 60_000 / 8);
    assert.ok('transactionId' in (await byMac({ transfer: one })));
  });

  test('of fifty parallel transfers no more than the count pass by MAC', async (t) => {
    const { context, session } = await parts(t, flags);
    const issued = await nonces(context, session, 50);
    const outcomes = await Promise.all(
      issued.map((challenge) =>
        authorise(context, withMac(session, challenge, { transfer: amount('1.00') })),
      ),
    );
    assert.equal(outcomes.filter((outcome) => 'transactionId' in outcome).length, 3);
    assert.equal(outcomes.filter((o) => 'refused' in o && o.refused === 'bound_code_required').length, 47);
  });

  test('a refused transaction, or a repeat of a key, moves no money', async (t) => {
    const { byMac, nonce, ask } = await parts(t, flags);
    const idempotency = { key: 'k', digest: 'd'.repeat(64) };
    for (let n = 0; n < 5; n++)
      refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce() }), 'mac_required');
    for (let n = 0; n < 5; n++) {
      assert.ok('transactionId' in (await byMac({ transfer: amount('1.00'), idempotency })));
    }
    for (let n = 0; n < 2; n++) assert.ok('transactionId' in (await byMac({ transfer: amount('1.00') })));
    refusedAs(await byMac({ transfer: amount('1.00') }), 'bound_code_required');
  });
});

describe('challenges', () => {
  test('live for as long as was said, and not a millisecond more, across rotations of their keys', async (t) => {
    const { context, clock, session } = await parts(t);
    const { rotationMs, challengeTtlMs } = context.settings.keys;
    for (let n = 0; n < 6; n++) {
      clock.advance(rotationMs / 5);
      const [inTime = '', late = ''] = await nonces(context, session, 2);
      clock.advance(challengeTtlMs);
      assert.ok('transactionId' in (await authorise(context, withMac(session, inTime))));
      clock.advance(1);
      refusedAs(await authorise(context, withMac(session, late)), 'challenge_expired');
    }
  });

  test("are of one session: another session's, another user's, an older and a forged one are refused", async (t) => {
    const { application, context, session, nonce } = await parts(t);
    const bob = await registeredSession(application, 'bob');
    const again = await application.services.logIn({ username: 'alice', password: PASSWORD, address });
    assert.ok('session' in again);
    const challenge = await nonce();
    refusedAs(await authorise(context, withMac(bob, challenge)), 'challenge_unknown');
    refusedAs(await authorise(context, withMac(again.session, challenge)), 'challenge_unknown');
    for (const place of [0, 5, 11, 12, 31, 32, 63]) {
      const digit = challenge[place] === '0' ? '1' : '0';
      const forged = challenge.slice(0, place) + digit + challenge.slice(place + 1);
      const outcome = await authorise(context, withMac(session, forged));
      assert.ok(
        'refused' in outcome && /^challenge_(unknown|expired)$/.test(outcome.refused),
        JSON.stringify(outcome),
      );
    }
    assert.ok('transactionId' in (await authorise(context, withMac(session, challenge))));
  });

  test('a wrong MAC spends it; a challenge that is not authentic is not remembered', async (t) => {
    const { context, session, nonce, ask } = await parts(t);
    const challenge = await nonce();
    const wrong = { message: Buffer.from('x'), value: '0'.repeat(64) };
    refusedAs(await ask({ transfer: TRANSFER, challenge, mac: wrong }), 'mac_mismatch');
    refusedAs(await authorise(context, withMac(session, challenge)), 'challenge_spent');
  });

  test('twenty wrong MACs end the session, and lock nobody out', async (t) => {
    const { application, session, nonce, ask, context } = await parts(t);
    const wrong = { message: Buffer.from('x'), value: '0'.repeat(64) };
    for (let n = 0; n < LIMITS.wrongMacsMax; n++) {
      refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce(), mac: wrong }), 'mac_mismatch');
    }
    refusedAs(await ask({ transfer: TRANSFER, challenge: '0'.repeat(64), mac: wrong }), 'session_ended');
    const again = await application.services.logIn({ username: 'alice', password: PASSWORD, address });
    assert.ok('session' in again);
    const [challenge = ''] = await nonces(context, again.session, 1);
    assert.ok('transactionId' in (await authorise(context, withMac(again.session, challenge))));
    const refusals = countByKind(await entriesOf(context, session.userId));
    assert.equal(refusals['transaction.refused mac_mismatch'], LIMITS.wrongMacsMax);
  });
});

describe('idempotency', () => {
  test('the same answer again, for other content a refusal, for another user nothing', async (t) => {
    const { application, context, byMac, session } = await parts(t);
    const idempotency = { key: 'k', digest: 'd'.repeat(64) };
    const first = await byMac({ idempotency });
    const second = await byMac({ idempotency });
    assert.ok('transactionId' in first && 'transactionId' in second);
    assert.deepEqual({ ...second, repeated: false }, first);
    assert.equal(second.repeated, true);
    refusedAs(await byMac({ idempotency: { key: 'k', digest: 'e'.repeat(64) } }), 'idempotency_mismatch');
    const bob = await registeredSession(application, 'bob');
    const [challenge = ''] = await nonces(context, bob, 1);
    const other = await authorise(context, withMac(bob, challenge, { idempotency }));
    assert.ok('transactionId' in other && !other.repeated && other.transactionId !== first.transactionId);
    assert.equal(countByKind(await entriesOf(context, session.userId))['transaction.approved'], 1);
  });

  test('keys named like members of objects are keys like any others', async (t) => {
    const { byMac } = await parts(t);
    const ids = new Set<string>();
    for (const key of ['__proto__', 'constructor', 'toString', '', 'k\u0000', '/', '1/k']) {
      const idempotency = { key, digest: 'd'.repeat(64) };
      for (const repeated of [false, true]) {
        const outcome = await byMac({ idempotency });
        assert.ok('transactionId' in outcome);
        assert.equal(outcome.repeated, repeated, JSON.stringify(key));
        ids.add(outcome.transactionId);
      }
    }
    assert.equal(ids.size, 7);
  });

  test('a refusal is not kept: the same key may succeed later', async (t) => {
    const { ask, byMac, nonce } = await parts(t);
    const idempotency = { key: 'k', digest: 'd'.repeat(64) };
    refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce(), idempotency }), 'mac_required');
    assert.ok('transactionId' in (await byMac({ idempotency })));
  });

  test('an ended session gets no stored answer', async (t) => {
    const { application, session, context, byMac } = await parts(t);
    const idempotency = { key: 'k', digest: 'd'.repeat(64) };
    assert.ok('transactionId' in (await byMac({ idempotency })));
    await application.services.endSession(session);
    refusedAs(await authorise(context, withMac(session, '0'.repeat(64), { idempotency })), 'session_ended');
  });

  test('after its time the answer is pruned', async (t) => {
    const { context, clock, byMac } = await parts(t, {
      '--idempotency-ttl-ms': '60000',
      '--session-ttl-ms': '86400000',
    });
    const idempotency = { key: 'k', digest: 'd'.repeat(64) };
    const maintenance = new Maintenance(context, (error) => assert.fail(String(error)));
    const first = await byMac({ idempotency });
    clock.advance(60_000);
    await maintenance.prune();
    const kept = await byMac({ idempotency });
    clock.advance(1);
    await maintenance.prune();
    const anew = await byMac({ idempotency });
    assert.ok('transactionId' in first && 'transactionId' in kept && 'transactionId' in anew);
    assert.deepEqual([kept.repeated, anew.repeated], [true, false]);
  });

  test('all expired idempotency records are pruned, however many: a busy minute does not outrun it', async (t) => {
    const { context, clock, session } = await parts(t, {
      '--idempotency-ttl-ms': '60000',
      '--policy-velocity': 'null',
    });
    for (let n = 0; n < 5; n++) {
      const issued = await nonces(context, session, 1_000);
      await Promise.all(
        issued.map((challenge, index) => {
          const idempotency = { key: `${n}-${index}`, digest: 'd'.repeat(64) };
          return authorise(context, withMac(session, challenge, { idempotency }));
        }),
      );
    }
    clock.advance(60_001);
    await new Maintenance(context, (error) => assert.fail(String(error))).prune();
    const keys = Array.from({ length: 5_000 }, (_, n) => `${Math.floor(n / 1_000)}-${n % 1_000}`);
    const found = await context.store.findIdempotencyRecords(
      keys.map((key) => ({ userId: session.userId, key })),
    );
    assert.equal(found.filter((answer) => answer !== undefined).length, 0);
  });

  test('a receipt is signed for a repeat as well, and says the same', async (t) => {
    const { application, byMac } = await parts(t);
    const idempotency = { key: 'k', digest: 'd'.repeat(64) };
    const keySet = { keys: (await application.vault.publicKeys()).map(({ jwk }) => jwk) };
    const claims = [];
    for (let n = 0; n < 2; n++) {
      const outcome = await byMac({ idempotency, receipt: true });
      assert.ok('transactionId' in outcome && outcome.receipt);
      claims.push(verifyReceipt(outcome.receipt, keySet));
    }
    assert.ok(claims[0] && !('refused' in claims[0]));
    assert.deepEqual(claims[0], claims[1]);
  });
});

describe('tokens', () => {
  test('three wrong codes lock the factor, to the millisecond; the password and the MAC go on', async (t) => {
    const { application, clock, nonce, ask, byMac, activeToken } = await parts(t);
    const { bound } = await activeToken('ocra');
    const large = amount('900.00');
    const wrongCode = async () => ask({ transfer: large, challenge: await nonce(), code: '000000' });
    for (const retryAfterMs of [undefined, undefined, 30_000]) {
      const outcome = await wrongCode();
      refusedAs(outcome, 'code_wrong');
      assert.equal('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined, retryAfterMs);
    }
    clock.advance(29_999);
    const challenge = await nonce();
    const early = await ask({ transfer: large, challenge, code: bound(large, challenge) });
    assert.deepEqual(early, { refused: 'locked', retryAfterMs: 1 });
    assert.ok('transactionId' in (await byMac()));
    assert.ok(
      'secret' in (await application.services.logIn({ username: 'alice', password: PASSWORD, address })),
    );
    clock.advance(1);
    // Not evaluated, so not spent: neither the challenge nor the code.
    assert.ok('transactionId' in (await ask({ transfer: large, challenge, code: bound(large, challenge) })));
    const after = await wrongCode();
    assert.equal('retryAfterMs' in after, false, 'counting begins anew');
  });

  test('a used code is not a guess: it locks nothing', async (t) => {
    const { clock, nonce, ask, activeToken } = await parts(t, ANY_CODE);
    const { plain } = await activeToken('totp');
    clock.advance(60_000);
    const code = plain();
    assert.ok('transactionId' in (await ask({ transfer: TRANSFER, challenge: await nonce(), code })));
    for (let n = 0; n < 5; n++)
      refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce(), code }), 'code_spent');
    clock.advance(60_000);
    assert.ok(
      'transactionId' in (await ask({ transfer: TRANSFER, challenge: await nonce(), code: plain() })),
    );
  });

  test('the code that activated a token authorises nothing', async (t) => {
    const { nonce, ask, activeToken } = await parts(t, ANY_CODE);
    const { plain } = await activeToken('totp');
    refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce(), code: plain() }), 'code_spent');
  });

  test('a token that waits for its first code, and one that was revoked, authorise nothing', async (t) => {
    const { context, session, clock, nonce, ask, activeToken } = await parts(t, ANY_CODE);
    const { userId } = session;
    const waiting = await enrolToken(context, { userId, type: 'totp' });
    assert.ok('seed' in waiting);
    const code = totpCode(hmac, waiting.seed, clock.now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
    refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce(), code }), 'code_wrong');
    const { token, plain } = await activeToken('totp');
    clock.advance(60_000);
    await revokeToken(context, userId, token.tokenId);
    refusedAs(await ask({ transfer: TRANSFER, challenge: await nonce(), code: plain() }), 'code_wrong');
  });

  test("another user's code, and another user's token, are of no use", async (t) => {
    const { application, context, clock, nonce, ask, activeToken } = await parts(t, ANY_CODE);
    const { plain, token } = await activeToken('totp');
    clock.advance(60_000);
    const bob = await registeredSession(application, 'bob');
    const [challenge = ''] = await nonces(context, bob, 1);
    refusedAs(
      await authorise(context, { session: bob, transfer: TRANSFER, challenge, code: plain() }),
      'code_wrong',
    );
    const foreign = { userId: bob.userId, tokenId: token.tokenId };
    refusedAs(await activateToken(context, { ...foreign, code: plain() }), 'token_unknown');
    const revoked = await revokeToken(context, foreign.userId, foreign.tokenId);
    assert.ok(typeof revoked === 'object');
    refusedAs(revoked, 'token_unknown');
    assert.ok(
      'transactionId' in (await ask({ transfer: TRANSFER, challenge: await nonce(), code: plain() })),
    );
  });

  test('an HOTP code once, and none before it', async (t) => {
    const { nonce, ask, activeToken } = await parts(t, ANY_CODE);
    const { seed } = await activeToken('hotp');
    const use = async (counter: number) =>
      ask({
        transfer: TRANSFER,
        challenge: await nonce(),
        code: hotpCode(hmac, seed, counter, { algorithm: 'sha1', digits: 6 }),
      });
    assert.ok('transactionId' in (await use(3)));
    for (const counter of [3, 2, 1]) assert.ok('refused' in (await use(counter)));
  });
});

test('a session secret is of one user and cannot be made from another', async (t) => {
  const { application, context } = await parts(t);
  const made = await application.services.logIn({ username: 'alice', password: PASSWORD, address });
  assert.ok('secret' in made);
  const [, random = ''] = made.secret.split('.');
  for (const secret of [
    `2.${random}`,
    `0.${random}`,
    `01.${random}`,
    `1.${random} `,
    `1.${random.slice(1)}`,
    random,
  ]) {
    assert.deepEqual(await resumeSession(context, { secret, address }), { refused: 'session_ended' });
  }
});
