/*
 * Goal: a server is replaced by another under load, and every request succeeds.
 * Method: scripts/upgrade.ts itself before a real HAProxy; customers over TCP and HTTP without a pause, whose every request
 * is counted. Over HTTP none may fail. Over TCP a server that stops closes between two messages, so that a client comes
 * again; what it then sends is answered, and nothing is decided twice.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Customer, HttpCustomer, TcpCustomer } from '../../scripts/drill/customers.ts';
import { upgrade } from '../../scripts/upgrade.ts';
import { Cluster } from '../services/cluster.ts';

const CUSTOMERS = 3;
const UPGRADES = Number(process.env.SELLO_UPGRADES ?? 2);
const LOAD_MS = 600;
/** A challenge, then the transfer. */
const REQUESTS_PER_TRANSFER = 2;

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start({
    names: ['blue', 'green'],
    started: ['blue'],
    flags: { '--drain-delay-ms': '1000' },
  });
});
after(() => cluster?.remove());

const serverNames = (round: number) =>
  round % 2 === 0 ? (['blue', 'green'] as const) : (['green', 'blue'] as const);

function replace([blue, green]: readonly [string, string], says: string[], start: () => Promise<unknown>) {
  return upgrade({
    ...{ blue, green, greenHttp: cluster.httpOf(green), start },
    stop: async (name) => {
      const { code } = await cluster.server(name).stop();
      if (code !== 0) throw new Error(`${name} ended with ${code}`);
    },
    haproxy: (command) => cluster.haproxy.command(command),
    say: (line) => says.push(line),
    times: { readyTimeMs: 20_000 },
  });
}

test(`${UPGRADES} upgrades under load: every request succeeds`, { timeout: 180_000 }, async (t) => {
  const front = [{ tcpPort: cluster.tcpPort, http: cluster.http }];
  const overTcp = Array.from({ length: CUSTOMERS }, (_, n) => new TcpCustomer(`tcp${n}`, front, 0));
  const overHttp = Array.from({ length: CUSTOMERS }, (_, n) => new HttpCustomer(`http${n}`, front, 0));
  const customers: readonly Customer[] = [...overTcp, ...overHttp];
  for (const customer of customers) await customer.arrive();
  const load = { over: false };
  const working = customers.map((customer) => customer.work(load));
  const sum = (of: readonly Customer[], value: (customer: Customer) => number) =>
    of.reduce((total, customer) => total + value(customer), 0);
  const says: string[] = [];
  await delay(LOAD_MS);
  for (let round = 0; round < UPGRADES; round++) {
    const [blue, green] = serverNames(round);
    const before = sum(customers, ({ acknowledged }) => acknowledged.size);
    await replace([blue, green], says, () => cluster.startServer(green));
    await delay(LOAD_MS);
    assert.ok(sum(customers, ({ acknowledged }) => acknowledged.size) > before, 'they went on');
    assert.notEqual(cluster.server(blue).child.exitCode, null, 'blue has ended');
  }
  load.over = true;
  await Promise.all(working);

  const pause = Math.round(Math.max(...customers.map((customer) => customer.takePause())));
  const approved = await cluster.approved();
  for (const { acknowledged } of customers) {
    for (const [payee, id] of acknowledged) assert.deepEqual(approved.get(payee), [id], payee);
  }
  const transfers = sum(customers, ({ acknowledged }) => acknowledged.size);
  assert.equal([...approved.values()].flat().length, transfers, 'nobody was left untold');
  const httpRequests = REQUESTS_PER_TRANSFER * sum(overHttp, ({ acknowledged }) => acknowledged.size);
  const tcpRequests = REQUESTS_PER_TRANSFER * sum(overTcp, ({ acknowledged }) => acknowledged.size);
  const [httpFailed, tcpAgain] = [overHttp, overTcp].map((of) => sum(of, ({ retries }) => retries));
  t.diagnostic(
    `upgrades=${UPGRADES} HTTP: requests=${httpRequests} failed=${httpFailed}; TCP: requests=${tcpRequests} sent on new connections after a close=${tcpAgain}; longest pause ${pause} ms`,
  );
  assert.equal(httpFailed, 0, 'over HTTP every request succeeds');
  assert.ok(Number(tcpAgain) <= UPGRADES * CUSTOMERS, 'over TCP each connection ends once an upgrade');
});

test('a green server that never becomes ready is taken back, and blue goes on', async () => {
  const [blue, green] = serverNames(UPGRADES);
  const says: string[] = [];
  // A vault that is not there: it does not even start.
  const start = () => cluster.startServer(green, { '--vault-url': 'https://127.0.0.1:1' });
  await assert.rejects(replace([blue, green], says, start), /ended|not listening/);
  assert.equal(cluster.server(blue).child.exitCode, null, 'blue goes on');
  assert.equal((await fetch(`${cluster.http}/readyz`)).status, 200);
  const states = (await cluster.haproxy.states()).filter(({ name }) => name === blue);
  assert.ok(
    states.every(({ state }) => state.startsWith('UP')),
    JSON.stringify(states),
  );
});

test('told to stop, a server says that it is not ready and goes on for the delay that was set', async () => {
  const [name] = serverNames(UPGRADES);
  const http = cluster.httpOf(name);
  const ended = cluster.server(name).stop();
  let status = 200;
  for (let attempt = 0; status === 200 && attempt < 100; attempt++) {
    ({ status } = await fetch(`${http}/readyz`));
    await delay(5);
  }
  assert.equal(status, 503);
  assert.equal((await fetch(`${http}/readyz?unready=404`)).status, 404);
  assert.equal((await fetch(`${http}/healthz`)).status, 200);
  assert.equal((await fetch(`${http}/v1/nothing`)).status, 404, 'requests are answered');
  assert.deepEqual(await ended, { code: 0, signal: null });
});
