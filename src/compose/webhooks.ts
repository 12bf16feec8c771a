import { readFileSync } from 'node:fs';
import { HttpWebhookSender } from '../adapters/webhooks/http-sender.ts';
import { dnsResolver, type Resolve } from '../adapters/webhooks/resolve.ts';
import type { Context } from '../application/context.ts';
import { disableDeadWebhook } from '../application/webhooks/manage-webhooks.ts';
import { WebhookSigner } from '../application/webhooks/webhook-secret.ts';
import { type SinkHost, WebhookSinks } from '../application/webhooks/webhook-sinks.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { ReachableAddresses } from '../net/public-address.ts';
import type { Logger } from '../ports/logger.ts';

/** For tests. */
export interface WebhookOptions {
  readonly relay?: SinkHost;
  readonly resolve?: Resolve;
  readonly limits?: Partial<Limits>;
}

/**
 * Starts to deliver to the webhooks in the store, through the relay of the context.
 * @returns what ends it, before the relay is stopped
 * @throws StartRefused where `webhooks.ca_file` cannot be read
 */
export function startWebhooks(
  config: Pick<Config, 'webhooks'>,
  context: Context,
  log: Logger,
  { relay = context.relay, resolve, limits: own }: WebhookOptions = {},
): () => Promise<void> {
  const limits = { ...LIMITS, ...own };
  const { privateAddressesAllowed, caFile } = config.webhooks;
  const sender = new HttpWebhookSender({
    reachable: new ReachableAddresses(privateAddressesAllowed),
    resolve: resolve ?? dnsResolver(limits.webhookTimeMs),
    ...(caFile === null ? {} : { ca: authorities(caFile) }),
    limits,
  });
  const parts = {
    store: context.store,
    sender,
    signer: new WebhookSigner(context),
    readEvents: (from: number, limit: number) => context.outgoingEvents.read(from, limit),
    disable: disableDeadWebhook.bind(undefined, context),
    now: () => context.decider.now(),
    random: Math.random,
    log,
    limits,
    source: context.logKey.origin,
  };
  const sinks = new WebhookSinks(context, relay, parts, log);
  sinks.start();
  return async () => {
    await sinks.stop();
    sender.close();
  };
}

function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartRefused(`webhooks.ca_file: ${file} cannot be read: ${(error as Error).message}`);
  }
}
