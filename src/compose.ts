import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Argon2Hasher } from './adapters/password/argon2.ts';
import type { SqliteStore } from './adapters/sqlite/store.ts';
import { systemClock } from './adapters/system/clock.ts';
import { systemRandom } from './adapters/system/random.ts';
import { ChallengeIssuer } from './application/challenges/challenge-issuer.ts';
import { issueChallenges } from './application/challenges/issue-challenges.ts';
import { RandomPool } from './application/challenges/random-pool.ts';
import type { Context } from './application/context.ts';
import { ChangeFeed } from './application/decisions/change-feed.ts';
import { Decider } from './application/decisions/decider.ts';
import { UserCache } from './application/decisions/user-cache.ts';
import { InstrumentedVault } from './application/keys/instrumented-vault.ts';
import { KeyLeases } from './application/keys/key-leases.ts';
import { publishedKeys } from './application/keys/published-keys.ts';
import { ownerOf } from './application/keys/rotate-keys.ts';
import { RefusalCounter } from './application/lockout/refusal-counter.ts';
import { PasswordLogIn } from './application/log-in/log-in-by-password.ts';
import { endSession } from './application/sessions/end-session.ts';
import { resumeSession } from './application/sessions/resume-session.ts';
import { authorise } from './application/transactions/authorise.ts';
import { Maintenance } from './application/upkeep/maintenance.ts';
import { registerUser } from './application/users/register-user.ts';
import { openRateLimiter } from './compose/rate-limiter.ts';
import { openStore } from './compose/store.ts';
import { type AwaitedVault, openVault } from './compose/vault.ts';
import type { Config } from './config.ts';
import { StartRefused } from './domain/errors.ts';
import { LIMITS } from './limits.ts';
import { formatHostAndPort } from './net/host-and-port.ts';
import type { Clock } from './ports/clock.ts';
import type { KeyVault } from './ports/key-vault.ts';
import type { Logger } from './ports/logger.ts';
import type { RateLimiter } from './ports/rate-limiter.ts';
import type { Store } from './ports/store.ts';
import type { SettingInForce } from './wire/http/dependencies.ts';
import type { Laboratory } from './wire/http/laboratory.ts';
import { type HttpServer, startHttpServer } from './wire/http/server.ts';
import { startTcpServer, type TcpServer } from './wire/tcp/server.ts';
import type { TcpServices } from './wire/tcp/services.ts';

export { openSqliteReader, type SqliteReader } from './adapters/sqlite/reader.ts';
export { openAuditReader } from './compose/audit-reader.ts';
export { type HsmFindings, probeHsm } from './compose/hsm.ts';
export { isPostgres, passphrasePath, storePath, vaultPath } from './compose/paths.ts';
export { migrateStore } from './compose/store.ts';
export { changeVaultPassphrase } from './compose/vault-passphrase.ts';
export { type RunningVaultServer, startVaultServer } from './compose/vault-server.ts';

/** The parts of one process, wired: what commands and servers run on. */
export interface Application {
  readonly context: Context;
  readonly store: Store;
  /** The store where it is one file, which can be copied while it is in use. */
  readonly sqlite: SqliteStore | undefined;
  readonly vault: KeyVault;
  /** The path of the sealed file of keys, where they are in one. */
  readonly sealedFile: string | undefined;
  readonly services: TcpServices;
  /** Paths of what was made at this start because it was not there. */
  readonly generated: readonly string[];
  /** Where the vault did not answer at the start, and this went on without it: it is waited for in the background. */
  readonly vaultAwaited: AwaitedVault | undefined;
  /** Where the vault is another process: reads the credentials for it again. @returns whether they are in use */
  reloadVaultCredentials(): Promise<boolean>;
  /** Waits for what was submitted, writes what was counted, closes store and vault. */
  close(): Promise<void>;
}

export interface ComposeOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** For tests that move the clock: nothing expires by itself. */
  readonly maintenance?: false;
  /** Whether to go on without a vault that does not answer: for servers, which have work without it. */
  readonly vaultMayWait?: boolean;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens store and vault and wires the application. Whoever opens it owns the database until `close`.
 * @throws StartRefused where an operator can mend what is wrong
 */
