import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from '../processes/child.ts';
import type { Findings } from '../report/findings.ts';
import type { Row } from '../report/report.ts';
import { CONNECTIONS, SERVER_NODE_OPTIONS, WINDOW } from '../sizes.ts';
import { measure } from '../tcp/measure-load.ts';
import { middle } from '../tcp.ts';
import type { OpenPart, Part, ServerKind } from './backend.ts';

const EMBEDDED: ServerKind = {
  name: 'embedded',
  title: 'the same load on SQLite and the sealed file',
  flags: {},
};
const LOAD = { kind: 'pipelined', connections: CONNECTIONS, window: WINDOW } as const;

/**
 * Measures each backend by itself, then a server on each alternately with a server that has everything in its folder.
 * @throws when it takes longer than `sizes.parts.timeMs`
 */
export async function measureParts(findings: Findings, openers: readonly OpenPart[]): Promise<void> {
  const { timeMs } = findings.options.sizes.parts;
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => {
      reject(new Error(`the parts are not done in ${timeMs / 1_000} s`));
      // Pending requests to the killed processes fail, so the measurement ends and closes what it has opened.
      void findings.killAll();
    }, timeMs);
  });
  try {
    await Promise.race([measureAll(findings, openers), tooLate]);
  } finally {
    clearTimeout(late);
  }
}

async function measureAll(findings: Findings, openers: readonly OpenPart[]): Promise<void> {
  const parts: Part[] = [];
  try {
    for (const open of openers) {
      const part = await open(findings);
      if ('missing' in part) {
        findings.skip(part.title, part.missing);
        continue;
      }
      parts.push(part);
      await part.measure();
    }
    const kinds = parts.flatMap(({ servers }) => servers);
    if (kinds.length > 0) await measureServers(findings, kinds);
  } finally {
    for (const part of parts) await part.close();
  }
}

async function measureServers(findings: Findings, kinds: readonly ServerKind[]): Promise<void> {
  const { sizes, folder, onStep } = findings.options;
  const { users, turns, warmUpMs, pauseMs, turnMs } = sizes.parts;
  const all = [EMBEDDED, ...kinds];
  const folderOf = ({ name }: ServerKind) => join(folder, `part-${name}`);
  await findings.withChild('seed', async (seed) => {
    for (const kind of all) {
      onStep(`writing ${users} users: ${kind.title}`);
      await mkdir(folderOf(kind), { mode: 0o700 });
      await seed.request('seed', { folder: folderOf(kind), users, tokens: 0, entries: 0, flags: kind.flags });
    }
  });
  const children: Child[] = [];
  const start = (module: string, nodeOptions: readonly string[] = []) => {
    const child = findings.start(module, nodeOptions);
    children.push(child);
    return child;
  };
  try {
    const generator = start('generator');
    const servers = [];
    for (const kind of all) {
      const server = start('server', [...SERVER_NODE_OPTIONS, ...findings.options.nodeOptions]);
      const port = await server.request<number>('start', { folder: folderOf(kind), flags: kind.flags });
      servers.push({ kind, bench: { server, generator, port }, rows: [] as Row[] });
    }
    const load = { ...LOAD, users };
    for (let turn = 0; turn <= turns; turn++) {
      // The first turn does not count: it compiles code and fills caches.
      const times = turn === 0 ? { warmUpMs, measureMs: 1 } : { warmUpMs: pauseMs, measureMs: turnMs };
      onStep(`servers with a part elsewhere, by turns: ${turn === 0 ? 'warming up' : `${turn} of ${turns}`}`);
      for (const { kind, bench, rows } of servers) {
        const before = (await kind.besideCpuMicros?.()) ?? 0;
        const { name, title } = kind;
        const row = await measure(bench, { name, title }, load, times);
        const beside = ((await kind.besideCpuMicros?.()) ?? 0) - before;
        // This includes the CPU time used while the load warmed up.
        const share = times.measureMs / (times.measureMs + times.warmUpMs);
        const more = (beside * share) / Math.max(1, row.operations);
        if (turn > 0) rows.push({ ...row, serverCpuMicros: row.serverCpuMicros + more });
      }
    }
    const [embedded] = middle(servers[0]?.rows ?? []);
    for (const { rows } of servers.slice(1)) {
      findings.rows.push(...middle(rows));
    }
    if (!embedded) throw new Error('no turn was measured');
    const { operationsPerSecond, serverCpuMicros: cpuMicros } = embedded;
    const { name, title } = EMBEDDED;
    findings.addLimit(
      { name, title, operationsPerSecond, cpuMicros },
      kinds.map((kind) => kind.name),
    );
  } finally {
    for (const child of children) await findings.end(child);
  }
}
