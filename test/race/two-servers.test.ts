/*
 * Goal: a challenge or code spent on one server is spent on the other, and a lock holds on both: of all callers that try
 * at both at once exactly one wins.
 * Method: two real applications on one PostgreSQL database, each with its own memory; callers alternate between them.
 * Afterwards the entries of the journal are counted. PostgreSQL counts its own deadlocks.
 */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Session } from '../../src/application/sessions/session.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { claimEnrolment } from '../../src/application/tokens/claim-enrolment.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { inviteDevice } from '../../src/application/tokens/invite-device.ts';
import type { AuthoriseRequest } from '../../src/application/transactions/authorisation.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import {
  type DecideTransactionRequest,
  decideTransaction,
} from '../../src/application/transactions/decide-transaction.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import { revokeToken, unlockUser } from '../../src/application/users/administer-user.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import type { Refusal } from '../../src/domain/errors.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { totpCode } from '../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { countByKind, entriesOf, nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, StoppedClock } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { TwoApplications } from '../services/two-applications.ts';

const ROUNDS = Number(process.env.SELLO_RACE_ROUNDS ?? 100);
const CALLERS = 8;
const LARGE = { ...TRANSFER, amount: '900.00' };
const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

const clock = new StoppedClock();
let postgres: PostgresServer;
let servers: TwoApplications;
let session: Session;
let userId = 0;
let seeds: { readonly ocra: Uint8Array; readonly totp: Uint8Array };

before(async () => {
  postgres = await PostgresServer.start({ fast: true });
  servers = await TwoApplications.open(postgres, {
    clocks: [clock, clock],
    flags: {
      '--session-ttl-ms': '31536000000',
      '--policy-rules': '[{"when":{"amount_max":"100.00"},"require":["mac"]},{"require":["code"]}]',
      '--policy-unbound-proofs-allowed': 'true',
      '--policy-velocity': 'null',
      // The session began before the tokens.
      '--tcp-log-in-code-required': 'false',
    },
  });
  session = await registeredSession(servers.one, 'alice');
  userId = session.userId;
  seeds = { ocra: await activeToken('ocra'), totp: await activeToken('totp') };
});
after(async () => {
  await servers?.close();
  await postgres?.remove();
});

const context = (caller: number) => servers.of(caller).context;

async function activeToken(type: 'ocra' | 'totp'): Promise<Uint8Array> {
  const enrolled = await enrolToken(context(0), { userId, type });
  assert.ok('seed' in enrolled, JSON.stringify(enrolled));
  const { token, seed } = enrolled;
  const code = type === 'ocra' ? boundCode(hmac, seed, token.activationQuestion, clock.now()) : plain(seed);
  // At once on the other server, which knows its user without that token.
  assert.ok(!('refused' in (await activateToken(context(1), { userId, tokenId: token.tokenId, code }))));
  clock.advance(120_000);
  return seed;
}

function plain(seed: Uint8Array): string {
  return totpCode(hmac, seed, clock.now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
}

/** All at once: half of them at each server, some a few turns of the event loop later. */
function storm<T>(count: number, attempt: (caller: number) => Promise<T>): Promise<T[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, caller) => {
      for (let turn = 0; turn < Math.floor(caller / 2) % 3; turn++) await new Promise(setImmediate);
      return attempt(caller);
    }),
  );
}

const won = <T extends object>(outcomes: readonly (T | Refusal)[]): T[] =>
  outcomes.filter((outcome): outcome is T => !('refused' in outcome));

function assertOneWon(outcomes: readonly object[], lost: readonly string[]): void {
  assert.equal(won(outcomes).length, 1, JSON.stringify(outcomes));
  for (const outcome of outcomes) {
    if ('refused' in outcome) assert.ok(lost.includes(String(outcome.refused)), JSON.stringify(outcome));
  }
}

async function entriesByKind(id = userId) {
  return countByKind(await entriesOf(context(0), id));
}

