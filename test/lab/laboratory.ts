// Shared by the tests of attacks: the real application behind the real wire, with parts broken on purpose.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Application, openApplication, openSqliteReader, storePath } from '../../src/compose.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { recordedEntries } from '../../src/lab/recorded-entries.ts';
import type { Target } from '../../src/lab/target.ts';
import type { Verdict } from '../../src/lab/verdict.ts';
import { LIMITS, type Limits } from '../../src/limits.ts';
import { runOperation } from '../../src/operator/operations.ts';
import { startTcpServer, type TcpOptions } from '../../src/wire/tcp/server.ts';
import type { TcpServices } from '../../src/wire/tcp/services.ts';
import { temporaryFolder } from '../services/application.ts';

export interface LaboratoryOptions {
  readonly flags?: Record<string, string>;
  /** The server's bounds, which the lab expects as well. */
  readonly limits?: Partial<Limits>;
  /** Expectations of the lab in place of the server's own: a server that breaks its promises. */
  readonly promised?: Partial<Limits>;
  readonly tls?: TcpOptions['tls'];
  readonly fingerprint?: string;
  /** A server that is broken on purpose. */
  readonly breaking?: (services: TcpServices, application: Application) => TcpServices;
}

export interface Laboratory {
  readonly target: Target;
  readonly application: Application;
  readonly config: Config;
  /** Stops listening at once. */
  readonly stop: () => Promise<void>;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** The real application behind the real wire, on a free port. */
export async function laboratory(t: TestContext, options: LaboratoryOptions = {}): Promise<Laboratory> {
  const { flags = {}, limits = {}, promised = {}, breaking = (services) => services } = options;
  const dataDir = await temporaryFolder(t);
  const { config } = loadConfig({ flags: { '--data-dir': dataDir, ...flags } });
  const application = await openApplication(config);
  const server = await startTcpServer({
    host: '127.0.0.1',
    port: 0,
    services: breaking(application.services, application),
    logger: SILENT,
    limits,
    ...(options.tls ? { tls: options.tls } : {}),
  });
  const journal = await openSqliteReader(storePath(config));
  t.after(async () => {
    await journal.close();
    await server.stop(0);
    await application.close();
  });
  const target: Target = {
    endpoint: {
      host: '127.0.0.1',
      port: server.address().port,
      ...(options.fingerprint === undefined ? {} : { tls: { fingerprint: options.fingerprint } }),
    },
    config,
    limits: { ...LIMITS, ...limits, ...promised },
    operate: (name, given) => runOperation({ application }, name, given) as never,
    entriesOf: (username) => recordedEntries(journal, username),
  };
  return { target, application, config, stop: () => server.stop(0) };
}

export function assertHeld(verdict: Verdict, expected: { readonly skipped?: readonly string[] } = {}): void {
  const broken = verdict.steps.filter(({ held }) => !held);
  assert.deepEqual(broken, []);
  assert.equal(verdict.held, true);
  assert.deepEqual(
    verdict.skipped.map(({ id }) => id),
    expected.skipped ?? [],
  );
}

/** The ids of the steps that did not hold, in their order. */
export function brokenSteps(verdict: Verdict): string[] {
  return verdict.steps.filter(({ held }) => !held).map(({ id }) => id);
}
