import { type RunningVaultServer, startVaultServer } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { answerRequests } from './child.ts';

/** The vault process as `sello serve --role vault` starts it, which also reports its CPU time. */

let server: RunningVaultServer | undefined;

const log = {
  info() {},
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};

/** @returns `host:port` */
async function start(flags: Readonly<Record<string, string>>): Promise<string> {
  server = await startVaultServer(loadConfig({ flags }).config, log);
  return server.address;
}

/** CPU time of all threads since the process began. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

answerRequests({ start, cpuMicros }, () => server?.stop());
