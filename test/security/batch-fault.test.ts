import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../src/application/decisions/job.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { entriesOf, nonces, withMac } from '../application/decisions/rewired.ts';
import { registeredSession, testApplication } from '../services/application.ts';

test('a decision that throws, wherever it does, fails no other decision of its batch', async (t) => {
  const application = await testApplication(t);
  const { context } = application;
  const { decider } = context;
  const alice = await registeredSession(application, 'alice');
  const bob = await registeredSession(application, 'bob');
  const fault = () => {
    throw new Error('a bug');
  };
  const decide: Job<string>['decide'] = (user) => ({
    result: 'done',
    draft: { type: 'admin.test', state: user?.state ?? {} },
  });
  const faulty: readonly Job<string>[] = [
    { userId: alice.userId, decide, evidence: fault },
    { userId: alice.userId, decide: fault },
    {
      userId: alice.userId,
      decide: (user) => ({
        result: 'done',
        draft: { type: 'admin.test', state: user?.state ?? {}, rowsOfEntry: fault },
      }),
    },
    {
      userId: alice.userId,
      decide: () => ({
        result: 'done',
        draft: { type: 'admin.test', state: { tokens: BigInt(1) as never } },
      }),
    },
  ];
  const [first = '', second = ''] = await nonces(context, alice, 2);
  const [third = ''] = await nonces(context, bob, 1);
  const batches = decider.counters.batches;
  const good = [authorise(context, withMac(alice, first))];
  const bad = faulty.map((job) => decider.submit(job));
  good.push(authorise(context, withMac(alice, second)), authorise(context, withMac(bob, third)));
  const ends = await Promise.allSettled(bad);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected', 'rejected'],
  );
  for (const outcome of await Promise.all(good))
    assert.ok('transactionId' in outcome, JSON.stringify(outcome));
  assert.equal(decider.counters.batches, batches + 1, 'all were in one batch');
  const types = (await entriesOf(context, alice.userId)).map(({ type }) => type);
  assert.deepEqual(types, [
    'user.registered',
    'login.accepted',
    'transaction.approved',
    'transaction.approved',
  ]);
});
