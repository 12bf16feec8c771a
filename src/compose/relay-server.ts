import { systemClock } from '../adapters/system/clock.ts';
import { JournalOutbox } from '../application/relay/journal-outbox.ts';
import type { Relay, RelayControl, RelayStatus } from '../application/relay/relay.ts';
import type { Config } from '../config.ts';
import { formatHostAndPort } from '../net/host-and-port.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import { startStatusListener } from '../wire/http/status-listener.ts';
import { openApplication } from './application.ts';
import { withLogOrigin } from './log-origin.ts';
import { addConfiguredSinks, relayOf } from './relay.ts';
import { openStore } from './store.ts';

/** The relay as its own process: it has the store and the sinks, and a vault only where that is shared: to sign webhooks. */
export interface RunningRelayServer {
  readonly relay: RelayControl;
  /** Where it answers `/healthz`, `/readyz` and `/metrics`. */
  readonly address: string;
  stop(): Promise<void>;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** @throws StartRefused when the operator must fix something; the message says what, and nothing is delivered */
export async function startRelayServer(config: Config, log: Logger): Promise<RunningRelayServer> {
  const { store, relay, start, close } = await (sharesVault(config) ? openWithVault : openAlone)(config, log);
  try {
    const listener = await startStatusListener({
      host: config.httpHost,
      port: config.httpPort,
      metricsPublic: config.httpMetricsPublic,
      ping: () => store.ping(),
      relay,
    });
    start();
    return {
      relay,
      address: formatHostAndPort(listener.address()),
      stop: async () => {
        await listener.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether several processes may use the vault. A sealed file belongs to its server. */
function sharesVault({ vaultUrl }: Config): boolean {
  return !vaultUrl.startsWith('file:');
}

interface OpenedRelay {
  readonly store: Store;
  readonly relay: RelayControl;
  start(): void;
  close(): Promise<void>;
}

/** With a vault, which signs webhooks. */
async function openWithVault(config: Config, log: Logger): Promise<OpenedRelay> {
  const application = await openApplication(config, { log, vaultMayWait: true, maintenance: false });
  const { context, store } = application;
  let stopWatch = async () => {};
  return {
    ...{ store, relay: context.relay },
    start: () => {
      stopWatch = application.startRelay();
    },
    close: async () => {
      await stopWatch();
      await application.close();
    },
  };
}

/** Without a vault: webhooks are left to the servers, which have one. */
async function openAlone(config: Config, log: Logger): Promise<OpenedRelay> {
  const { store, relay } = await openRelay(config, log);
  return {
    ...{ store, relay },
    start: () => relay.start(),
    close: async () => {
      await relay.stop();
      await store.close();
    },
  };
}

/** Where the sinks stand, as the store knows it. @throws StartRefused, StoreUnavailable */
export async function readRelayStatus(config: Config): Promise<RelayStatus> {
  const { store, relay } = await openRelay(config, SILENT);
  try {
    return await relay.status();
  } finally {
    await store.close();
  }
}

async function openRelay(config: Config, log: Logger): Promise<{ store: Store; relay: Relay }> {
  const { store } = await openStore(config, [], log);
  try {
    const named = await withLogOrigin(config, store.log);
    const relay = relayOf(named, { store, outbox: new JournalOutbox(store), clock: systemClock, log });
    await addConfiguredSinks(named, relay);
    return { store, relay };
  } catch (error) {
    await store.close();
    throw error;
  }
}
