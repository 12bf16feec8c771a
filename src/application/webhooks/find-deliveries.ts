import { type Refusal, refuse } from '../../domain/errors.ts';
import type { WebhookDeliveryRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findWebhook } from './manage-webhooks.ts';
import { WEBHOOK_CONTENT_TYPE } from './webhook-session.ts';

/** @returns a page of a webhook's attempts, the newest first, or `webhook_unknown` */
export async function listDeliveries(
  context: Context,
  webhookId: string,
  { below, limit }: { readonly below: number; readonly limit: number },
): Promise<{ readonly deliveries: readonly WebhookDeliveryRow[]; readonly more: boolean } | Refusal> {
  if (!(await findWebhook(context, webhookId))) return refuse('webhook_unknown');
  const found = await context.store.listWebhookDeliveries({ webhookId, below, limit: limit + 1 });
  return { deliveries: found.slice(0, limit), more: found.length > limit };
}

/**
 * One attempt with the request that was sent. The body is made again from the journal, which the delivery log does not copy:
 * with another `relay` configuration than at the time it may be another.
 *
 * Why: docs/DECISIONS.md#deliveries-are-not-copied
 *
 * @returns also `webhook_unknown`, `webhook_delivery_unknown`
 */
export async function readDelivery(
  context: Context,
  webhookId: string,
  number: number,
): Promise<
  | {
      readonly delivery: WebhookDeliveryRow;
      readonly request: {
        readonly url: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string | null;
      };
    }
  | Refusal
> {
  const webhook = await findWebhook(context, webhookId);
  if (!webhook) return refuse('webhook_unknown');
  const [delivery] = await context.store.listWebhookDeliveries({ webhookId, below: number + 1, limit: 1 });
  if (delivery?.number !== number) return refuse('webhook_delivery_unknown');
  const headers = {
    'content-type': WEBHOOK_CONTENT_TYPE,
    'webhook-id': delivery.eventId,
    'webhook-timestamp': String(delivery.timestamp),
    'webhook-signature': delivery.signature,
  };
  const [event] = delivery.index < 0 ? [] : await context.outgoingEvents.read(delivery.index, 1);
  return { delivery, request: { url: webhook.url, headers, body: event?.json ?? null } };
}
