/*
 * Goal: changes made by one server take effect on the other: for decisions at once, refusals included, although the other
 * still caches the user's earlier state; for look-ups (sessions, tokens, services, waits, events) within a second.
 * Method: two real applications on one PostgreSQL database; the other one loads the user into its cache first.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { followUser } from '../../src/application/journal/follow-journal.ts';
import { createService, disableService } from '../../src/application/services/manage-services.ts';
import { ServiceKeys } from '../../src/application/services/service-keys.ts';
import { AccessTokens } from '../../src/application/sessions/access-tokens.ts';
import type { Session } from '../../src/application/sessions/session.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { decideTransaction } from '../../src/application/transactions/decide-transaction.ts';
import { findTransaction } from '../../src/application/transactions/find-transactions.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import { waitForDecision } from '../../src/application/transactions/wait-for-decision.ts';
import {
  disableUser,
  enableUser,
  revokeToken,
  unlockUser,
} from '../../src/application/users/administer-user.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { totpCode } from '../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { LIMITS } from '../../src/limits.ts';
import { nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, StoppedClock } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { TwoApplications } from '../services/two-applications.ts';
import { until } from '../waiting.ts';

/** A second, and what a busy machine takes beside. */
const SOON_MS = 3_000;
const LARGE = { ...TRANSFER, amount: '900.00' };
const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

let postgres: PostgresServer;
before(async () => {
  postgres = await PostgresServer.start({ fast: true });
});
after(() => postgres?.remove());

async function open(t: { after(task: () => unknown): void }, clocks?: readonly [StoppedClock, StoppedClock]) {
  const flags = {
    '--policy-rules': '[{"when":{"amount_max":"100.00"},"require":["mac"]},{"require":["code"]}]',
    '--policy-unbound-proofs-allowed': 'true',
    '--policy-velocity': 'null',
  };
  const servers = await TwoApplications.open(postgres, { flags, ...(clocks ? { clocks } : {}) });
  t.after(() => servers.close());
  return servers;
}

/** @returns ms until it is so */
async function soon(what: string, isSo: () => boolean | Promise<boolean>): Promise<number> {
  const startedAt = performance.now();
  await until(isSo, { what, timeMs: SOON_MS });
  return Math.round(performance.now() - startedAt);
}

async function logIn(servers: TwoApplications, caller: number, username: string) {
  return servers.of(caller).services.logIn({ username, password: PASSWORD, address: `192.0.2.${caller}` });
}

const mayPay = async (servers: TwoApplications, caller: number, session: Session) => {
  const { context } = servers.of(caller);
  const [nonce = ''] = await nonces(context, session, 1);
  return authorise(context, withMac(session, nonce));
};

