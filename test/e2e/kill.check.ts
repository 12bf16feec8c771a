/*
 * Goal: kill -9 at any moment loses nothing that was acknowledged and executes nothing twice.
 * Method: the real server under pipelined load of several users is killed at a random moment, fifty times, on the same
 * data folder. What had no answer is sent again with its idempotency key after the restart. Every transfer has a payee
 * of its own, so the journal tells how often each was executed. Log-ins, registrations and the count of wrong passwords
 * are carried across kills, too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientAnswer, ConnectionLost } from '../../src/client/tcp-client.ts';
import { temporaryFolder } from '../services/application.ts';
import { until } from '../waiting.ts';
import { Customer, expectOk, PASSWORD, type SentTransfer } from './customer.ts';
import { readJournal } from './journal.ts';
import { ServerProcess } from './server-process.ts';

const KILLS = 50;
const USERS = 6;
const OUTSTANDING = 24;
const KILL_AFTER_MS_MAX = 120;

/** What became of a request: an answer, or the connection was lost before one came. */
async function answerOf(request: Promise<ClientAnswer>): Promise<ClientAnswer | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ConnectionLost) return undefined;
    throw error;
  }
}

test(`killed ${KILLS} times under load: nothing lost, nothing twice`, async (t) => {
  const folder = await temporaryFolder(t);
  const customers = Array.from({ length: USERS }, (_, index) => new Customer(`user${index}`));
  const unanswered = new Map<Customer, SentTransfer[]>(customers.map((customer) => [customer, []]));
  /** Transaction id by payee. */
  const acknowledged = new Map<string, string>();
  const sent = new Set<string>();
  const registered = new Set<string>();
  const counts = { acknowledged: 0, retried: 0, executedBefore: 0, executedByRetry: 0, startsKilled: 0 };

  function acknowledge(transfer: SentTransfer, answer: ClientAnswer): void {
    const payee = transfer.data.split(',')[1] ?? '';
    const id = String(expectOk(answer).transaccion);
    const known = acknowledged.get(payee);
    if (known !== undefined) assert.equal(id, known, 'a retry answers with the same transaction');
    acknowledged.set(payee, id);
  }

  /** Sends transfers, a number of them outstanding at a time, until the connection is lost. */
  async function load(customer: Customer, round: number): Promise<void> {
    const lost = unanswered.get(customer) ?? [];
    let next = 0;
    let over = false;
    const lane = async () => {
      while (!over && customer.noncesLeft > 0) {
        const payee = `${customer.username}-${round}-${next++}`;
        const transfer = { data: `CuentaA,${payee},0.01`, idempotencyKey: payee };
        sent.add(payee);
        const answer = await answerOf(customer.send(transfer));
        if (answer) {
          acknowledge(transfer, answer);
          counts.acknowledged++;
        } else {
          lost.push(transfer);
          over = true;
        }
      }
    };
    await Promise.all(Array.from({ length: OUTSTANDING }, lane));
  }

  async function retry(customer: Customer): Promise<void> {
    const lost = unanswered.get(customer) ?? [];
    if (lost.length === 0) return;
    await customer.fetchNonces(lost.length);
    await Promise.all(
      lost.splice(0).map(async (transfer) => {
        const answer = await customer.send(transfer);
        acknowledge(transfer, answer);
        counts.retried++;
        if (answer.repetida) counts.executedBefore++;
        else counts.executedByRetry++;
      }),
    );
  }

  let server = await ServerProcess.start({ folder });
  t.after(() => server.kill());
  for (const customer of [...customers, new Customer('mallory')])
    await customer.arrive(await server.connect());

  const startedAt = performance.now();
  for (let kill = 0; kill < KILLS; kill++) {
    for (const customer of customers) await customer.resume(await server.connect());
    await Promise.all(customers.map(retry));
    await Promise.all(customers.map((customer) => customer.fetchNonces(900)));
    const stranger = await server.connect();

    const guess = { accion: 'login', username: 'mallory', password: 'adivinada' };
    if (kill < 3) {
      const answer = await stranger.request(guess);
      assert.equal(answer.error, 'credentials_invalid', 'wrong passwords are counted across kills');
      assert.equal('reintentar_ms' in answer, kill === 2);
    } else if (kill === 3) {
      const answer = await stranger.request({ ...guess, password: PASSWORD });
      assert.equal(answer.error, 'locked', 'the lock holds after a kill');
      assert.ok(Number(answer.reintentar_ms) <= 30_000);
    }

    // One of them logs in anew meanwhile, and somebody registers: each is acknowledged, or it is not.
    const changing = customers[kill % USERS] as Customer;
    const name = `new${kill}`;
    const working = Promise.all([
      ...customers.map((customer) => load(customer, kill)),
      answerOf(stranger.request({ accion: 'register', username: name, password: PASSWORD })).then(
        (answer) => {
          if (answer && expectOk(answer)) registered.add(name);
        },
      ),
      server
        .connect()
        .then((client) =>
          answerOf(client.request({ accion: 'login', username: changing.username, password: PASSWORD })),
        )
        .then((answer) => {
          if (answer) changing.secret = String(expectOk(answer).sesion);
        }),
    ]);
    // Every other time there is load for certain first, however slow the machine is.
    const before = counts.acknowledged;
    if (kill % 2 === 0) await until(() => counts.acknowledged > before + 2 * USERS);
    await delay(Math.random() * KILL_AFTER_MS_MAX);
    await server.kill();
    await working;

    if (kill % 10 === 9) {
      // Killed while it starts as well.
      const starting = ServerProcess.launch({ folder });
      await delay(100 + Math.random() * 400);
      await starting.kill();
      counts.startsKilled++;
    }
    server = await ServerProcess.start({ folder });
  }
  const seconds = (performance.now() - startedAt) / 1000;

  for (const customer of customers) {
    await customer.resume(await server.connect());
    await retry(customer);
  }
  const client = await server.connect();
  for (const username of registered) {
    const again = await client.request({ accion: 'register', username, password: PASSWORD });
    assert.equal(again.error, 'username_taken', `${username} was acknowledged`);
  }
  assert.deepEqual(await server.stop(), { code: 0, signal: null });

  const executed = new Map<string, string[]>();
  for (const { type, transaction } of await readJournal(folder)) {
    if (type !== 'transaction.approved' || !transaction) continue;
    executed.set(transaction.payee, [...(executed.get(transaction.payee) ?? []), transaction.id]);
  }
  const lost = [...acknowledged].filter(([payee, id]) => !executed.get(payee)?.includes(id));
  const duplicated = [...executed].filter(([, ids]) => ids.length > 1);
  t.diagnostic(
    `${KILLS} kills under load and ${counts.startsKilled} during a start in ${seconds.toFixed(1)} s: ` +
      `${counts.acknowledged} acknowledged, ${counts.retried} retried (${counts.executedBefore} had been executed, ` +
      `${counts.executedByRetry} were executed by the retry), duplicated=${duplicated.length}, lost=${lost.length}`,
  );
  assert.deepEqual(lost, []);
  assert.deepEqual(duplicated, []);
  // All that was ever sent has its answer by now, and nothing else was executed.
  assert.deepEqual(new Set(executed.keys()), sent);
  assert.equal(acknowledged.size, sent.size);
  assert.ok(counts.acknowledged > KILLS * USERS, 'there was load');
  assert.ok(counts.retried > KILLS, 'there were requests without an answer');
  assert.ok(counts.executedBefore > 0 && counts.executedByRetry > 0, 'kills hit both sides of a commit');
});
