import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from './processes/child.ts';
import type { SealingLag } from './processes/lag-meter.ts';
import type { Findings } from './report/findings.ts';
import type { Row } from './report/report.ts';
import { CONNECTIONS, SERVER_NODE_OPTIONS, WINDOW } from './sizes.ts';
import { measure } from './tcp/measure-load.ts';
import { middle } from './tcp.ts';

const KINDS = [
  { name: 'unsealed', title: 'pipelined, nothing is sealed', seals: false },
  { name: 'sealed', title: 'pipelined, sealed each second', seals: true },
] as const;
const LOAD = { kind: 'pipelined', connections: CONNECTIONS, window: WINDOW } as const;

/** Measures what sealing the log costs, by turns with a server that seals nothing, and how far it is behind at full speed. */
export async function measureSealing(findings: Findings): Promise<void> {
  const { folder, onStep, sizes, nodeOptions } = findings.options;
  const { users, turns, warmUpMs, pauseMs, turnMs, sealingMs } = sizes.parts;
  const load = { ...LOAD, users };
  const children: Child[] = [];
  const start = (module: string, flags: readonly string[] = []) => {
    const child = findings.start(module, flags);
    children.push(child);
    return child;
  };
  try {
    const generator = start('generator');
    const servers = [];
    for (const { name, title, seals } of KINDS) {
      const own = join(folder, `log-${name}`);
      await mkdir(own, { mode: 0o700 });
      onStep(`writing ${users} users: ${title}`);
      await findings.withChild('seed', (seed) =>
        seed.request('seed', { folder: own, users, tokens: 0, entries: 0 }),
      );
      const server = start('server', [...SERVER_NODE_OPTIONS, ...nodeOptions]);
      const port = await server.request<number>('start', { folder: own, seals });
      servers.push({ name, title, bench: { server, generator, port }, rows: [] as Row[] });
    }
    for (let turn = 0; turn <= turns; turn++) {
      const times = turn === 0 ? { warmUpMs, measureMs: 1 } : { warmUpMs: pauseMs, measureMs: turnMs };
      onStep(`the log, by turns: ${turn === 0 ? 'warming up' : `${turn} of ${turns}`}`);
      for (const { name, title, bench, rows } of servers) {
        const row = await measure(bench, { name, title }, load, times);
        if (turn > 0) rows.push(row);
      }
    }
    const [unsealed, sealed] = servers;
    if (!unsealed || !sealed) throw new Error('no server was measured');
    onStep('the log, at full speed');
    await sealed.bench.server.request('lag');
    const long = { name: 'sealed_long', title: 'pipelined, sealed each second, for long' };
    findings.rows.push(
      ...middle(sealed.rows),
      await measure(sealed.bench, long, load, { warmUpMs: 0, measureMs: sealingMs }),
    );
    findings.sealingLag = await sealed.bench.server.request<SealingLag>('lag');
    const [row] = middle(unsealed.rows);
    if (!row) throw new Error('no turn was measured');
    const { name, title, operationsPerSecond, serverCpuMicros: cpuMicros } = row;
    findings.addLimit({ name, title, operationsPerSecond, cpuMicros }, ['sealed']);
  } finally {
    for (const child of children) await findings.end(child);
  }
}
