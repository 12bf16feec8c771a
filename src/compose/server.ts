import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { LIMITS } from '../limits.ts';
import { formatHostAndPort } from '../net/host-and-port.ts';
import type { Logger } from '../ports/logger.ts';
import type { SettingInForce } from '../wire/http/dependencies.ts';
import type { Laboratory } from '../wire/http/laboratory.ts';
import { type HttpServer, startHttpServer } from '../wire/http/server.ts';
import { startTcpServer, type TcpServer } from '../wire/tcp/server.ts';
import { type Application, type ComposeOptions, openApplication } from './application.ts';
import { startIndexing } from './journal-index.ts';
import { startLog } from './transparency-log.ts';
import { type RunningWebPush, startWebPush } from './web-push.ts';

export interface RunningServer {
  readonly application: Application;
  /** The address it listens on, by protocol: `127.0.0.1:11002`. */
  readonly addresses: { readonly tcp: string; readonly http: string };
  readonly tcp: TcpServer;
  readonly http: HttpServer;
  /** Reports not ready for `drain_delay_ms`, answers what was accepted, then closes everything. */
  stop(): Promise<void>;
  /** Reads certificates again. @returns whether the new ones are in use */
  reloadTls(): Promise<boolean>;
}

export interface ServerOptions extends Pick<ComposeOptions, 'clock'> {
  /** Whether to go on with a database that is older than the last checkpoint seen here, and record it. */
  readonly acceptRollback?: boolean;
  /** For measurements: whether this server seals the log. */
  readonly seals?: false;
  /** For measurements: whether this server indexes and counts the journal. */
  readonly indexes?: false;
  /** Shown to administrators. */
  readonly settingsInForce?: readonly SettingInForce[];
  /** Makes what runs attacks from the console. Unset: none are allowed. */
  readonly makeLaboratory?: (server: RunningServer) => Laboratory;
}

/**
 * Opens the application and listens for TCP and HTTP. Starts without a vault that does not answer.
 * @throws StartRefused when the operator must fix something; the message says what, and nothing listens
 */
export async function startServer(
  config: Config,
  log: Logger,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const application = await openApplication(config, {
    ...options,
    log,
    vaultMayWait: true,
    rollback: options.acceptRollback ? 'accept' : 'refuse',
  });
  const tls =
    config.tlsCertFile !== null && config.tlsKeyFile !== null
      ? { tls: { certFile: config.tlsCertFile, keyFile: config.tlsKeyFile } }
      : {};
  let tcp: TcpServer | undefined;
  let http: HttpServer;
  let laboratory: Laboratory | undefined;
  let stopRelayWatch = async () => {};
  let push: RunningWebPush | undefined;
  try {
    stopRelayWatch = application.startRelay();
    push = startWebPush(config, application.context, log);
    tcp = await startTcpServer({
      host: config.tcpHost,
      port: config.tcpPort,
      ...tls,
      plaintextAllowed: config.tcpPlaintextAllowed,
      proxyTrusted: config.proxyTrusted,
      services: application.services,
      logger: log,
    });
    http = await startHttpServer({
      host: config.httpHost,
      port: config.httpPort,
      ...tls,
      plaintextAllowed: config.httpPlaintextAllowed,
      proxyTrusted: config.proxyTrusted,
      corsOrigins: config.httpCorsOrigins,
      metricsPublic: config.httpMetricsPublic,
      publicUrl: config.publicUrl,
      ...(options.settingsInForce ? { settingsInForce: options.settingsInForce } : {}),
      laboratory: () => laboratory,
      webPush: push?.webPush,
      context: application.context,
      logIn: application.services.logIn,
      logger: log,
      tcp,
    });
  } catch (error) {
    await tcp?.stop(0);
    await push?.stop();
    await stopRelayWatch();
    await application.close();
    throw error;
  }
  const sealing = options.seals === false ? undefined : startLog(config, application.context, log);
  const indexing = options.indexes === false ? undefined : startIndexing(application.context, log);
  const running: RunningServer = {
    application,
    addresses: { tcp: formatHostAndPort(tcp.address()), http: formatHostAndPort(http.address()) },
    tcp,
    http,
    stop: async () => {
      http.dependencies.health.stopping = true;
      if (config.drainDelayMs > 0) await delay(config.drainDelayMs);
      await Promise.all([tcp.stop(LIMITS.drainTimeMs), http.stop(LIMITS.drainTimeMs)]);
      await push?.stop();
      await stopRelayWatch();
      await indexing?.stop();
      await sealing?.stop();
      await application.close();
    },
    reloadTls: async () => {
      const parts = [tcp.reloadTls(), http.reloadTls(), application.reloadVaultCredentials()];
      return (await Promise.all(parts)).every(Boolean);
    },
  };
  const { cursors } = http.dependencies;
  void application.vaultAwaited?.opened.then(() => cursors.ready()).catch(() => undefined);
  laboratory = options.makeLaboratory?.(running);
  return running;
}
