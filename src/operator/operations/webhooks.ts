import { listDeliveries, readDelivery } from '../../application/webhooks/find-deliveries.ts';
import {
  changeWebhook,
  commandWebhook,
  createWebhook,
  deleteWebhook,
  rotateWebhookSecret,
} from '../../application/webhooks/manage-webhooks.ts';
import { decodeProgress } from '../../application/webhooks/webhook-progress.ts';
import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import { operation, parameters } from './operation.ts';

const id = { type: 'string', minLength: 1, maxLength: 64 } as const;
const url = { type: 'string', minLength: 1, maxLength: LIMITS.webhookUrlLengthMax } as const;
const types = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 64 },
  maxItems: LIMITS.webhookTypesMax,
} as const;
const whole = { type: 'integer', minimum: 0 } as const;
const ofWebhook = parameters({ id });

export const webhookCreate = operation(
  parameters({ url, types }, ['types']),
  async ({ application }, given) => {
    const made = await createWebhook(application.context, given);
    return isRefusal(made) ? made : { id: made.webhook.webhookId, secret: made.secret };
  },
);

export const webhookList = operation(parameters({}), async ({ application }) => {
  const { store } = application.context;
  const webhooks = await store.listWebhooks();
  const { progress } = await store.readWebhookProgress();
  return {
    webhooks: webhooks.map(({ webhookId, url: to, types: wanted, enabled, disabledReason, createdAt }) => {
      const found = progress.find((each) => each.webhookId === webhookId);
      const { taken, outstanding, failingSince } = decodeProgress(found?.state ?? NO_PROGRESS);
      return {
        ...{ id: webhookId, url: to, types: wanted, enabled, created_at: rfc3339(createdAt) },
        ...(disabledReason === '' ? {} : { disabled_reason: disabledReason }),
        ...{ next_index: taken, outstanding: outstanding.length },
        failing_since: failingSince === 0 ? null : rfc3339(failingSince),
      };
    }),
  };
});

const NO_PROGRESS = '{"taken":0,"outstanding":[],"failingSince":0,"lastDelivery":0}';

export const webhookChange = operation(
  parameters({ id, types, enabled: { type: 'boolean' } }, ['types', 'enabled']),
  ({ application }, { id: webhookId, ...wanted }) =>
    identified(changeWebhook(application.context, webhookId, wanted)),
);

export const webhookDelete = operation(ofWebhook, ({ application }, given) =>
  identified(deleteWebhook(application.context, given.id)),
);

/** Makes a new secret. The one before signs beside it for a day. */
export const webhookRotate = operation(ofWebhook, async ({ application }, given) => {
  const made = await rotateWebhookSecret(application.context, given.id);
  return isRefusal(made) ? made : { id: made.webhook.webhookId, secret: made.secret };
});

export const webhookTest = operation(ofWebhook, ({ application }, given) =>
  identified(commandWebhook(application.context, given.id, { kind: 'test' })),
);

export const webhookReplay = operation(parameters({ id, from: whole }), ({ application }, given) =>
  identified(commandWebhook(application.context, given.id, { kind: 'replay', index: given.from })),
);

export const webhookRetry = operation(
  parameters({ id, delivery: { type: 'integer', minimum: 1 } }),
  async ({ application: { context } }, given) => {
    const found = await readDelivery(context, given.id, given.delivery);
    if (isRefusal(found)) return found;
    const { index } = found.delivery;
    return identified(
      commandWebhook(context, given.id, index < 0 ? { kind: 'test' } : { kind: 'retry', index }),
    );
  },
);

export const webhookDeliveries = operation(parameters({ id }), async ({ application }, given) => {
  const page = { below: Number.MAX_SAFE_INTEGER, limit: LIMITS.pageSize };
  const found = await listDeliveries(application.context, given.id, page);
  if (isRefusal(found)) return found;
  return {
    deliveries: found.deliveries.map((row) => ({
      ...{ number: row.number, event_id: row.eventId, type: row.type, attempt: row.attempt },
      ...{ at: rfc3339(row.at), duration_ms: row.durationMs, outcome: row.outcome, status: row.status },
      ...{ answer: row.answer, next_at: row.nextAt === 0 ? null : rfc3339(row.nextAt) },
    })),
  };
});

async function identified(
  act: Promise<{ readonly webhookId: string } | Refusal>,
): Promise<{ readonly id: string } | Refusal> {
  const done = await act;
  return isRefusal(done) ? done : { id: done.webhookId };
}
