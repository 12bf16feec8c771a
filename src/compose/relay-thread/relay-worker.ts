import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../adapters/system/clock.ts';
import type { CommitWait } from '../../application/decisions/commit-watch.ts';
import { JournalOutbox } from '../../application/relay/journal-outbox.ts';
import { OutgoingEvents } from '../../application/relay/outgoing-events.ts';
import { SharedOutbox } from '../../application/relay/shared-outbox.ts';
import type { Logger } from '../../ports/logger.ts';
import { logOrigin } from '../log-origin.ts';
import { addConfiguredSinks, formOf, relayOf } from '../relay.ts';
import { startWebhooks, type WebhookEnvironment } from '../webhooks.ts';
import { Calls } from './calls.ts';
import type { ServerFunctions, ThreadFunctions, ThreadSettings } from './functions.ts';
import { ReopenedReader } from './reopened-reader.ts';

/* The thread of the sinks. It reads the store by a connection of its own, and asks the server's thread to write. */

const TELL_MS = 250;

if (!parentPort) throw new Error('this is no thread');
const { config, webhooks }: ThreadSettings = workerData;
const changes = new Set<() => void>();

const own: ThreadFunctions = {
  started: () => started,
  status: () => relay.status(),
  rewind: (name: string, next: number) => relay.rewind(name, next),
  webhooksChanged() {
    for (const change of changes) change();
  },
  stop,
};
const server = new Calls<ServerFunctions>(parentPort, own);

const log: Logger = {
  debug() {},
  info: (fields, message) => server.tell('log', 'info', cloneable(fields), message),
  warn: (fields, message) => server.tell('log', 'warn', cloneable(fields), message),
  error: (fields, message) => server.tell('log', 'error', cloneable(fields), message),
};

const reader = new ReopenedReader(config);
const outbox = new SharedOutbox(new JournalOutbox(reader));
const relay = relayOf(config, {
  store: {
    leases: {
      take: (request) => server.call('takeLease', request),
      renew: (lease, durationMs) => server.call('renewLease', lease, durationMs),
      release: (lease) => server.call('releaseLease', lease),
    },
    sinks: {
      find: (sink) => server.call('findPosition', sink),
      move: (change) => server.call('movePosition', change),
      keep: (kept) => server.call('keepSinks', kept),
      remove: () => Promise.reject(new Error('the relay forgets no sink')),
    },
  },
  outbox,
  clock: systemClock,
  log,
});

const environment: WebhookEnvironment = {
  store: {
    listWebhooks: () => server.call('listWebhooks'),
    readWebhookProgress: () => server.call('readWebhookProgress'),
    saveWebhookProgress: (changed, deliveriesMax) =>
      server.call('saveWebhookProgress', changed, deliveriesMax),
  },
  vault: { computeMacs: (requests) => server.call('computeMacs', requests) },
  outgoingEvents: new OutgoingEvents(outbox, formOf(config)),
  waitForChange,
  disable: (webhookId, reason) => server.call('disableWebhook', webhookId, reason),
  now: () => systemClock.now(),
  origin: logOrigin(config),
};

let stopWebhooks = async () => {};
let told = '';
const tell = () => {
  const { sinks } = relay;
  const text = JSON.stringify(sinks);
  if (text !== told) server.tell('sinks', sinks);
  told = text;
};
const telling = setInterval(tell, TELL_MS);
const started = start();
started.catch(() => undefined);

async function start(): Promise<void> {
  await addConfiguredSinks(config, relay);
  if (webhooks) stopWebhooks = startWebhooks(config, environment, relay, log);
  relay.start();
}

async function stop(): Promise<void> {
  await stopWebhooks();
  await relay.stop();
  clearInterval(telling);
  await reader.close();
}

/** The server's thread tells at least each `webhookPollMs`. */
function waitForChange(_waitMs: number, signal: AbortSignal): CommitWait {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const cancel = () => {
    changes.delete(cancel);
    signal.removeEventListener('abort', cancel);
    resolve();
  };
  changes.add(cancel);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  return { ended, cancel };
}

/** An error loses its class and members on its way; what it says stays. */
function cloneable(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? new Error(`${value.name}: ${value.message}`) : value,
  ]);
  return Object.fromEntries(entries);
}