export async function openApplication(config: Config, options: ComposeOptions = {}): Promise<Application> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? SILENT;
  const generated = await makeDataFolder(config.dataDir);
  // The store first: where it is a file, its lock says that no other server is at work on this folder.
  const { store, sqlite } = await openStore(config, generated, log);
  let vault: KeyVault;
  let opened: KeyVault | undefined;
  let sealedFile: string | undefined;
  let reload: (() => Promise<boolean>) | undefined;
  let awaited: AwaitedVault | undefined;
  let rateLimiter: RateLimiter;
  try {
    const keysAreStored = async () =>
      (await store.listWrappedKeys({ after: undefined, limit: 1 })).length > 0;
    const storedKey = async () => {
      const [key] = await store.listWrappedKeys({ after: undefined, limit: 1 });
      return key && { owner: ownerOf(key), wrapped: key.wrapped };
    };
    ({ vault, sealedFile, reload, awaited } = await openVault(config, {
      ...{ clock, keysAreStored, storedKey, generated, log },
      mayWait: options.vaultMayWait ?? false,
    }));
    opened = vault;
    rateLimiter = await openRateLimiter(config, { vault, log });
  } catch (error) {
    await store.close();
    await opened?.close();
    throw error;
  }

  const context = wire(config, { store, vault, rateLimiter, clock, log });
  const { userCache } = context;
  const onError = (error: unknown) =>
    log.warn({ err: error }, 'what other servers decide is not known: nobody in memory is believed');
  const changes = new ChangeFeed({ store, userCache, onError });
  try {
    await changes.start();
  } catch (error) {
    await Promise.all([store.close(), vault.close(), rateLimiter.close()]);
    throw error;
  }
  // Known as soon as can be, so that they are published whatever becomes of the vault.
  const publish = () => publishedKeys(context.vault).catch(() => undefined);
  if (awaited) void awaited.opened.then(publish);
  else await publish();
  const maintenance = new Maintenance(context, (error) => log.warn({ err: error }, 'maintenance failed'));
  if (options.maintenance !== false) maintenance.start();
  let closing: Promise<void> | undefined;
  const close = async () => {
    maintenance.stop();
    await context.decider.drained();
    await context.refusalCounter.flush();
    await changes.stop();
    await store.close();
    await vault.close();
    await rateLimiter.close();
  };
  return {
    context,
    store,
    sqlite,
    vault,
    sealedFile,
    vaultAwaited: awaited,
    reloadVaultCredentials: async () => (await reload?.()) ?? true,
    services: servicesOf(context),
    generated,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function makeDataFolder(folder: string): Promise<string[]> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    return made === undefined ? [] : [folder];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new StartRefused(
      `data_dir: the folder ${folder} cannot be made (${code}): make it, or name another`,
    );
  }
}

function wire(
  config: Config,
  parts: { store: Store; vault: KeyVault; rateLimiter: RateLimiter; clock: Clock; log: Logger },
): Context {
  const { store, rateLimiter, clock, log } = parts;
  const vault = new InstrumentedVault(parts.vault);
  const { rotationMs, challengeTtlMs } = config.keys;
  const randomPool = new RandomPool(systemRandom);
  const userCache = new UserCache({ store, clock, challengeTtlMs });
  const decider = new Decider({ store, vault, clock, userCache });
  return {
    clock,
    random: systemRandom,
    randomPool,
    store,
    vault,
    passwords: new Argon2Hasher({ random: systemRandom }),
    rateLimiter,
    decider,
    userCache,
    challenges: new ChallengeIssuer(vault, randomPool, rotationMs, challengeTtlMs),
    refusalCounter: new RefusalCounter(decider, (error) =>
      log.warn({ err: error }, 'counts of refusals could not be written yet'),
    ),
    keyLeases: new KeyLeases(),
    settings: config,
  };
}

function servicesOf(context: Context): TcpServices {
  const desk = new PasswordLogIn(context);
  return {
    registerUser: (request) => registerUser(context, request),
    logIn: (request) => desk.logIn(request),
    resumeSession: (request) => resumeSession(context, request),
    endSession: (session) => endSession(context, session),
    issueChallenges: (session, count) => issueChallenges(context, session, count),
    authorise: (request) => authorise(context, request),
    takeError: (address) => context.rateLimiter.take(`error/${address}`, context.settings.rateLimits.errors),
    currencyDefault: context.settings.currencyDefault,
  };
}

export interface RunningServer {
  readonly application: Application;
  /** Where it listens, by protocol: `127.0.0.1:11002`. */
  readonly addresses: { readonly tcp: string; readonly http: string };
  readonly tcp: TcpServer;
  readonly http: HttpServer;
  /** Says that it is not ready, for `drain_delay_ms`; answers what was accepted, then closes everything. */
  stop(): Promise<void>;
  /** Reads certificates again. @returns whether the new ones are in use */
  reloadTls(): Promise<boolean>;
}

export interface ServerOptions extends Pick<ComposeOptions, 'clock'> {
  /** For administrators to read. */
  readonly settingsInForce?: readonly SettingInForce[];
  /** Attacks from the console, where they are allowed. */
  readonly makeLaboratory?: (server: RunningServer) => Laboratory;
}

/** @throws StartRefused where an operator can mend what is wrong: nothing listens then */
export async function startServer(
  config: Config,
  log: Logger,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const application = await openApplication(config, { ...options, log, vaultMayWait: true });
  const tls =
    config.tlsCertFile !== null && config.tlsKeyFile !== null
      ? { tls: { certFile: config.tlsCertFile, keyFile: config.tlsKeyFile } }
      : {};
  let tcp: TcpServer | undefined;
  let http: HttpServer;
  let laboratory: Laboratory | undefined;
  try {
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
      context: application.context,
      logIn: application.services.logIn,
      logger: log,
      tcp,
    });
  } catch (error) {
    await tcp?.stop(0);
    await application.close();
    throw error;
  }
  const running: RunningServer = {
    application,
    addresses: { tcp: formatHostAndPort(tcp.address()), http: formatHostAndPort(http.address()) },
    tcp,
    http,
    stop: async () => {
      http.dependencies.health.stopping = true;
      if (config.drainDelayMs > 0) await delay(config.drainDelayMs);
      await Promise.all([tcp.stop(LIMITS.drainTimeMs), http.stop(LIMITS.drainTimeMs)]);
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
