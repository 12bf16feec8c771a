/*
 * Goal: of many registrations of one name exactly one is made.
 * Method: parallel calls on one server and on three with one store.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUser } from '../../src/application/users/register-user.ts';
import { rewired } from '../application/decisions/rewired.ts';
import { testApplication } from '../services/application.ts';

const address = '127.0.0.1';

test('of forty parallel registrations of a name exactly one is made, five times', async (t) => {
  const application = await testApplication(t);
  const { services, context } = application;
  for (let round = 0; round < 5; round++) {
    const username = `alice${round}`;
    const password = (n: number) => `secreto ${n}`;
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        for (let turn = 0; turn < n % 3; turn++) await new Promise(setImmediate);
        return services.registerUser({ username, password: password(n), address });
      }),
    );
    const winners = outcomes.flatMap((outcome, n) => ('userId' in outcome ? [n] : []));
    assert.equal(winners.length, 1);
    for (const outcome of outcomes) if ('refused' in outcome) assert.equal(outcome.refused, 'username_taken');
    // The winner's password is the one that opens, and the losers' are not.
    const [winner = -1] = winners;
    const right = await services.logIn({ username, password: password(winner), address });
    assert.ok('secret' in right);
    const wrong = await services.logIn({ username, password: password((winner + 1) % 40), address });
    assert.ok('refused' in wrong && wrong.refused === 'credentials_invalid');
  }
  const users = await context.store.listUsers({ after: 0, limit: 100 });
  assert.equal(users.length, 5);
  const types = (await context.store.readJournal({ after: 0, limit: 10_000 })).map(({ type }) => type);
  assert.equal(types.filter((type) => type === 'user.registered').length, 5);
});

test('on three servers of one store as well', async (t) => {
  const application = await testApplication(t);
  const servers = [1, 2, 3].map(() => rewired(application, {}));
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, (_, n) => {
      const server = servers[n % 3];
      assert.ok(server);
      return createUser(server, { username: 'alice', password: `secreto ${n}`, role: 'user' });
    }),
  );
  assert.equal(outcomes.filter((outcome) => 'userId' in outcome).length, 1);
  assert.equal(outcomes.filter((o) => 'refused' in o && o.refused === 'username_taken').length, 29);
});

test('many names at once: those beyond the queue are asked to retry, and none is half registered', async (t) => {
  const application = await testApplication(t);
  const { services, context } = application;
  const outcomes = await Promise.all(
    Array.from({ length: 400 }, (_, n) =>
      services.registerUser({ username: `u${n}`, password: 'secreto', address }),
    ),
  );
  const made = outcomes.filter((outcome) => 'userId' in outcome).length;
  const busy = outcomes.filter((o) => 'refused' in o && o.refused === 'busy');
  assert.equal(made + busy.length, 400);
  assert.ok(busy.length > 0 && made > 0);
  for (const outcome of busy) assert.ok('refused' in outcome && (outcome.retryAfterMs ?? 0) >= 250);
  assert.equal((await context.store.listUsers({ after: 0, limit: 1_000 })).length, made);
});
