/*
 * Goal: a server is replaced by another under load, and every request succeeds.
 * Method: scripts/upgrade.ts itself with a real HAProxy; customers over TCP and HTTP without a pause, whose every request
 * is counted. Over HTTP none may fail. Over TCP a stopping server closes the connection between two messages; the client
 * reconnects, its requests are answered, and nothing is decided twice.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Customer, HttpCustomer, TcpCustomer } from '../../scripts/drill/customers.ts';
import { upgrade } from '../../scripts/upgrade.ts';
import { Cluster } from '../services/cluster.ts';
import { until } from '../waiting.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const UPGRADE = fileURLToPath(new URL('../../scripts/upgrade.ts', import.meta.url));
const CUSTOMERS = 3;
const UPGRADES = Number(process.env.SELLO_UPGRADES ?? 2);
const LOAD_MS = 600;
/** No server fails here: that an answer takes its time on a busy machine is no failure. */
const ANSWER_TIME_MS = 60_000;
/** Far above what an upgrade costs (docs/operations.md), below what a customer would take for an outage. */
const PAUSE_MAX_MS = 10_000;
/** A challenge, then the transfer. */
const REQUESTS_PER_TRANSFER = 2;

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start({
    names: ['blue', 'green'],
    started: ['blue'],
    flags: { '--drain-delay-ms': '1000' },
    patient: true,
  });
});
after(() => cluster?.remove());

const serverNames = (round: number) =>
  round % 2 === 0 ? (['blue', 'green'] as const) : (['green', 'blue'] as const);

function replace(
  [blue, green]: readonly [string, string],
  says: string[],
  start: () => Promise<unknown>,
  readyTimeMs = 60_000,
) {
  return upgrade({
    ...{ blue, green, greenHttp: cluster.httpOf(green), start },
    stop: async (name) => {
      const { code } = await cluster.server(name).stop();
      if (code !== 0) throw new Error(`${name} ended with ${code}`);
    },
    haproxy: (command) => cluster.haproxy.command(command),
    say: (line) => says.push(line),
    times: { readyTimeMs },
  });
}

function run(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr })) };
}

test(`${UPGRADES} upgrades under load: every request succeeds`, async (t) => {
  const front = [{ tcpPort: cluster.tcpPort, http: cluster.http }];
  const overTcp = Array.from(
    { length: CUSTOMERS },
    (_, n) => new TcpCustomer(`tcp${n}`, front, 0, ANSWER_TIME_MS),
  );
  const overHttp = Array.from(
    { length: CUSTOMERS },
    (_, n) => new HttpCustomer(`http${n}`, front, 0, ANSWER_TIME_MS),
  );
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
    await until(() => sum(customers, ({ acknowledged }) => acknowledged.size) > before, {
      what: 'they go on',
    });
    assert.notEqual(cluster.server(blue).child.exitCode, null, 'blue has ended');
  }
  load.over = true;
  await Promise.all(working);

  const pause = Math.round(Math.max(...customers.map((customer) => customer.takePause())));
  assert.ok(pause < PAUSE_MAX_MS, `a customer waited ${pause} ms`);
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

test('a green server that never becomes ready is stopped again, and blue keeps serving', async () => {
  const [blue, green] = serverNames(UPGRADES);
  const says: string[] = [];
  // A certificate that is not there: it does not even start. A vault that is not there: it starts, and cannot decide.
  for (const [flags, reason] of [
    [{ '--vault-ca-file': '/nowhere' }, /the server ended \(3\)/],
    [{ '--vault-url': 'https://127.0.0.1:1' }, /not in 3000 ms: .*readyz says that it is ready/],
  ] as const) {
    await assert.rejects(
      replace([blue, green], says, () => cluster.startServer(green, flags), 3_000),
      reason,
    );
  }
  assert.deepEqual(await cluster.server(green).ended, { code: 0, signal: null });
  assert.equal(cluster.server(blue).child.exitCode, null, 'blue goes on');
  assert.equal((await fetch(`${cluster.http}/readyz`)).status, 200);
  const states = (await cluster.haproxy.states()).filter(({ name }) => name === blue);
  assert.ok(
    states.every(({ state }) => state.startsWith('UP')),
    JSON.stringify(states),
  );
});

test('the command line does the same, with commands of a shell', async (t) => {
  const [blue, green] = serverNames(UPGRADES);
  const file = (name: string) => join(cluster.folder, name);
  const start = [process.execPath, MAIN, 'serve', '--data-dir', file(green)];
  for (const flag of Object.entries(cluster.flagsOf(green))) start.push(...flag);
  const line = start.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  await writeFile(file('start'), `${line} >'${file('log')}' 2>&1 &\necho $! >'${file('pid')}'\n`, {
    mode: 0o700,
  });
  t.after(() => run('/bin/sh', ['-c', `kill -9 "$(cat '${file('pid')}')"`]).ended);
  const { pid } = cluster.server(blue).child;
  const upgradeBy = (startBy: string) =>
    run(process.execPath, [
      ...[UPGRADE, '--blue', blue, '--green', green, '--green-http', cluster.httpOf(green)],
      ...['--start', startBy, '--stop', `kill ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done`],
      ...['--stop-green', `touch '${file('taken-back')}'`, '--socket', cluster.haproxy.socketPath],
    ]);
  const customer = new HttpCustomer(
    'cli',
    [{ tcpPort: cluster.tcpPort, http: cluster.http }],
    0,
    ANSWER_TIME_MS,
  );
  await customer.arrive();
  const load = { over: false };
  const working = customer.work(load);

  const failed = await upgradeBy('exit 7').ended;
  assert.deepEqual(
    [failed.code, failed.stdout, failed.stderr],
    [1, `${green}: starting\n`, 'exit 7: ended with 7\n'],
  );
  assert.ok(existsSync(file('taken-back')), 'green was stopped by its own command');
  assert.equal(cluster.server(blue).child.exitCode, null, 'blue goes on');

  const { code, stdout, stderr } = await upgradeBy(`sh '${file('start')}'`).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((said) => said.split(/[;,]/)[0]),
    [
      `${green}: starting`,
      `${green}: ready to decide`,
      `${blue}: gets nothing new`,
      `${blue}: answered what it had begun`,
    ],
  );
  assert.deepEqual(await cluster.server(blue).ended, { code: 0, signal: null });
  const before = customer.acknowledged.size;
  await until(() => customer.acknowledged.size > before, { what: 'green serves' });
  load.over = true;
  await working;
  // For the next test, which stops one of its own.
  await cluster.startServer(blue);
});

test('a stopping server reports that it is not ready and continues for the configured delay', async () => {
  const [name] = serverNames(UPGRADES);
  const http = cluster.httpOf(name);
  const ended = cluster.server(name).stop();
  const status = await until(async () => {
    const answer = await fetch(`${http}/readyz`);
    return answer.status !== 200 && answer.status;
  });
  assert.equal(status, 503);
  assert.equal((await fetch(`${http}/readyz?unready=404`)).status, 404);
  assert.equal((await fetch(`${http}/healthz`)).status, 200);
  assert.equal((await fetch(`${http}/v1/nothing`)).status, 404, 'requests are answered');
  assert.deepEqual(await ended, { code: 0, signal: null });
});
