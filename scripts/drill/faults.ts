import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** A deliberate fault, and how it is repaired while the load continues. */
export interface Fault {
  readonly name: string;
  readonly says: string;
  /** Causes the fault. @returns a function that repairs it */
  readonly strike: (stage: Stage) => Promise<() => Promise<void>>;
}

const DATABASE_HUNG_MS = 8_000;
const HUNG_MS = 3_000;

export const FAULTS: readonly Fault[] = [
  {
    name: 'database-host-killed',
    says: "the primary's host is gone (kill -9 of PostgreSQL and its keeper)",
    strike: async ({ pair }) => {
      (await pair.primary()).killHost();
      return () => pair.heal();
    },
  },
  {
    name: 'database-process-killed',
    says: 'PostgreSQL alone is killed on the primary (kill -9)',
    strike: async ({ pair }) => {
      (await pair.primary()).killPostgres();
      return () => pair.heal();
    },
  },
  {
    name: 'database-hung',
    says: 'the primary hangs (SIGSTOP), and wakes when another has taken over',
    strike: async ({ pair }) => {
      const wake = (await pair.primary()).hang();
      return async () => {
        await delay(DATABASE_HUNG_MS);
        wake();
        await pair.heal();
      };
    },
  },
  {
    name: 'standby-killed',
    says: "the synchronous standby's host is gone (kill -9)",
    strike: async ({ pair }) => {
      pair.standbyOf(await pair.primary()).killHost();
      return () => pair.heal();
    },
  },
  {
    name: 'server-killed',
    says: 'one Sello server is killed (kill -9)',
    strike: async ({ servers: [server] }) => {
      await server?.process.kill();
      return async () => server?.restart();
    },
  },
  {
    name: 'server-hung',
    says: 'one Sello server hangs (SIGSTOP)',
    strike: async ({ servers: [server] }) => {
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
    strike: async ({ vault }) => {
      await vault.kill();
      return () => vault.start();
    },
  },
  {
    name: 'vault-hung',
    says: 'the vault hangs (SIGSTOP) for three seconds',
    strike: async ({ vault }) => {
      vault.signal('SIGSTOP');
      return async () => {
        await delay(HUNG_MS);
        vault.signal('SIGCONT');
      };
    },
  },
];