describe('what one server did holds on the other', () => {
  test('at once: a session, a token, a pending transaction, an unlocking, a disabled user', async (t) => {
    const servers = await open(t);
    const [one, two] = [servers.one.context, servers.two.context];
    const session = await registeredSession(servers.one, 'alice');
    const { userId } = session;
    assert.ok(!('refused' in (await mayPay(servers, 1, session))));

    // The other has the user in memory, without what follows.
    const again = await logIn(servers, 0, 'alice');
    assert.ok('session' in again);
    assert.ok(!('refused' in (await mayPay(servers, 1, again.session))), 'a session of the other server');

    const enrolled = await enrolToken(one, { userId, type: 'ocra' });
    assert.ok('seed' in enrolled);
    const { token, seed } = enrolled;
    const codeOf = (question: string, at = two.decider.now()) => boundCode(hmac, seed, question, at);
    const { tokenId } = token;
    const activated = await activateToken(two, { userId, tokenId, code: codeOf(token.activationQuestion) });
    assert.ok(!('refused' in activated), JSON.stringify(activated));

    const row = await requestTransaction(one, { userId, transfer: LARGE, serviceId: 'shop' });
    assert.ok('transactionId' in row);
    const { transactionId } = row;
    const cancelled = await decideTransaction(two, {
      ...{ userId, transactionId, decision: 'cancel', serviceId: 'shop' },
    });
    assert.ok('status' in cancelled && cancelled.status === 'cancelled', JSON.stringify(cancelled));

    const third = await requestTransaction(two, { userId, transfer: LARGE, serviceId: 'shop' });
    assert.ok('transactionId' in third);
    const approve = (context: typeof one, code: string) =>
      decideTransaction(context, {
        ...{ userId, transactionId: third.transactionId, decision: 'approve', session: again.session, code },
      });
    for (let guess = 0; guess < 3; guess++) await approve(two, `00000${guess}`);
    const locked = await approve(two, '000009');
    assert.ok('refused' in locked && locked.refused === 'locked');
    assert.deepEqual(await unlockUser(one, userId), { userId });
    const question = boundQuestion({ ...LARGE, challenge: third.challenge, v: 1 });
    const approved = await approve(two, codeOf(question, two.decider.now() + 60_000));
    assert.ok(!('refused' in approved), JSON.stringify(approved));

    for (let guess = 0; guess < 3; guess++) {
      const { services } = servers.two;
      await services.logIn({ username: 'alice', password: 'wrong', address: '192.0.2.9' });
    }
    const lockedOut = await logIn(servers, 1, 'alice');
    assert.ok('refused' in lockedOut && lockedOut.refused === 'locked');
    assert.deepEqual(await unlockUser(one, userId), { userId });
    assert.ok('session' in (await logIn(servers, 1, 'alice')), 'unlocked by the other server');

    assert.deepEqual(await disableUser(one, userId), { userId });
    const refused = await mayPay(servers, 1, again.session).catch((error: Error) => error.message);
    assert.ok(refused === 'session_ended' || (typeof refused === 'object' && 'refused' in refused));
    assert.deepEqual(await enableUser(one, userId), { userId });
    assert.ok('session' in (await logIn(servers, 1, 'alice')), 'enabled by the other server');
    assert.deepEqual(await revokeToken(one, userId, tokenId), { userId });
    const unknown = await decideTransaction(two, {
      ...{ userId, transactionId, decision: 'cancel', serviceId: 'shop' },
    });
    assert.ok('refused' in unknown && unknown.refused === 'transaction_decided');
  });

  test('within a second: a log-out, an access token, a disabled service', async (t) => {
    const servers = await open(t);
    const [one, two] = [servers.one.context, servers.two.context];
    const session = await registeredSession(servers.one, 'bob');
    const tokens = new AccessTokens(two);
    const { token } = await tokens.issue(session);
    assert.ok(await tokens.verify(token));
    assert.ok(tokens.recall(token), 'in the memory of the other server');
    await servers.one.services.endSession(session);
    const afterMs = await soon('the token ends', () => tokens.recall(token) === undefined);
    assert.equal(await tokens.verify(token), undefined);

    const made = await createService(one, { name: 'shop', scopes: ['transactions:read'] });
    assert.ok('key' in made);
    const keys = new ServiceKeys(two);
    assert.ok(!('refused' in (await keys.authenticate(made.key))));
    assert.ok(!('refused' in (await disableService(one, 'shop'))));
    const serviceMs = await soon(
      'the service ends',
      async () => 'refused' in (await keys.authenticate(made.key)),
    );
    t.diagnostic(`log-out known after ${afterMs} ms, disabled service after ${serviceMs} ms`);
  });

  test('waits and events of the other server are woken, long before they would look by themselves', async (t) => {
    const servers = await open(t);
    const [one, two] = [servers.one.context, servers.two.context];
    const { userId } = await registeredSession(servers.one, 'carol');
    const over = new AbortController();
    t.after(() => over.abort());
    const events = followUser(two, userId, 0, over.signal);
    await events.next();
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const row = await requestTransaction(one, { userId, transfer: LARGE, serviceId: 'shop' });
      assert.ok('transactionId' in row);
      const { transactionId } = row;
      await events.next();
      const waiting = waitForDecision(two, userId, () => findTransaction(two, userId, transactionId), {
        waitMs: 20_000,
      });
      await delay(50);
      const startedAt = performance.now();
      await decideTransaction(one, { ...{ userId, transactionId, decision: 'cancel', serviceId: 'shop' } });
      const [view, told] = await Promise.all([waiting, events.next()]);
      times.push(Math.round(performance.now() - startedAt));
      assert.equal(view?.status, 'cancelled');
      assert.equal(told.done, false);
    }
    t.diagnostic(`woken after ${times.join(', ')} ms`);
    // Looking each second by itself would take half a second on average.
    assert.ok(Math.min(...times) < 450, times.join());
  });

  test('while the database reports no changes, no cached user is trusted', async (t) => {
    const servers = await open(t);
    const { userCache } = servers.two.context;
    const { userId } = await registeredSession(servers.one, 'dave');
    await userCache.getOrLoad(userId);
    assert.ok(userCache.get(userId));
    userCache.setFreshUntil(performance.now() - 1);
    assert.equal(userCache.get(userId), undefined);
    assert.equal((await userCache.getOrLoad(userId))?.id, userId, 'the store is asked instead');
    await soon('the database tells again', () => userCache.get(userId) !== undefined);
  });
});

