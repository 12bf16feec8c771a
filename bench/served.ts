import type { Child } from './child.ts';
import type { Findings } from './findings.ts';
import { type Bench, measure, measureWhole } from './loads.ts';
import type { ServerUsage } from './processes/server.ts';
import { CONNECTIONS, CONNECTIONS_UNPIPELINED, WINDOW } from './sizes.ts';

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
  await findings.withChild('server', run, findings.options.nodeOptions);
}

/** Every load, on a journal that has just begun. */
export async function measureLoads(findings: Findings, folder: string): Promise<void> {
  const { sizes, onStep } = findings.options;
  const { users } = sizes;
  const pipelined = { connections: CONNECTIONS, window: WINDOW, users };
  await withServer(findings, folder, async (bench) => {
    onStep('transactions by MAC, pipelined');
    findings.rows.push(
      await measure(
        bench,
        {
          name: 'pipelined',
          title: `transaction by MAC, pipelined (${CONNECTIONS} connections, ${WINDOW} each)`,
        },
        { kind: 'pipelined', ...pipelined },
        sizes,
      ),
    );
    onStep('transactions by MAC, one at a time');
    findings.rows.push(
      await measure(
        bench,
        {
          name: 'unpipelined',
          title: `challenge, then transaction by MAC (${CONNECTIONS_UNPIPELINED} connections)`,
        },
        { kind: 'unpipelined', connections: CONNECTIONS_UNPIPELINED, window: 1, users },
        sizes,
      ),
    );
    onStep('transactions by bound code');
    findings.rows.push(
      await measure(
        bench,
        { name: 'bound_code', title: `transaction by bound code, pipelined (${sizes.tokens} users)` },
        { kind: 'bound_code', ...pipelined, users: sizes.tokens },
        sizes,
      ),
    );
    onStep('log-ins');
    findings.rows.push(
      await measure(
        bench,
        { name: 'log_in', title: `log-in by password (${CONNECTIONS_UNPIPELINED} connections)` },
        { kind: 'log_in', connections: CONNECTIONS_UNPIPELINED, window: 1, users },
        { warmUpMs: sizes.warmUpMs, measureMs: sizes.logInMs },
      ),
    );
    onStep(`each of ${users} users`);
    await measureAllUsers(findings, bench, 'active_users', `${users} users: resume, challenge, transaction`);
  });
}

/** The loads that a longer journal could slow down. The server is killed under load: the next start-up has work to do. */
export async function measureGrown(findings: Findings, folder: string): Promise<void> {
  const { sizes, onStep } = findings.options;
  const { users, entries } = sizes;
  await withServer(findings, folder, async (bench) => {
    onStep(`each of ${users} users, on ${entries} entries`);
    await measureAllUsers(findings, bench, 'active_users_grown', `the same, on ${entries} entries`);
    onStep(`transactions by MAC, pipelined, on ${entries} entries`);
    const pipelined = { connections: CONNECTIONS, window: WINDOW, users };
    findings.rows.push(
      await measure(
        bench,
        { name: 'pipelined_grown', title: `transaction by MAC, pipelined, on ${entries} entries` },
        { kind: 'pipelined', ...pipelined },
        sizes,
      ),
    );
    await bench.server.kill();
  });
}

async function measureAllUsers(findings: Findings, bench: Bench, name: string, title: string): Promise<void> {
  const { users } = findings.options.sizes;
  const load = { kind: 'active_users', connections: CONNECTIONS, window: 1, users } as const;
  findings.rows.push(await measureWhole(bench, { name, title }, load));
  const { rssBytes, heapBytes, usersCached } = await bench.server.request<ServerUsage>('usage');
  findings.memory.push({ name, title: `server, after: ${title}`, rssBytes, heapBytes, usersCached });
}
