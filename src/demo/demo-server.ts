import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, openApplication, openSqliteReader, storePath } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { recordedEntries } from '../lab/recorded-entries.ts';
import type { Target } from '../lab/target.ts';
import { LIMITS } from '../limits.ts';
import { runOperation } from '../operator/operations.ts';
import { startTcpServer } from '../wire/tcp/server.ts';
import type { TcpServices } from '../wire/tcp/services.ts';

/** Short, so that a person sees each wait end. Everything else is as in `sello serve`. */
export const SHORT = { lockMs: 1_500, challengeTtlMs: 2_500, logInTimeMs: 2_000, slowReaderTimeMs: 1_500 };
/** Low, because one process holds both ends of each connection here. */
const CONNECTIONS_PER_ADDRESS_MAX = 256;
const LIMITS_HERE = {
  ...LIMITS,
  logInTimeMs: SHORT.logInTimeMs,
  slowReaderTimeMs: SHORT.slowReaderTimeMs,
  lingerTimeMs: 300,
  connectionsPerAddressMax: CONNECTIONS_PER_ADDRESS_MAX,
};

export interface DemoServer {
  readonly folder: string;
  readonly config: Config;
  readonly application: Application;
  readonly target: Target;
  /** Stops it and removes its folder. */
  readonly remove: () => Promise<void>;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Starts the real server on a free loopback port and a folder of its own. Ignores the caller's configuration.
 * @param altered replaces use cases, for tests that the demonstration notices
 */
export async function startDemoServer(
  altered: (services: TcpServices) => TcpServices = (services) => services,
): Promise<DemoServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-demo-'));
  // Runs as well when the process ends early.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const { config } = loadConfig({
    flags: {
      '--data-dir': folder,
      '--tcp-port': '0',
      '--lockout-lock-ms': String(SHORT.lockMs),
      '--keys-challenge-ttl-ms': String(SHORT.challengeTtlMs),
      // The tour's session begins before its tokens; by default its MAC alone would move nothing after them.
      '--tcp-log-in-code-required': 'false',
    },
  });
  const application = await openApplication(config);
  const server = await startTcpServer({
    host: '127.0.0.1',
    port: 0,
    services: altered(application.services),
    logger: SILENT,
    limits: LIMITS_HERE,
  });
  const journal = await openSqliteReader(storePath(config));
  const target: Target = {
    endpoint: { host: '127.0.0.1', port: server.address().port },
    config,
    limits: LIMITS_HERE,
    operate: async (name, given) => (await runOperation({ application }, name, given)) as never,
    entriesOf: (username) => recordedEntries(journal, username),
  };
  return {
    folder,
    config,
    application,
    target,
    remove: async () => {
      await journal.close();
      await server.stop(1_000);
      await application.close();
      removeFolder();
      process.removeListener('exit', removeFolder);
    },
  };
}
