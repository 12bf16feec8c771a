import { HttpWebhookSender } from '../adapters/webhooks/http-sender.ts';
import { dnsResolver, type Resolve } from '../adapters/webhooks/resolve.ts';
import type { Context } from '../application/context.ts';
import type { WebPush } from '../application/push/manage-push-subscription.ts';
import { PushNotifier } from '../application/push/push-notifier.ts';
import { VapidKeys } from '../application/push/vapid-keys.ts';
import type { Config } from '../config.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { ReachableAddresses } from '../net/public-address.ts';
import type { Logger } from '../ports/logger.ts';

/** For tests. */
export interface WebPushOptions {
  readonly resolve?: Resolve;
  readonly limits?: Partial<Limits>;
}

export interface RunningWebPush {
  readonly webPush: WebPush;
  stop(): Promise<void>;
}

/** Starts to tell browsers of transactions that wait. @returns undefined where that is off */
export function startWebPush(
  config: Pick<Config, 'webPush' | 'publicUrl'>,
  context: Context,
  log: Logger,
  { resolve, limits: own }: WebPushOptions = {},
): RunningWebPush | undefined {
  const { enabled, contact, hosts, privateAddressesAllowed } = config.webPush;
  if (!enabled) return undefined;
  const limits = { ...LIMITS, ...own };
  const reachable = new ReachableAddresses(privateAddressesAllowed);
  const sender = new HttpWebhookSender({
    ...{ reachable, limits },
    resolve: resolve ?? dnsResolver(limits.webhookTimeMs),
  });
  const keys = new VapidKeys(context.vault);
  const ownUrl = config.publicUrl?.startsWith('https:') ? config.publicUrl : undefined;
  const notifier = new PushNotifier({ context, sender, keys, contact: contact ?? ownUrl, log, limits });
  notifier.start();
  return {
    webPush: {
      ...{ keys, hosts, addresses: reachable },
      ...{ subscriptions: context.store.pushSubscriptions, clock: context.clock },
    },
    stop: async () => {
      await notifier.stop();
      sender.close();
    },
  };
}