async function added(kind: string, run: () => Promise<void>, id = userId): Promise<number> {
  const before = (await entriesByKind(id))[kind] ?? 0;
  await run();
  return ((await entriesByKind(id))[kind] ?? 0) - before;
}

describe('of callers at two servers exactly one wins', () => {
  test(`the same nonce, ${ROUNDS} rounds of ${CALLERS}`, async () => {
    const approvals = await added('transaction.approved', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const [challenge = ''] = await nonces(context(round), session, 1);
        const outcomes = await storm(CALLERS, (caller) =>
          authorise(context(caller), withMac(session, challenge)),
        );
        assertOneWon(outcomes, ['challenge_spent']);
      }
    });
    assert.equal(approvals, ROUNDS);
  });

  test(`the same idempotency key on fresh nonces, ${ROUNDS} rounds of ${CALLERS}`, async () => {
    const approvals = await added('transaction.approved', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const idempotency = { key: `k${round}`, digest: '0'.repeat(64) };
        const fresh = await nonces(context(round), session, CALLERS);
        const outcomes = won(
          await storm(CALLERS, (caller) =>
            authorise(context(caller), withMac(session, fresh[caller] ?? '', { idempotency })),
          ),
        );
        assert.equal(outcomes.length, CALLERS);
        assert.equal(outcomes.filter(({ repeated }) => !repeated).length, 1);
        assert.equal(new Set(outcomes.map(({ transactionId }) => transactionId)).size, 1);
      }
    });
    assert.equal(approvals, ROUNDS);
  });

  for (const kind of ['plain', 'bound'] as const) {
    test(`the same ${kind} code, ${ROUNDS} rounds of ${CALLERS}`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        clock.advance(60_000);
        const fresh = await nonces(context(round), session, CALLERS);
        const [one = ''] = fresh;
        const requests: AuthoriseRequest[] = fresh.map((challenge) =>
          kind === 'plain'
            ? { session, transfer: LARGE, challenge, code: plain(seeds.totp) }
            : {
                ...{ session, transfer: LARGE, challenge: one },
                code: boundCode(
                  hmac,
                  seeds.ocra,
                  boundQuestion({ ...LARGE, challenge: one, v: 1 }),
                  clock.now(),
                ),
              },
        );
        const outcomes = await storm(CALLERS, (caller) =>
          authorise(context(caller), requests[caller] as AuthoriseRequest),
        );
        assertOneWon(outcomes, kind === 'plain' ? ['code_spent', 'locked'] : ['challenge_spent']);
        assert.deepEqual(await unlockUser(context(round), userId), { userId });
      }
    });
  }

  test(`approve, refuse, cancel, expire, ${ROUNDS} rounds`, async () => {
    const winners: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round++) {
      clock.advance(60_000);
      const row = await requestTransaction(context(round), { userId, transfer: LARGE, serviceId: 'shop' });
      assert.ok(!('refused' in row), JSON.stringify(row));
      // Over by then for who expires it, and not yet for who approves it.
      const { amount, challenge, currency, payee, payer, transactionId } = row;
      const question = boundQuestion({ amount, challenge, currency, payee, payer, v: 1 });
      const common = { userId, transactionId };
      const code = boundCode(hmac, seeds.ocra, question, clock.now());
      if (round % 4 === 0) clock.advance(row.expiresAt - clock.now() + 1);
      const attempts: readonly DecideTransactionRequest[] = [
        { ...common, decision: 'approve', session, code },
        { ...common, decision: 'refuse', session },
        { ...common, decision: 'cancel', serviceId: 'shop' },
        { ...common, decision: 'expire' },
      ];
      const outcomes = await storm(CALLERS, (caller) =>
        decideTransaction(context(caller + round), attempts[(caller >> 1) % 4] as DecideTransactionRequest),
      );
      assertOneWon(outcomes, ['transaction_decided', 'challenge_expired']);
      const [winner] = won(outcomes);
      winners[winner?.status ?? ''] = (winners[winner?.status ?? ''] ?? 0) + 1;
    }
    assert.equal(
      Object.values(winners).reduce((sum, count) => sum + count, 0),
      ROUNDS,
    );
  });

  test(`guesses beyond the lock-out: three are evaluated of ${2 * CALLERS}, ${ROUNDS} times over`, async () => {
    const wrong = await added('code.refused code_wrong', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const row = await requestTransaction(context(round), { userId, transfer: LARGE, serviceId: 'shop' });
        assert.ok(!('refused' in row), JSON.stringify(row));
        const { transactionId } = row;
        const outcomes = await storm(2 * CALLERS, (caller) =>
          decideTransaction(context(caller), {
            ...{ userId, transactionId, decision: 'approve', session },
            code: String(caller).padStart(6, '0'),
          }),
        );
        const reasons = outcomes.map((outcome) => ('refused' in outcome ? outcome.refused : 'approved'));
        assert.equal(reasons.filter((reason) => reason === 'code_wrong').length, 3, reasons.join());
        assert.equal(reasons.filter((reason) => reason === 'locked').length, 2 * CALLERS - 3);
        // Unlocked by one server, on which the other is right at its next request.
        assert.deepEqual(await unlockUser(context(round), userId), { userId });
        const question = boundQuestion({ ...LARGE, challenge: row.challenge, v: 1 });
        clock.advance(60_000);
        const approved = await decideTransaction(context(round + 1), {
          ...{ userId, transactionId, decision: 'approve', session },
          code: boundCode(hmac, seeds.ocra, question, clock.now()),
        });
        assert.ok(!('refused' in approved), JSON.stringify(approved));
      }
    });
    assert.equal(wrong, 3 * ROUNDS);
  });

  test(`registrations of one name, ${ROUNDS / 4} rounds`, async () => {
    for (let round = 0; round < ROUNDS / 4; round++) {
      const username = `rival${round}`;
      const outcomes = await storm(4, (caller) =>
        createUser(context(caller), { username, password: PASSWORD, role: 'user' }),
      );
      assertOneWon(outcomes, ['username_taken']);
    }
  });

  test(`an invitation to enrol, ${ROUNDS / 2} rounds of ${CALLERS}`, async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const deviceKey = publicKey.export({ format: 'jwk' }) as never;
    for (let round = 0; round < ROUNDS / 2; round++) {
      const id = (await context(0).store.findUser(`rival${round % 8}`))?.userId ?? 0;
      const invitation = await inviteDevice(context(round), { userId: id, by: 'root' });
      assert.ok('code' in invitation, JSON.stringify(invitation));
      const outcomes = await storm(CALLERS, (caller) =>
        claimEnrolment(context(caller), {
          ...{ code: invitation.code, deviceKey, label: 'phone', type: 'totp', password: PASSWORD },
          address: `192.0.2.${round}.${caller}`,
        }),
      );
      assertOneWon(outcomes, ['enrolment_unknown']);
      const [record] = await context(0).store.load([id], Number.POSITIVE_INFINITY);
      const waiting = record?.tokens.filter(({ status }) => status === 'pending') ?? [];
      assert.equal(waiting.length, 1, 'one token an invitation');
      await revokeToken(context(round), id, waiting[0]?.tokenId ?? '');
    }
  });

  test('no unit of work was a deadlock’s victim', async (t) => {
    const [row] = await postgres.query('SELECT sum(deadlocks)::int AS deadlocks FROM pg_stat_database');
    const counted = [servers.one, servers.two].map(({ context: { decider } }) => decider.counters);
    t.diagnostic(
      `deadlocks=${String(row?.deadlocks)}, superseded=${counted.map((each) => each.superseded).join('+')}`,
    );
    assert.equal(row?.deadlocks, 0);
    assert.ok(
      counted.every(({ superseded }) => superseded > 0),
      'the servers never met',
    );
  });
});
