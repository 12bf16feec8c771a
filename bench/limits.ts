import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LimitResult } from './processes/limits.ts';
import type { Findings } from './report/findings.ts';
import type { Limit } from './report/report.ts';
import { CONNECTIONS, CONNECTIONS_UNPIPELINED, LINE_BYTES, WINDOW } from './sizes.ts';
import type { LoadOptions, LoadResult } from './tcp/load.ts';

const PIPELINED = ['pipelined', 'bound_code', 'pipelined_short', 'pipelined_long'];

/** Measures the limits of the rows, after them, because commits are measured in the rows' batch sizes. */
export async function measureLimits(findings: Findings): Promise<void> {
  findings.options.onStep('limits: commits, HMAC, Argon2id');
  await measureParts(findings);
  findings.options.onStep('limits: echo');
  await measureEcho(findings);
}

async function measureParts(findings: Findings): Promise<void> {
  const { sizes, folder } = findings.options;
  const ms = sizes.limitMs;
  await findings.withChild('limits', async (child) => {
    for (const name of ['pipelined', 'unpipelined']) {
      const batch = Math.max(1, Math.round(findings.row(name)?.batch ?? 1));
      const result = await child.request<LimitResult>('commits', {
        folder: join(folder, `commits-${name}`),
        batch,
        ms,
      });
      const bounded = name === 'pipelined' ? PIPELINED : [name];
      const title = `rows of the journal committed by SQLite alone, ${batch} a commit`;
      findings.addLimit(limit(`commits_${name}`, title, result), bounded);
    }
    for (const own of [false, true]) {
      const result = await child.request<LimitResult>('hmac', { own, ms: ms / 3 });
      const title = own
        ? 'HMAC-SHA256 as the vault computes it, one core'
        : 'HMAC-SHA256 by createHmac, one core';
      const bounded = [...PIPELINED, 'unpipelined'];
      findings.addLimit(limit(own ? 'hmac' : 'create_hmac', title, result), own ? bounded : []);
    }
    const parallel = availableParallelism();
    const result = await child.request<LimitResult>('argon2', { parallel, ms });
    findings.addLimit(limit('argon2', `password checks by Argon2id, ${parallel} at a time`, result), [
      'log_in',
    ]);
  });
}

async function measureEcho(findings: Findings): Promise<void> {
  const pipelined = { kind: 'echo', connections: CONNECTIONS, window: WINDOW } as const;
  const unpipelined = { kind: 'echo_unpipelined', connections: CONNECTIONS_UNPIPELINED, window: 1 } as const;
  await findings.withChild('echo', (echo) =>
    findings.withChild('generator', async (generator) => {
      const port = await echo.request<number>('start');
      for (const shape of [pipelined, unpipelined]) {
        const load: LoadOptions = { ...shape, port, users: 1, lineBytes: LINE_BYTES };
        await generator.request('start', load);
        await setTimeout(findings.options.sizes.warmUpMs / 4);
        const before = await echo.request<{ cpuMicros: number }>('usage');
        const result = await generator.request<LoadResult>('measure', findings.options.sizes.limitMs);
        const after = await echo.request<{ cpuMicros: number }>('usage');
        await generator.request('stop');
        const measured = { ...result, cpuMicros: after.cpuMicros - before.cpuMicros };
        if (shape === pipelined) {
          const title = `lines of ${LINE_BYTES} bytes echoed by a bare TCP server, pipelined likewise`;
          findings.addLimit(limit('echo', title, measured), PIPELINED);
        } else {
          const title = `two such messages echoed, one after the other (${CONNECTIONS_UNPIPELINED} connections)`;
          findings.addLimit(limit('echo_unpipelined', title, measured), ['unpipelined']);
        }
      }
    }),
  );
}

function limit(name: string, title: string, { operations, elapsedMs, cpuMicros }: LimitResult): Limit {
  return {
    name,
    title,
    operationsPerSecond: (operations / elapsedMs) * 1_000,
    cpuMicros: cpuMicros / Math.max(1, operations),
  };
}
