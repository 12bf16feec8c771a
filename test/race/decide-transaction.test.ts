/*
 * Goal: of approval, refusal, cancellation and expiry exactly one decides a transaction.
 * Method: all start at once, in a different order in each of many rounds; the entries of the journal are counted.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import {
  type DecideTransactionRequest,
  decideTransaction,
} from '../../src/application/transactions/decide-transaction.ts';
import { findTransaction } from '../../src/application/transactions/find-transactions.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import { Maintenance } from '../../src/application/upkeep/maintenance.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import type { TransactionRow } from '../../src/ports/store.ts';
import { registeredSession, StoppedClock, testApplication } from '../services/application.ts';

const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };
const ROUNDS = 1_000;
const WORDS = { approve: 'approved', refuse: 'refused', cancel: 'cancelled', expire: 'expired' } as const;

async function arena(t: Parameters<typeof testApplication>[0]) {
  const clock = new StoppedClock();
  // The rounds take more of the clock than a day.
  const application = await testApplication(t, {
    clock,
    maintenance: false,
    flags: { '--session-ttl-ms': '31536000000' },
  });
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const { userId } = session;
  const enrolled = await enrolToken(context, { userId, type: 'ocra' });
  assert.ok('seed' in enrolled);
  const codeOf = (question: string) =>
    boundCode(
      (algorithm, key, message) => createHmac(algorithm, key).update(message).digest(),
      enrolled.seed,
      question,
      clock.now(),
    );
  const { tokenId, activationQuestion } = enrolled.token;
  assert.ok(
    !('refused' in (await activateToken(context, { userId, tokenId, code: codeOf(activationQuestion) }))),
  );

  const request = async () => {
    const requested = await requestTransaction(context, { userId, transfer: TRANSFER, serviceId: 'shop' });
    assert.ok(!('refused' in requested), JSON.stringify(requested));
    return requested;
  };
  const attempt = (row: TransactionRow, decision: keyof typeof WORDS) => {
    const { amount, challenge, currency, payee, payer, transactionId } = row;
    const common = { userId, transactionId };
    const requests: Record<keyof typeof WORDS, () => DecideTransactionRequest> = {
      approve: () => ({
        ...common,
        decision: 'approve',
        session,
        code: codeOf(boundQuestion({ amount, challenge, currency, payee, payer, v: 1 })),
      }),
      refuse: () => ({ ...common, decision: 'refuse', session }),
      cancel: () => ({ ...common, decision: 'cancel', serviceId: 'shop' }),
      expire: () => ({ ...common, decision: 'expire' }),
    };
    return decideTransaction(context, requests[decision]());
  };
  return { clock, context, userId, request, attempt };
}

type Arena = Awaited<ReturnType<typeof arena>>;

/** All at once, begun in an order of its own each time. @returns the decision that won */
async function race(
  { context, userId, attempt }: Arena,
  row: TransactionRow,
  entrants: (keyof typeof WORDS)[],
) {
  const outcomes = await Promise.all(
    entrants.map(async (decision) => {
      await aMoment();
      return attempt(row, decision);
    }),
  );
  const winners = outcomes.flatMap((outcome, index) =>
    'refused' in outcome ? [] : [entrants[index] ?? assert.fail()],
  );
  assert.equal(winners.length, 1, JSON.stringify(outcomes));
  const [winner = assert.fail()] = winners;
  for (const outcome of outcomes) {
    if ('refused' in outcome)
      assert.ok(['transaction_decided', 'challenge_expired'].includes(outcome.refused));
  }
  const view = await findTransaction(context, userId, row.transactionId);
  assert.equal(view?.status, WORDS[winner]);
  return winner;
}

/** Mulberry32: the same numbers at each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomNumbers(7);

function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values];
  return values.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T);
}

/** In this batch, or in one of the next. */
async function aMoment(): Promise<void> {
  for (let turns = Math.floor(random() * 4); turns > 0; turns--) await new Promise(setImmediate);
}

test(`exactly one of approval, refusal, cancellation and expiry decides: ${ROUNDS} rounds`, async (t) => {
  const parts = await arena(t);
  const wins = { approve: 0, refuse: 0, cancel: 0, expire: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const row = await parts.request();
    // Every other round their time is over: then no approval counts, and the clock is one of those who try.
    const over = round % 2 === 1;
    if (over) parts.clock.advance(row.expiresAt - parts.clock.now() + 1);
    const entrants = shuffled([
      'approve',
      'refuse',
      'cancel',
      'expire',
      'approve',
      'refuse',
      'cancel',
      'expire',
    ] as const);
    const winner = await race(parts, row, entrants);
    assert.ok(winner !== (over ? 'approve' : 'expire'));
    wins[winner]++;
  }
  t.diagnostic(JSON.stringify(wins));
  for (const [decision, count] of Object.entries(wins)) assert.ok(count > 50, `${decision} won ${count}`);
});

test('of 400 at once exactly one decides, and no other code is used up or counted', async (t) => {
  const parts = await arena(t);
  const { context, userId } = parts;
  for (let round = 0; round < 5; round++) {
    const row = await parts.request();
    const entrants = Array.from(
      { length: 400 },
      (_, index) => (['approve', 'refuse', 'cancel'] as const)[index % 3] ?? 'cancel',
    );
    await race(parts, row, shuffled(entrants));
  }
  const entries = await context.store.readUserJournal(userId, {
    below: Number.POSITIVE_INFINITY,
    limit: 1_000,
  });
  assert.equal(entries.filter(({ type }) => type === 'code.refused').length, 0);
  assert.equal(entries.filter(({ type }) => type.startsWith('transaction.')).length, 10);
});

test('maintenance expires overdue transactions while users and services decide', async (t) => {
  const { clock, context, userId, request, attempt } = await arena(t);
  const maintenance = new Maintenance(context, (error) => assert.fail(String(error)));
  for (let round = 0; round < 50; round++) {
    const rows = await Promise.all(Array.from({ length: 8 }, () => request()));
    clock.advance(120_001);
    const outcomes = await Promise.all([
      maintenance.expire(),
      ...rows.map((row, index) => attempt(row, index % 2 === 0 ? 'refuse' : 'cancel')),
    ]);
    const decided = outcomes.slice(1).filter((outcome) => outcome && !('refused' in outcome)).length;
    const views = await Promise.all(
      rows.map(({ transactionId }) => findTransaction(context, userId, transactionId)),
    );
    const expired = views.filter((view) => view?.status === 'expired').length;
    assert.equal(decided + expired, rows.length);
  }
});