describe('clocks that differ', () => {
  const START = Date.UTC(2026, 0, 2, 3, 4, 57);
  for (const [name, skewMs] of [
    ['ahead', LIMITS.clockSkewMs],
    ['behind', -LIMITS.clockSkewMs],
  ] as const) {
    test(`a server that is ${LIMITS.clockSkewMs} ms ${name}: challenges, sessions and codes hold on both, once`, async (t) => {
      const clocks = [new StoppedClock(START), new StoppedClock(START + skewMs)] as const;
      const servers = await open(t, clocks);
      const session = await registeredSession(servers.two, 'erin');
      const { userId } = session;
      const enrolled = await enrolToken(servers.two.context, { userId, type: 'totp' });
      assert.ok('seed' in enrolled);
      const code = () =>
        totpCode(hmac, enrolled.seed, clocks[0].now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
      const { tokenId } = enrolled.token;
      assert.ok(
        !('refused' in (await activateToken(servers.one.context, { userId, tokenId, code: code() }))),
      );
      let approvals = 0;
      for (let minute = 0; minute < 8; minute++) {
        // At the edge of a step: the servers are in different ones.
        for (const clock of clocks) clock.advance(60_000);
        const [issuer, other] = minute % 2 === 0 ? [servers.one, servers.two] : [servers.two, servers.one];
        const fresh = await nonces(issuer.context, session, 3);
        const shown = code();
        const pay = (at: typeof issuer, challenge = '') =>
          authorise(at.context, { session, transfer: LARGE, challenge, code: shown });
        const outcomes = [
          await pay(other, fresh[0]),
          await pay(issuer, fresh[1]),
          await pay(issuer, fresh[0]),
        ];
        const reasons = outcomes.map((outcome) => ('refused' in outcome ? outcome.refused : 'approved'));
        assert.deepEqual(reasons, ['approved', 'code_spent', 'challenge_spent']);
        approvals++;
        assert.deepEqual(await unlockUser(other.context, userId), { userId });
      }
      assert.equal(approvals, 8);
      // One step more than the bound, and a challenge comes from the future.
      const [early, late, fast] = skewMs > 0 ? [0, 1, clocks[1]] : [1, 0, clocks[0]];
      fast.advance(1);
      const [nonce = ''] = await nonces(servers.of(late).context, session, 1);
      const refused = await authorise(servers.of(early).context, withMac(session, nonce));
      assert.ok('refused' in refused, JSON.stringify(refused));
    });
  }
});
