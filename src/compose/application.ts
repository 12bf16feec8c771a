import type { SqliteStore } from '../adapters/sqlite/store.ts';
import { systemClock } from '../adapters/system/clock.ts';
import type { Context } from '../application/context.ts';
import { ChangeFeed } from '../application/decisions/change-feed.ts';
import { publishedKeys } from '../application/keys/published-keys.ts';
import { Maintenance } from '../application/upkeep/maintenance.ts';
import type { Config } from '../config.ts';
import { rfc3339 } from '../domain/journal/entry.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import type { TcpServices } from '../wire/tcp/services.ts';
import { contextOf } from './context.ts';
import { makeDataFolder } from './data-folder.ts';
import { withLogOrigin } from './log-origin.ts';
import { closeParts, openParts, type Parts } from './parts.ts';
import { configuredSinks } from './relay.ts';
import { RelayThread } from './relay-thread/relay-thread.ts';
import { startRelay } from './relay-thread/start-relay.ts';
import { tcpServices } from './tcp-services.ts';
import { acceptRollback, checkRollback } from './transparency-log.ts';
import type { AwaitedVault } from './vault.ts';

/** The parts of one process, wired. Commands and servers run on it. */
export interface Application {
  readonly context: Context;
  readonly store: Store;
  /** The store when it is one SQLite file, which can be copied while it is in use. */
  readonly sqlite: SqliteStore | undefined;
  readonly vault: KeyVault;
  /** The path of the sealed file of keys, when the keys are in one. */
  readonly sealedFile: string | undefined;
  readonly services: TcpServices;
  /** Paths of what this start made because it was missing. */
  readonly generated: readonly string[];
  /** Set when the vault did not answer at the start: the application runs without it and tries again in the background. */
  readonly vaultAwaited: AwaitedVault | undefined;
  /**
   * Runs the sinks of events and the webhooks until `close`. @returns what lets administrators' changes reach them no more
   * @throws StartRefused where `webhooks.ca_file` cannot be read
   */
  startRelay(): () => Promise<void>;
  /** Reads the credentials for a vault in another process again. @returns whether the new ones are in use */
  reloadVaultCredentials(): Promise<boolean>;
  /** Waits for submitted decisions, writes the counts of refusals, closes store and vault. */
  close(): Promise<void>;
}

export interface ComposeOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** For tests that move the clock: nothing expires by itself. */
  readonly maintenance?: false;
  /** Whether to start without a vault that does not answer. Servers do: they have work without it. */
  readonly vaultMayWait?: boolean;
  /** Whether a database that is older than the last checkpoint seen here is refused, or accepted and recorded. Unset: not looked for. */
  readonly rollback?: 'refuse' | 'accept';
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens store, vault and rate limiter and wires the application, which owns the database until `close`.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function openApplication(config: Config, options: ComposeOptions = {}): Promise<Application> {
  const { clock = systemClock, log = SILENT, vaultMayWait = false } = options;
  const generated = await makeDataFolder(config.dataDir);
  const parts = await openParts(config, { clock, log, generated, vaultMayWait });
  const { store, sqlite, archive, vault } = parts;
  const rollback =
    options.rollback &&
    (await orClose(parts, () => checkRollback(config, store.log, options.rollback === 'accept')));

  const named = await orClose(parts, () => withLogOrigin(config, store.log));
  const relay = new RelayThread({ config: named, store, vault: vault.vault, log });
  const sinks = await orClose(parts, async () => (await configuredSinks(named)).map(({ name }) => name));
  const context = contextOf(named, {
    relay,
    store,
    archive,
    vault: vault.vault,
    rateLimiter: parts.rateLimiter,
    clock,
    log,
  });
  const changes = await followChanges(context, parts, log);
  await publishKeys(context, vault.awaited);
  if (rollback) await acceptRollback(config, context, rollback, log);
  const maintenance = new Maintenance(
    context,
    (error) => log.warn({ err: error }, 'maintenance failed'),
    ({ service, key, expiresAt }) =>
      log.warn(
        { service, key, expires_at: rfc3339(expiresAt) },
        'a key of a service expires soon, or has: make a new one (sello service rotate)',
      ),
  );
  if (options.maintenance !== false) maintenance.start();

  const close = async () => {
    maintenance.stop();
    await context.retention.stop();
    await context.relay.stop();
    await context.decider.drained();
    await context.refusalCounter.flush();
    await context.serviceKeyUses.flush().catch(() => undefined);
    await context.sessionUses.flush().catch(() => undefined);
    await changes.stop();
    await closeParts(parts);
  };
  let closing: Promise<void> | undefined;
  return {
    context,
    store,
    sqlite,
    vault: vault.vault,
    sealedFile: vault.sealedFile,
    services: tcpServices(context),
    generated,
    vaultAwaited: vault.awaited,
    startRelay: () => startRelay(named, context, relay, sinks),
    reloadVaultCredentials: async () => (await vault.reload?.()) ?? true,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Starts to follow what other servers decide; closes the parts when that fails. */
async function followChanges({ userCache }: Context, parts: Parts, log: Logger): Promise<ChangeFeed> {
  const onError = (error: unknown) =>
    log.warn({ err: error }, 'what other servers decide is not known: nobody in memory is believed');
  const changes = new ChangeFeed({ store: parts.store, userCache, onError });
  await orClose(parts, () => changes.start());
  return changes;
}

/** Closes the parts when a step of the start fails. */
async function orClose<T>(parts: Parts, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
}

/** Reads the public keys as early as possible, so that they stay published when the vault fails later. */
async function publishKeys({ vault }: Context, awaited: AwaitedVault | undefined): Promise<void> {
  const publish = () => publishedKeys(vault).catch(() => undefined);
  if (awaited) void awaited.opened.then(publish);
  else await publish();
}
