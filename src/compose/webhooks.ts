import { readFileSync } from 'node:fs';
import { HttpWebhookSender } from '../adapters/webhooks/http-sender.ts';
import { dnsResolver, type Resolve } from '../adapters/webhooks/resolve.ts';
import type { Context } from '../application/context.ts';
import { CommitWatch } from '../application/decisions/commit-watch.ts';
import type { OutgoingEvents } from '../application/relay/outgoing-events.ts';
import { gatherSaves } from '../application/webhooks/gathered-saves.ts';
import { type DisabledReason, disableDeadWebhook } from '../application/webhooks/manage-webhooks.ts';
import { WebhookSigner } from '../application/webhooks/webhook-secret.ts';
import { type SinkHost, WebhookSinks, type WebhookSource } from '../application/webhooks/webhook-sinks.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { ReachableAddresses } from '../net/public-address.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { Logger } from '../ports/logger.ts';
import { type Store, SYSTEM_USER_ID } from '../ports/store.ts';

/** For tests. */
export interface WebhookOptions {
  readonly resolve?: Resolve;
  readonly limits?: Partial<Limits>;
}

/** What deliveries need of the server, which may be in another thread. */
export interface WebhookEnvironment extends WebhookSource {
  readonly store: Pick<Store, 'listWebhooks' | 'readWebhookProgress' | 'saveWebhookProgress'>;
  readonly vault: Pick<KeyVault, 'computeMacs'>;
  readonly outgoingEvents: Pick<OutgoingEvents, 'read'>;
  disable(webhookId: string, reason: DisabledReason): Promise<void>;
  now(): number;
  /** The log's. */
  readonly origin: string;
}

/** In the thread of the server itself. */
export function webhookEnvironment(context: Context): WebhookEnvironment {
  const { store, vault, outgoingEvents, decider, logKey } = context;
  return {
    ...{ store, vault, outgoingEvents, origin: logKey.origin },
    waitForChange: (waitMs, signal) => CommitWatch.of(context).waitForNext(SYSTEM_USER_ID, waitMs, signal),
    disable: (webhookId, reason) => disableDeadWebhook(context, webhookId, reason),
    now: () => decider.now(),
  };
}

/**
 * Starts to deliver to the webhooks in the store, through the relay.
 * @returns what ends it, before the relay is stopped
 * @throws StartRefused where `webhooks.ca_file` cannot be read
 */
export function startWebhooks(
  config: Pick<Config, 'webhooks'>,
  environment: WebhookEnvironment,
  relay: SinkHost,
  log: Logger,
  { resolve, limits: own }: WebhookOptions = {},
): () => Promise<void> {
  const limits = { ...LIMITS, ...own };
  const { privateAddressesAllowed, caFile } = config.webhooks;
  const sender = new HttpWebhookSender({
    reachable: new ReachableAddresses(privateAddressesAllowed),
    resolve: resolve ?? dnsResolver(limits.webhookTimeMs),
    ...(caFile === null ? {} : { ca: authorities(caFile) }),
    limits,
  });
  const { store, vault, outgoingEvents, origin } = environment;
  const parts = {
    store: {
      readWebhookProgress: () => store.readWebhookProgress(),
      saveWebhookProgress: gatherSaves(
        (...saved) => store.saveWebhookProgress(...saved),
        limits.webhookGatherMs,
      ),
    },
    sender,
    signer: new WebhookSigner({ vault }),
    readEvents: (from: number, limit: number) => outgoingEvents.read(from, limit),
    disable: (webhookId: string, reason: DisabledReason) => environment.disable(webhookId, reason),
    now: () => environment.now(),
    random: Math.random,
    log,
    limits,
    source: origin,
  };
  const sinks = new WebhookSinks(environment, relay, parts, log);
  sinks.start();
  return async () => {
    await sinks.stop();
    sender.close();
  };
}

/** @throws StartRefused where what they need cannot be read */
export function checkWebhooks({ webhooks }: Pick<Config, 'webhooks'>): void {
  if (webhooks.caFile !== null) authorities(webhooks.caFile);
}

function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartRefused(`webhooks.ca_file: ${file} cannot be read: ${(error as Error).message}`);
  }
}
