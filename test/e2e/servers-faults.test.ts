/*
 * Goal: two processes on one database behave as one. When one of two servers behind HAProxy is killed or hangs, clients
 * that retry with their idempotency key see every transaction decided exactly once, and each of them goes on.
 * Method: real processes throughout; customers send over TCP and HTTP without a pause; the journal is compared with their
 * answers. Pauses are printed and not judged, because machines have other work: test/deploy/compose.check.ts judges them.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Customer, HttpCustomer, TcpCustomer } from '../../scripts/drill/customers.ts';
import { encodeTransaction } from '../../src/domain/transaction/canonical-transaction.ts';
import { Cluster } from '../services/cluster.ts';
import { until } from '../waiting.ts';

const ROUNDS = Number(process.env.SELLO_RACE_ROUNDS ?? 40);
const PASSWORD = 'secreto';
const CUSTOMERS = 3;
const LOAD_MS = 1_000;
const FAULT_MS = 2_500;

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start({ names: ['a', 'b'] });
});
after(() => cluster?.remove());

interface Answer {
  readonly id?: string;
  readonly access_token?: string;
  readonly challenges?: readonly { readonly nonce: string }[];
}

/** Straight to one of the servers. */
async function post(server: string, path: string, body: object, headers: Record<string, string> = {}) {
  const answer = await fetch(cluster.httpOf(server) + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, json: (await answer.json()) as Answer };
}

test(`two processes at once: a nonce, a key, a name; ${ROUNDS} rounds each`, async (t) => {
  const credentials = { username: 'racer', password: PASSWORD };
  assert.equal((await post('a', '/v1/users', credentials)).status, 201);
  const { json: session } = await post('a', '/v1/sessions', credentials);
  const authorization = `Bearer ${session.access_token}`;
  const transfer = { payer: 'CuentaA', payee: 'CuentaB', amount: '1.00', currency: 'EUR' };
  const key = createHash('sha256').update(PASSWORD).digest();
  const macOf = (nonce: string) =>
    createHmac('sha256', key)
      .update(encodeTransaction({ ...transfer, challenge: nonce, v: 1 }))
      .digest('hex');
  const pay = (server: string, nonce: string, more: Record<string, string> = {}) =>
    post(server, '/v1/transactions', { ...transfer, nonce, mac: macOf(nonce) }, { authorization, ...more });
  const challenges = async (server: string, count: number) => {
    const { json } = await post(server, '/v1/challenges', { count }, { authorization });
    return (json.challenges ?? []).map(({ nonce }) => nonce);
  };
  const servers = ['a', 'b', 'a', 'b'];
  for (let round = 0; round < ROUNDS; round++) {
    const [nonce = ''] = await challenges(servers[round % 2] ?? 'a', 1);
    const outcomes = await Promise.all(servers.map((server) => pay(server, nonce)));
    const statuses = outcomes.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 201).length, 1, JSON.stringify(outcomes));
  }
  for (let round = 0; round < ROUNDS; round++) {
    const fresh = await challenges(servers[round % 2] ?? 'a', servers.length);
    const outcomes = await Promise.all(
      servers.map((server, n) => pay(server, fresh[n] ?? '', { 'idempotency-key': `race-${round}` })),
    );
    assert.ok(
      outcomes.every(({ status }) => status === 201 || status === 200),
      JSON.stringify(outcomes),
    );
    assert.equal(new Set(outcomes.map(({ json }) => json.id)).size, 1);
  }
  for (let round = 0; round < ROUNDS / 10; round++) {
    const username = `name${round}`;
    const outcomes = await Promise.all(
      ['a', 'b'].map((server) => post(server, '/v1/users', { username, password: PASSWORD })),
    );
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), [201, 409]);
  }
  const approvals = (await cluster.approved()).get('CuentaB') ?? [];
  assert.equal(approvals.length, 2 * ROUNDS);
  const [row] = await cluster.postgres.query('SELECT sum(deadlocks)::int AS deadlocks FROM pg_stat_database');
  t.diagnostic(
    `rounds=${ROUNDS}+${ROUNDS}+${ROUNDS / 10} winners=1 each, deadlocks=${String(row?.deadlocks)}`,
  );
  assert.equal(row?.deadlocks, 0);
});

test('one is killed, one hangs: each transaction is decided once, and clients go on', async (t) => {
  const front = [{ tcpPort: cluster.tcpPort, http: cluster.http }];
  const customers: Customer[] = [];
  for (let n = 0; n < CUSTOMERS; n++) {
    customers.push(new TcpCustomer(`tcp${n}`, front, 0), new HttpCustomer(`http${n}`, front, 0));
  }
  for (const customer of customers) await customer.arrive();
  const load = { over: false };
  const working = customers.map((customer) => customer.work(load));
  /** The longest time that any of them waited for an answer since this was asked last. */
  const longest = () => Math.round(Math.max(...customers.map((customer) => customer.takePause())));
  /** Each is told of another transaction than it has been told of by now. */
  const goneOn = async () => {
    const before = customers.map(({ acknowledged }) => acknowledged.size);
    await until(() => customers.every(({ acknowledged }, n) => acknowledged.size > (before[n] ?? 0)), {
      what: 'each goes on',
    });
  };
  await delay(LOAD_MS);
  await goneOn();
  const pauses: Record<string, number> = { before: longest() };
  await cluster.server('a').kill();
  await delay(FAULT_MS);
  await goneOn();
  pauses.killed = longest();

  await cluster.startServer('a');
  await cluster.haproxy.becomes({ a: 'UP', b: 'UP' });
  longest();
  cluster.server('b').child.kill('SIGSTOP');
  await delay(FAULT_MS);
  await goneOn();
  pauses.hung = longest();
  cluster.server('b').child.kill('SIGCONT');
  // It goes on with what it had begun: whatever another decided meanwhile stands.
  await delay(LOAD_MS);
  load.over = true;
  await Promise.all(working);

  const approved = new Map([...(await cluster.approved())].filter(([payee]) => payee !== 'CuentaB'));
  let told = 0;
  for (const { acknowledged, repeatedDifferently } of customers) {
    assert.deepEqual(repeatedDifferently, []);
    for (const [payee, id] of acknowledged) {
      told++;
      assert.deepEqual(approved.get(payee), [id], `${payee}: told of once, decided once`);
    }
  }
  assert.equal([...approved.values()].flat().length, told, 'nobody was left untold');
  const retries = customers.reduce((sum, customer) => sum + customer.retries, 0);
  t.diagnostic(
    `transactions=${told} doubled=0 lost=0 retries=${retries}, longest pause in ms: ${JSON.stringify(pauses)}`,
  );
});
