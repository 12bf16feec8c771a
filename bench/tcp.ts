import type { Child } from './processes/child.ts';
import type { ServerUsage } from './processes/usage.ts';
import type { Findings } from './report/findings.ts';
import type { Row } from './report/report.ts';
import { CONNECTIONS, CONNECTIONS_UNPIPELINED, SERVER_NODE_OPTIONS, WINDOW } from './sizes.ts';
import type { LoadKind, LoadOptions } from './tcp/load.ts';
import { type Bench, measure, measureWhole } from './tcp/measure-load.ts';

type Load = Omit<LoadOptions, 'port'>;

/** Runs server and generator, a process each, while `use` does. */
async function withServer(
  findings: Findings,
  folder: string,
  use: (bench: Bench) => Promise<void>,
): Promise<void> {
  const run = (server: Child) =>
    findings.withChild('generator', async (generator) => {
      const port = await server.request<number>('start', { folder });
      await use({ server, generator, port });
    });
  await findings.withChild('server', run, [...SERVER_NODE_OPTIONS, ...findings.options.nodeOptions]);
}

function pipelined(kind: LoadKind, users: number): Load {
  return { kind, connections: CONNECTIONS, window: WINDOW, users };
}

function inTurns(kind: LoadKind, connections: number, users: number): Load {
  return { kind, connections, window: 1, users };
}

/** Measures transactions of each kind, and log-ins. */
export async function measureLoads(findings: Findings, folder: string): Promise<void> {
  const { sizes, onStep } = findings.options;
  const { users, tokens, warmUpMs, measureMs, logInMs } = sizes;
  await withServer(findings, folder, async (bench) => {
    const add = async (name: string, title: string, load: Load, ms = measureMs) => {
      onStep(title);
      findings.rows.push(await measure(bench, { name, title }, load, { warmUpMs, measureMs: ms }));
    };
    const each = `${CONNECTIONS} connections, ${WINDOW} messages each`;
    const few = `${CONNECTIONS_UNPIPELINED} connections`;
    await add('pipelined', `transaction by MAC, pipelined (${each})`, pipelined('pipelined', users));
    await add(
      'unpipelined',
      `challenge, then transaction by MAC (${few})`,
      inTurns('unpipelined', CONNECTIONS_UNPIPELINED, users),
    );
    await add(
      'bound_code',
      `transaction by bound code, pipelined (${each})`,
      pipelined('bound_code', tokens),
    );
    await add(
      'log_in',
      `log-in by password (${few})`,
      inTurns('log_in', CONNECTIONS_UNPIPELINED, users),
      logInMs,
    );
  });
}

/**
 * Measures what a longer journal could slow down, on a short and a long journal alternately, so that other work on the
 * machine affects both alike. Kills the server of the long journal under load, so that its next start has to recover.
 */
export async function measureGrowth(
  findings: Findings,
  folders: { readonly short: string; readonly long: string },
): Promise<void> {
  const { entries } = findings.options.sizes;
  await withServer(findings, folders.short, (short) =>
    withServer(findings, folders.long, async (long) => {
      await measureAllUsers(findings, short, 'short', 'on a short journal');
      await measureAllUsers(findings, long, 'long', `on ${entries} entries`);
      await measureByTurns(findings, short, long);
      await long.generator.request('start', { ...pipelined('pipelined', CONNECTIONS), port: long.port });
      await long.server.kill();
    }),
  );
}

async function measureAllUsers(findings: Findings, bench: Bench, name: string, where: string): Promise<void> {
  const { users } = findings.options.sizes;
  const title = `each of ${users} users: resume, challenge, transaction; ${where}`;
  findings.options.onStep(title);
  const load = inTurns('active_users', CONNECTIONS, users);
  findings.rows.push(await measureWhole(bench, { name: `active_users_${name}`, title }, load));
  await addMemory(findings, bench, `users_${name}`, `after each of ${users} users was active, ${where}`);
}

async function measureByTurns(findings: Findings, short: Bench, long: Bench): Promise<void> {
  const { turns, turnMs, warmUpMs, users, entries } = findings.options.sizes;
  const title = 'transaction by MAC, pipelined';
  const rows = { short: [] as Row[], long: [] as Row[] };
  const times = { warmUpMs: warmUpMs / 2, measureMs: turnMs };
  const load = pipelined('pipelined', users);
  for (let turn = 1; turn <= turns; turn++) {
    findings.options.onStep(`${title}, short and long journal by turns: ${turn} of ${turns}`);
    const ofShort = { name: 'pipelined_short', title: `${title}, on a short journal` };
    rows.short.push(await measure(short, ofShort, load, times));
    const ofLong = { name: 'pipelined_long', title: `${title}, on ${entries} entries` };
    rows.long.push(await measure(long, ofLong, load, times));
  }
  findings.rows.push(...middle(rows.short), ...middle(rows.long));
  await addMemory(findings, long, 'pipelined_long', `after that and pipelined load, on ${entries} entries`);
}

/** Returns the row of median speed, or none of no rows. */
export function middle(rows: readonly Row[]): Row[] {
  const sorted = rows.toSorted((a, b) => a.operationsPerSecond - b.operationsPerSecond);
  const index = Math.floor(sorted.length / 2);
  return sorted.slice(index, index + 1);
}

async function addMemory(findings: Findings, { server }: Bench, name: string, title: string): Promise<void> {
  const { rssBytes, heapBytes, usersCached } = await server.request<ServerUsage>('usage');
  findings.memory.push({ name, title, rssBytes, heapBytes, usersCached });
}
