/*
 * Goal: of many callers that spend the same challenge, code or key at once, exactly one succeeds, every time.
 * Method: all are submitted before the event loop turns, some in the same batch and some, by awaiting in between, across
 * batches; then the entries of the journal are counted.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Session } from '../../src/application/sessions/session.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import type { Authorisation, AuthoriseRequest } from '../../src/application/transactions/authorisation.ts';
import type { Application } from '../../src/compose.ts';
import type { Refusal } from '../../src/domain/errors.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import type { Hmac } from '../../src/domain/otp/hmac.ts';
import { totpCode } from '../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import type { Transfer } from '../../src/domain/transaction/canonical-transaction.ts';
import {
  NO_VELOCITY_LIMIT,
  PASSWORD,
  registeredSession,
  StoppedClock,
  testApplication,
} from '../services/application.ts';

const ROUNDS = 1_000;
const CALLERS = 32;
const hashes = { sha1, sha256, sha512 };
const hmac: Hmac = (algorithm, key, message) => nobleHmac(hashes[algorithm], key, message);
const macKey = createHash('sha256').update(PASSWORD).digest();
const transfer: Transfer = { amount: '100.00', currency: 'EUR', payee: 'CuentaB', payer: 'CuentaA' };
const large: Transfer = { ...transfer, amount: '900.00' };

type Outcome = Authorisation | Refusal;
const approved = (outcomes: readonly Outcome[]) =>
  outcomes.filter((o): o is Authorisation => !('refused' in o));
const refusedAs = (outcomes: readonly Outcome[], code: string) =>
  outcomes.filter((o) => 'refused' in o && o.refused === code).length;

async function nonceFor(application: Application, session: Session): Promise<string> {
  const issued = await application.services.issueChallenges(session, 1);
  assert.ok(!('refused' in issued));
  return issued[0]?.nonce ?? '';
}

function withMac(
  session: Session,
  challenge: string,
  more: Partial<AuthoriseRequest> = {},
): AuthoriseRequest {
  const message = Buffer.from(`CuentaA,CuentaB,100.0${challenge}`);
  return {
    session,
    transfer,
    challenge,
    mac: { message, value: createHmac('sha256', macKey).update(message).digest('hex') },
    ...more,
  };
}

/** Submits all, some of them a few turns of the event loop later. */
function storm(application: Application, requests: readonly AuthoriseRequest[]): Promise<Outcome[]> {
  return Promise.all(
    requests.map(async (request, index) => {
      for (let turn = 0; turn < index % 4; turn++) await new Promise(setImmediate);
      return application.services.authorise(request);
    }),
  );
}

async function approvalsInJournal(application: Application, userId: number): Promise<number> {
  let count = 0;
  let below = Number.POSITIVE_INFINITY;
  for (;;) {
    const entries = await application.store.readUserJournal(userId, { below, limit: 1_000 });
    if (entries.length === 0) return count;
    count += entries.filter((entry) => entry.type === 'transaction.approved').length;
    below = entries[entries.length - 1]?.version ?? 0;
  }
}

