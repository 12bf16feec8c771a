import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import type { Stage } from './stage.ts';

const DATABASE_HUNG_MS = 8_000;
const HUNG_MS = 3_000;

export const FAULTS: readonly Fault<Stage>[] = [
  {
    name: 'database-host-killed',
    says: "the primary's host is gone (kill -9 of PostgreSQL and its keeper)",
    inject: async ({ pair }) => {
      (await pair.primary()).killHost();
      return () => pair.repair();
    },
  },
  {
    name: 'database-process-killed',
    says: 'PostgreSQL alone is killed on the primary (kill -9)',
    inject: async ({ pair }) => {
      (await pair.primary()).killPostgres();
      return () => pair.repair();
    },
  },
  {
    name: 'database-hung',
    says: 'the primary hangs (SIGSTOP), and wakes when another has taken over',
    inject: async ({ pair }) => {
      const wake = (await pair.primary()).hang();
      return async () => {
        await delay(DATABASE_HUNG_MS);
        wake();
        await pair.repair();
      };
    },
  },
  {
    name: 'standby-killed',
    says: "the synchronous standby's host is gone (kill -9)",
    inject: async ({ pair }) => {
      pair.standbyOf(await pair.primary()).killHost();
      return () => pair.repair();
    },
  },
  {
    name: 'server-killed',
    says: 'one Sello server is killed (kill -9)',
    inject: async ({ servers: [server] }) => {
      await server?.process.kill();
      return async () => server?.restart();
    },
  },
  {
    name: 'server-hung',
    says: 'one Sello server hangs (SIGSTOP)',
    inject: async ({ servers: [server] }) => {
      server?.process.child.kill('SIGSTOP');
      return async () => {
        await delay(HUNG_MS);
        server?.process.child.kill('SIGCONT');
      };
    },
  },
  {
    name: 'vault-killed',
    says: 'the vault is killed (kill -9) and started again',
    inject: async ({ vault }) => {
      await vault.kill();
      return () => vault.start();
    },
  },
  {
    name: 'vault-hung',
    says: 'the vault hangs (SIGSTOP) for three seconds',
    inject: async ({ vault }) => {
      vault.signal('SIGSTOP');
      return async () => {
        await delay(HUNG_MS);
        vault.signal('SIGCONT');
      };
    },
  },
];
