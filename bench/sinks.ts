/*
 * Measures what an authorisation costs with all sinks on (Apache Pulsar, two webhooks, syslog) against none, by turns:
 *     node bench/sinks.ts [--quick]
 * CPU of the thread that decides, and of the whole process, for each transaction. Without Java or Pulsar's tarball that sink
 * is left out, and said so. The receivers share the machine, so compare CPU, not rates.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PulsarBroker, pulsarFolder } from '../test/services/pulsar.ts';
import { Child } from './processes/child.ts';
import type { ServerUsage } from './processes/usage.ts';
import type { Row } from './report/report.ts';
import { CONNECTIONS, SERVER_NODE_OPTIONS, WINDOW } from './sizes.ts';
import { type Bench, measure } from './tcp/measure-load.ts';

const QUICK = process.argv.includes('--quick');
const USERS = 512;
const [TURNS, TURN_MS, PAUSE_MS] = QUICK ? [3, 1_500, 300] : [5, 3_000, 500];
const LOAD = { kind: 'pipelined', connections: CONNECTIONS, window: WINDOW, users: USERS } as const;

interface Measured {
  readonly row: Row;
  readonly mainCpuMicros: number;
}

const children: Child[] = [];
const start = (module: string, nodeOptions: readonly string[] = []) => {
  const child = new Child(module, { nodeOptions });
  children.push(child);
  return child;
};

const folder = await mkdtemp(join(tmpdir(), 'sello-bench-sinks-'));
const found = await pulsarFolder();
const broker = 'problem' in found ? undefined : await PulsarBroker.start();
if ('problem' in found) console.log(`Apache Pulsar is left out: ${found.problem}`);
try {
  const receivers = start('receivers');
  const ports = await receivers.request<{ webhooks: number; syslog: number }>('start');
  const generator = start('generator');
  const sinks = {
    '--syslog-address': `tcp://127.0.0.1:${ports.syslog}`,
    '--webhooks-private-addresses-allowed': '["127.0.0.1"]',
    ...(broker ? { '--pulsar-service-url': broker.url } : {}),
  };
  const urls = ['one', 'two'].map((path) => `http://127.0.0.1:${ports.webhooks}/${path}`);
  const servers: { readonly title: string; readonly bench: Bench; readonly turns: Measured[] }[] = [];
  for (const [title, flags, webhooks] of [
    ['no sink', {}, []],
    [`${broker ? 'Pulsar, ' : ''}two webhooks and syslog`, sinks, urls],
  ] as const) {
    const own = join(folder, `${servers.length}`);
    await mkdir(own, { mode: 0o700 });
    const seed = start('seed');
    await seed.request('seed', { folder: own, users: USERS, tokens: 0, entries: 0 });
    await seed.end();
    const server = start('server', SERVER_NODE_OPTIONS);
    const port = await server.request<number>('start', { folder: own, flags, webhooks });
    servers.push({ title, bench: { server, generator, port }, turns: [] });
  }
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const { bench, turns, title } of servers) {
      const before = await bench.server.request<ServerUsage>('usage');
      const row = await measure(bench, { name: 'sinks', title }, LOAD, {
        warmUpMs: PAUSE_MS,
        measureMs: turn === 0 ? 500 : TURN_MS,
      });
      const after = await bench.server.request<ServerUsage>('usage');
      if (row.failures > 0) throw new Error(`refused: ${row.firstFailure}`);
      const operations = after.entries - before.entries;
      const mainCpuMicros = (after.mainCpuMicros - before.mainCpuMicros) / Math.max(1, operations);
      if (turn > 0) turns.push({ row, mainCpuMicros });
    }
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  const results = servers.map(({ title, turns }) => ({
    title,
    main: median(turns.map(({ mainCpuMicros }) => mainCpuMicros)),
    all: median(turns.map(({ row }) => row.serverCpuMicros)),
    rate: median(turns.map(({ row }) => row.operationsPerSecond)),
  }));
  console.log(
    `pipelined transactions, SQLite, ${TURNS} turns of ${TURN_MS / 1_000} s each, medians; µs of CPU each:`,
  );
  for (const { title, main, all, rate } of results) {
    console.log(
      `  ${title}: deciding thread ${main.toFixed(1)}, all threads ${all.toFixed(1)}, ${Math.round(rate)} a second`,
    );
  }
  const [none, on] = results;
  if (none && on) {
    const more = (to: number, from: number) => `${((to / from - 1) * 100).toFixed(1)} %`;
    console.log(`  more: deciding thread ${more(on.main, none.main)}, all threads ${more(on.all, none.all)}`);
  }
  const counts = await receivers.request<{ webhooks: number; syslog: number }>('usage');
  console.log(`  received meanwhile: ${counts.webhooks} webhook requests, ${counts.syslog} syslog messages`);
} finally {
  for (const child of children) await child.end().catch(() => undefined);
  await broker?.remove();
  await rm(folder, { recursive: true, force: true });
}