describe('of parallel callers exactly one wins', () => {
  test(`the same nonce: ${ROUNDS} rounds of ${CALLERS}`, async (t: TestContext) => {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const session = await registeredSession(application, 'alice');
    for (let round = 0; round < ROUNDS; round++) {
      const challenge = await nonceFor(application, session);
      const outcomes = await storm(
        application,
        Array.from({ length: CALLERS }, () => withMac(session, challenge)),
      );
      assert.equal(approved(outcomes).length, 1);
      assert.equal(refusedAs(outcomes, 'challenge_spent'), CALLERS - 1);
    }
    assert.equal(await approvalsInJournal(application, session.userId), ROUNDS);
  });

  test(`the same idempotency key on fresh nonces: ${ROUNDS} rounds of 16`, async (t: TestContext) => {
    const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
    const session = await registeredSession(application, 'alice');
    for (let round = 0; round < ROUNDS; round++) {
      const idempotency = { key: `k${round}`, digest: '0'.repeat(64) };
      const issued = await application.services.issueChallenges(session, 16);
      assert.ok(!('refused' in issued));
      const outcomes = await storm(
        application,
        issued.map(({ nonce }) => withMac(session, nonce, { idempotency })),
      );
      const all = approved(outcomes);
      assert.equal(all.length, 16);
      assert.equal(all.filter(({ repeated }) => !repeated).length, 1);
      assert.equal(new Set(all.map(({ transactionId }) => transactionId)).size, 1);
    }
    assert.equal(await approvalsInJournal(application, session.userId), ROUNDS);
  });

  test(`the same plain code: ${ROUNDS} rounds of 8`, async (t: TestContext) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, {
      clock,
      flags: {
        '--policy-rules': '[{"require":["code"]}]',
        '--policy-unbound-proofs-allowed': 'true',
        ...NO_VELOCITY_LIMIT,
        '--session-ttl-ms': '86400000',
      },
    });
    const session = await registeredSession(application, 'alice');
    const { seed } = await activeToken(application, session, clock, 'totp');
    for (let round = 0; round < ROUNDS; round++) {
      clock.advance(60_000);
      const code = totpCode(hmac, seed, clock.now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
      const issued = await application.services.issueChallenges(session, 8);
      assert.ok(!('refused' in issued));
      const outcomes = await storm(
        application,
        issued.map(({ nonce }) => ({ session, transfer, challenge: nonce, code })),
      );
      assert.equal(approved(outcomes).length, 1, JSON.stringify(outcomes));
      assert.equal(refusedAs(outcomes, 'code_spent'), 7);
    }
  });

  test(`the same bound code on its nonce: ${ROUNDS} rounds of 8`, async (t: TestContext) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, { clock });
    const session = await registeredSession(application, 'alice');
    const { seed } = await activeToken(application, session, clock, 'ocra');
    for (let round = 0; round < ROUNDS; round++) {
      const challenge = await nonceFor(application, session);
      const code = boundCode(hmac, seed, boundQuestion({ ...large, challenge, v: 1 }), clock.now());
      const request = { session, transfer: large, challenge, code };
      const outcomes = await storm(
        application,
        Array.from({ length: 8 }, () => request),
      );
      assert.equal(approved(outcomes).length, 1);
      assert.equal(refusedAs(outcomes, 'challenge_spent'), 7);
    }
  });

  test('the last attempt: of 200 parallel guesses three are evaluated, then the right code waits as well', async (t: TestContext) => {
    const clock = new StoppedClock();
    const application = await testApplication(t, { clock });
    const session = await registeredSession(application, 'alice');
    const { seed } = await activeToken(application, session, clock, 'ocra');
    const right = { nonce: await nonceFor(application, session) };
    const issued = await application.services.issueChallenges(session, 200);
    assert.ok(!('refused' in issued));
    const code = boundCode(
      hmac,
      seed,
      boundQuestion({ ...large, challenge: right.nonce, v: 1 }),
      clock.now(),
    );
    const guesses = issued.map(({ nonce }) => ({
      session,
      transfer: large,
      challenge: nonce,
      code: '000000',
    }));
    const outcomes = await storm(application, guesses);
    assert.equal(refusedAs(outcomes, 'code_wrong'), 3);
    assert.equal(refusedAs(outcomes, 'locked'), 197);
    const late = await application.services.authorise({
      session,
      transfer: large,
      challenge: right.nonce,
      code,
    });
    assert.ok('refused' in late && late.refused === 'locked');
    assert.equal(late.retryAfterMs, 30_000);
    clock.advance(29_999);
    const early = await application.services.authorise({
      session,
      transfer: large,
      challenge: right.nonce,
      code,
    });
    assert.ok('refused' in early && early.refused === 'locked' && early.retryAfterMs === 1);
    clock.advance(1);
    const now = boundCode(hmac, seed, boundQuestion({ ...large, challenge: right.nonce, v: 1 }), clock.now());
    const after = await application.services.authorise({
      session,
      transfer: large,
      challenge: right.nonce,
      code: now,
    });
    assert.ok(!('refused' in after));
  });
});

async function activeToken(
  application: Application,
  session: Session,
  clock: StoppedClock,
  type: 'totp' | 'ocra',
) {
  const { context } = application;
  const enrolled = await enrolToken(context, { userId: session.userId, type });
  assert.ok(!('refused' in enrolled));
  const { token, seed } = enrolled;
  const code =
    type === 'ocra'
      ? boundCode(hmac, seed, token.activationQuestion, clock.now())
      : totpCode(hmac, seed, clock.now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
  const activated = await activateToken(context, { userId: session.userId, tokenId: token.tokenId, code });
  assert.ok(!('refused' in activated));
  return { token, seed };
}
