/*
 * Goal: without ids, answers keep the order of their messages; with ids, they come as they finish; a message that changes
 * the session is a barrier.
 * Method: calls that the test holds back and releases in reverse.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { refuse } from '../../../src/domain/errors.ts';
import { until } from '../../waiting.ts';
import { ALICE, Client, fixtureNonce, startFixture } from './tcp-fixture.ts';

function transfer(payee: string, more: object = {}): object {
  return { accion: 'transaccion', data: `A,${payee},1`, nonce: fixtureNonce(0), ...more };
}

test('without ids: one after the other, answered in order', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  services.trace.length = 0;
  const payees = Array.from({ length: 200 }, (_, index) => `P${index}`);
  client.send(payees.map((payee) => `${JSON.stringify(transfer(payee))}\n`).join(''));
  const answers = await client.answers(payees.length);
  assert.deepEqual(
    answers.map(({ mensaje }) => mensaje),
    payees.map((payee) => `Transferencia registrada: A,${payee},1`),
  );
  assert.deepEqual(
    services.trace,
    payees.flatMap((payee) => [`> ${payee}`, `< ${payee}`]),
  );
});

test('pipelined without ids, a transaction answers the challenge asked for before it', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.connect(t, port);
  const ask = { accion: 'pet_transaccion' };
  const answer = { accion: 'transaccion', data: 'A,B,1', mac: 'x' };
  client.send(ALICE, ask, answer, ask, answer, ask, ask, answer);
  await client.answers(8);
  assert.deepEqual(
    services.requests.map(({ challenge }) => challenge),
    [0, 1, 3].map(fixtureNonce),
  );
});

test('with ids: all under way at once, answered as they finish', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  services.hold();
  client.send(...[1, 2, 3].map((id) => transfer(`P${id}`, { id })));
  await until(() => services.held === 3);
  services.release();
  assert.deepEqual(
    (await client.answers(3)).map(({ id }) => id),
    [3, 2, 1],
  );
});

test('a malformed message without an id keeps its place', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  services.hold();
  client.send(transfer('P1'), 'rubbish\n', transfer('P2'));
  await until(() => services.held === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(client.unread, 0);
  services.release();
  assert.deepEqual(
    (await client.answers(3)).map(({ error }) => error),
    [undefined, 'json_invalid', undefined],
  );
});

for (const barrier of [
  ALICE,
  { accion: 'logout' },
  { accion: 'reanudar', sesion: 'secret-of-bob' },
  { accion: 'register', username: 'new', password: 'x' },
]) {
  test(`${barrier.accion} waits for all before it, and all after it wait`, async (t) => {
    const { port, services } = await startFixture(t);
    const client = await Client.loggedIn(t, port);
    services.trace.length = 0;
    services.hold();
    client.send(transfer('P1', { id: 1 }), transfer('P2', { id: 2 }), { ...barrier, id: 3 });
    client.send(transfer('P4', { id: 4 }), transfer('P5'));
    await until(() => services.held === 2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(services.trace, ['> P1', '> P2'], 'the barrier has not started');
    services.release();
    services.hold();
    await until(() => services.held === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(services.trace.length, 5, 'nothing starts beside the barrier');
    services.release();
    const answers = await client.answers(5);
    assert.deepEqual(
      answers.slice(0, 3).map(({ id }) => id),
      [2, 1, 3],
    );
    const expected = barrier.accion === 'logout' ? 'session_required' : undefined;
    assert.deepEqual(
      answers.slice(3).map(({ error }) => error),
      [expected, expected],
    );
    const users = services.requests.slice(2).map(({ session }) => session.username);
    assert.ok(users.every((name) => name === (barrier.accion === 'reanudar' ? 'bob' : 'alice')));
  });
}

test('the answers of one turn go out in one write', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  // A refusal takes more steps to its answer than an approval does.
  let asked = 0;
  const refused = refuse('bound_code_required');
  const approved = { transactionId: 'x', at: 0, version: 1, repeated: false };
  services.outcome = async ({ transfer }) => (asked++ % 2 === 0 ? refused : { ...approved, transfer });
  services.hold();
  client.send(Array.from({ length: 64 }, (_, id) => `${JSON.stringify(transfer('P', { id }))}\n`).join(''));
  await until(() => services.held === 64);
  const chunks: string[] = [];
  client.socket.on('data', (text) => chunks.push(String(text)));
  services.release();
  const statuses = new Set((await client.answers(64)).map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), ['ERROR', 'OK']);
  assert.equal(chunks.length, 1);
});

test('connections do not wait for each other', async (t) => {
  const { port, services } = await startFixture(t);
  const slow = await Client.loggedIn(t, port);
  const other = await Client.loggedIn(t, port);
  services.hold();
  slow.send(transfer('P1'));
  await until(() => services.held === 1);
  assert.equal((await other.ask('rubbish\n')).error, 'json_invalid');
  services.release();
  assert.equal((await slow.answer()).status, 'OK');
});
