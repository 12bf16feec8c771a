import { operation, parameters } from './operation.ts';

/** The state of store and vault, as seen inside the process that has them. */
export const status = operation(parameters({}), async ({ application, server }) => {
  const { store, vault, custody } = { ...application, custody: application.vault.custody };
  return {
    pid: process.pid,
    serving: server !== undefined,
    uptime_ms: Math.round(process.uptime() * 1000),
    memory_bytes: process.memoryUsage.rss(),
    node: process.version,
    addresses: server?.addresses ?? null,
    store: await answering(() => store.ping()),
    vault: await answering(async () => void (await vault.activeKeyVersion())),
    custody,
  };
});

async function answering(ask: () => Promise<void>): Promise<string> {
  try {
    await ask();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
