/*
 * Goal: clients who send as much as they can hold the decisions of others up by a few batches, whatever they send, and
 * do not take the places of others.
 * Method: the real application, its store held back until the queue is as long as attackers can make it. Batches are
 * counted, not times.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Decider } from '../../src/application/decisions/decider.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import type { Application } from '../../src/compose.ts';
import { StoreUnavailable } from '../../src/domain/errors.ts';
import { LIMITS } from '../../src/limits.ts';
import { nonces, withMac } from '../application/decisions/rewired.ts';
import { laboratory } from '../lab/laboratory.ts';
import { PASSWORD, registeredSession, testApplication } from '../services/application.ts';
import { until } from '../waiting.ts';

/** The order of arrival, then one batch by turns, and the one that was under way. */
const BATCHES_MAX = LIMITS.jobsInArrivalOrderMax / LIMITS.batchMax + 2;

/** Appends wait until the returned function is called. */
function holdAppends({ store }: Application): () => void {
  const gate = Promise.withResolvers<void>();
  const append = store.append.bind(store);
  store.append = async (decisions) => {
    await gate.promise;
    return append(decisions);
  };
  return gate.resolve;
}

/** @returns how many batches were decided until the promise was fulfilled, and with what */
async function batchesUntil<T>(decider: Decider, promise: Promise<T>): Promise<readonly [number, T]> {
  let batches = 0;
  const end = decider.subscribeBatches(() => batches++);
  const result = await promise;
  end();
  return [batches, result];
}

/** Resumes a session over TCP, and sends as many transfers without a valid challenge as one connection may have under way. */
async function flood(t: TestContext, port: number, secret: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(`${JSON.stringify({ accion: 'reanudar', sesion: secret })}\n`);
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /"status":"OK"/);
  const nonce = '0'.repeat(64);
  for (let id = 0; id < LIMITS.pendingMessagesMax; id++) {
    socket.write(`${JSON.stringify({ id, accion: 'transaccion', data: 'A,B,1.00', nonce })}\n`);
  }
  socket.resume();
}

test('sixteen connections that send all they may delay another user’s transfer by a few batches', async (t) => {
  const { application, target } = await laboratory(t);
  const { context, services } = application;
  const honest = await registeredSession(application, 'honest');
  const [challenge = ''] = await nonces(context, honest, 1);
  const secrets: string[] = [];
  for (let n = 0; n < 4; n++) {
    await registeredSession(application, `mallory${n}`);
    for (let each = 0; each < 4; each++) {
      const made = await services.logIn({
        username: `mallory${n}`,
        password: PASSWORD,
        address: '127.0.0.1',
      });
      assert.ok('secret' in made);
      secrets.push(made.secret);
    }
  }
  const release = holdAppends(application);
  for (const secret of secrets) await flood(t, target.endpoint.port, secret);
  await until(() => context.decider.queueLength > 16 * LIMITS.batchMax);
  const decided = authorise(context, withMac(honest, challenge));
  release();
  const [batches, outcome] = await batchesUntil(context.decider, decided);
  assert.ok('transactionId' in outcome, JSON.stringify(outcome));
  assert.ok(batches <= BATCHES_MAX, `${batches} batches`);
  assert.ok(context.decider.queueLength > LIMITS.batchMax, 'the others still wait');
});

test('in a queue that sixteen users have filled, another one’s transfer takes the place of one of theirs', async (t) => {
  const application = await testApplication(t);
  const { context } = application;
  const honest = await registeredSession(application, 'honest');
  const issued = await nonces(context, honest, 3);
  const refusedOf = new Map<number, number>();
  const flooded: Promise<unknown>[] = [];
  for (let n = 0; n < LIMITS.pendingJobsMax + LIMITS.batchMax; n++) {
    const userId = 1_000 + (n % 16);
    const submitted = context.decider.submit({ userId, decide: () => ({ result: undefined }) });
    flooded.push(
      submitted.catch((error) => {
        assert.ok(error instanceof StoreUnavailable);
        refusedOf.set(userId, (refusedOf.get(userId) ?? 0) + 1);
      }),
    );
  }
  assert.equal(context.decider.queueLength, LIMITS.pendingJobsMax);
  const decided = Promise.all(issued.map((nonce) => authorise(context, withMac(honest, nonce))));
  assert.equal(context.decider.queueLength, LIMITS.pendingJobsMax);
  const [batches, outcomes] = await batchesUntil(context.decider, decided);
  assert.ok(outcomes.every((outcome) => 'transactionId' in outcome));
  assert.ok(batches <= BATCHES_MAX, `${batches} batches`);
  await Promise.all(flooded);
  assert.equal(
    [...refusedOf.values()].reduce((sum, count) => sum + count, 0),
    LIMITS.batchMax + issued.length,
  );
});
