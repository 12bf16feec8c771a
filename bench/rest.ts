import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Child } from './processes/child.ts';
import { Findings } from './report/findings.ts';
import { measureRequests } from './rest/measure-requests.ts';
import { Waiting } from './rest/pending-transactions.ts';
import { hotpValidationsOf, validationsOf } from './rest/requests.ts';
import type { RestStage } from './rest/setup.ts';
import { FULL, REST_CONNECTIONS, SERVER_NODE_OPTIONS } from './sizes.ts';

/** Warm-up: requests and connections for the bare route and for the server. */
const WARM_UP = { requests: 20_000, connections: 16 } as const;

/**
 * `POST /v1/codes/validation` and approvals, each with a bound code of its own and committed durably, one request at a
 * time on each connection, beside a bare Fastify route that validates the same schema, and one that also commits a row
 * before it answers. The generator is this process.
 */
export async function measureRest(findings: Findings): Promise<void> {
  const options = [...SERVER_NODE_OPTIONS];
  const own = [...options, ...findings.options.nodeOptions];
  await findings.withChild(
    'bare-route',
    (bare) =>
      findings.withChild(
        'bare-route',
        (durable) =>
          findings.withChild(
            'rest-server',
            (server) => measureBeside(findings, { bare, durable, server }),
            own,
          ),
        options,
      ),
    options,
  );
}

interface Servers {
  readonly bare: Child;
  readonly durable: Child;
  readonly server: Child;
}

async function measureBeside(findings: Findings, { bare, durable, server }: Servers): Promise<void> {
  const { sizes, folder, onStep } = findings.options;
  const { users, requests } = sizes.rest;
  const { port: barePort } = await bare.request<{ port: number }>('start', {});
  const { port: durablePort } = await durable.request<{ port: number }>('start', {
    folder: join(folder, 'bare'),
  });
  onStep(`REST: making ${users} users`);
  const stage = await server.request<RestStage>('start', { folder: join(folder, 'rest'), users });
  const waiting = new Waiting(server, stage);
  const warmUp = Math.min(WARM_UP.requests, requests);
  const first = await validationsOf(stage, warmUp);
  await measureRequests(bare, barePort, WARM_UP.connections, first);
  await measureRequests(durable, durablePort, WARM_UP.connections, first);
  await measureRequests(server, stage.port, WARM_UP.connections, first);
  await measureRequests(server, stage.port, WARM_UP.connections, await waiting.approvals(warmUp));
  const counters: number[] = [];
  await measureRequests(server, stage.port, WARM_UP.connections, hotpValidationsOf(stage, warmUp, counters));
  for (const connections of REST_CONNECTIONS) {
    const count = Math.min(requests, connections * 2_000);
    onStep(`REST, ${connections} at a time`);
    const validations = await validationsOf(stage, count);
    const approvals = await waiting.approvals(count);
    const on = `on ${connections} connection${connections === 1 ? '' : 's'}`;
    const limits = [
      { name: 'bare', title: 'bare Fastify route of that schema', child: bare, port: barePort },
      { name: 'bare_durable', title: 'the same with a row committed', child: durable, port: durablePort },
    ];
    const limitRuns = [];
    for (const { child, port } of limits) {
      limitRuns.push(await measureRequests(child, port, connections, validations));
    }
    const add = async (kind: string, title: string, texts: readonly string[]) => {
      const run = await measureRequests(server, stage.port, connections, texts);
      findings.rows.push({ name: `rest_${kind}_${connections}`, title: `REST: ${title} ${on}`, ...run });
    };
    await add('validation', 'code validated', validations);
    await add('approval', 'transaction approved', approvals);
    await add('hotp', 'counter-based code validated', hotpValidationsOf(stage, count, counters));
    const bounded = ['validation', 'approval', 'hotp'].map((kind) => `rest_${kind}_${connections}`);
    for (const [index, { operationsPerSecond, serverCpuMicros: cpuMicros }] of limitRuns.entries()) {
      const { name = '', title = '' } = limits[index] ?? {};
      const limit = { name: `rest_${name}_${connections}`, title: `${title} ${on}` };
      findings.addLimit({ ...limit, operationsPerSecond, cpuMicros }, bounded);
    }
  }
}

const HELP = `node_modules/.bin/node bench/rest.ts [OPTIONS]

REST alone, as npm run bench measures it: half a minute.

  --profile DIR   writes a CPU profile of the server (*.cpuprofile) into DIR
  TMPDIR          where the throw-away data folder is made: the disk that is measured
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { profile: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  const { profile } = values;
  const folder = await mkdtemp(join(tmpdir(), 'sello-rest-'));
  try {
    const onStep = (step: string) => process.stderr.write(`${step}…\n`);
    const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
    const findings = new Findings({ sizes: FULL, quick: false, folder, nodeOptions, onStep });
    await measureRest(findings);
    for (const { title, operationsPerSecond, cpuMicros } of findings.limits) {
      process.stdout.write(`${title}: ${operationsPerSecond.toFixed(0)}/s, ${cpuMicros.toFixed(0)} µs\n`);
    }
    console.table(
      findings.rows.map(
        ({ title, operationsPerSecond, serverCpuMicros, latencyMs, batch, ratios, operations }) => ({
          title,
          operations,
          'a second': Math.round(operationsPerSecond),
          'of bare': Object.values(ratios)[0]?.toFixed(2),
          'of durable': Object.values(ratios)[1]?.toFixed(2),
          'server µs': Math.round(serverCpuMicros),
          p50: latencyMs.p50.toFixed(2),
          p99: latencyMs.p99.toFixed(2),
          batch: batch.toFixed(1),
        }),
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
