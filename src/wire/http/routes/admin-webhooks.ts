import Type, { type Static } from 'typebox';
import type { Context } from '../../../application/context.ts';
import { listDeliveries, readDelivery } from '../../../application/webhooks/find-deliveries.ts';
import {
  type ChangedWebhook,
  changeWebhook,
  commandWebhook,
  createWebhook,
  deleteWebhook,
  findWebhook,
  rotateWebhookSecret,
  type WebhookRequested,
  type WebhookWithSecret,
} from '../../../application/webhooks/manage-webhooks.ts';
import { decodeProgress } from '../../../application/webhooks/webhook-progress.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import type { WebhookDeliveryRow, WebhookProgress, WebhookRow } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import { replayed } from '../idempotent-answer.ts';
import { oldestFirst, pageOf } from '../list-page.ts';
import { type RouteResponse, route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, named, time } from '../schema.ts';
import { actOf } from './admin-users.ts';

const Url = Type.String({
  minLength: 1,
  maxLength: LIMITS.webhookUrlLengthMax,
  description: 'HTTPS; HTTP only to addresses in `webhooks.private_addresses_allowed`.',
});
const Types = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  maxItems: LIMITS.webhookTypesMax,
  description: 'Entry types such as `transaction.approved`, or `transaction.*`. Empty: all.',
});
const Index = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Of the log.' });
const DeliveryNumber = Type.String({ minLength: 1, maxLength: 16, description: 'Of an attempt.' });
const nullableTime = (description: string) => Type.Union([time(description), Type.Null()]);

const Webhook = named(
  'Webhook',
  closed({
    id: Id,
    url: Type.String(),
    types: Type.Array(Type.String()),
    enabled: Type.Boolean(),
    disabled_reason: Type.Optional(
      Type.Enum(['failing', 'gone'], {
        description:
          'Why the server disabled it: failures for three days without a success, or an answer 410 Gone.',
      }),
    ),
    created_at: time('When it was made.'),
    secrets: Type.Array(
      closed({
        created_at: time('When it was made.'),
        expires_at: nullableTime('Until when it signs; null: no end.'),
      }),
      { description: 'Those that sign now, the newest first.' },
    ),
    next_index: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Everything below was delivered, given up, or is outstanding.',
      }),
    ),
    outstanding: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Events that are sent again or under way.' }),
    ),
    failing_since: Type.Optional(nullableTime('The first failure since the last success; null: none.')),
  }),
);
const WithSecret = named(
  'WebhookSecret',
  closed({
    id: Id,
    secret: Type.String({
      description: '`whsec_…`, told this once: libraries of Standard Webhooks take it so.',
    }),
  }),
);
const deliveryMembers = {
  number: Type.Integer({ minimum: 1, description: 'Of the attempt, dense by endpoint.' }),
  event_id: Type.String({ description: '`webhook-id` of the request.' }),
  index: Type.Union([Index, Type.Null()], { description: 'Of the log; null: a test event.' }),
  type: Type.String(),
  attempt: Type.Integer({ minimum: 1 }),
  at: time('When it began.'),
  duration_ms: Type.Integer({ minimum: 0 }),
  outcome: Type.String({ description: '`delivered`, or why not.' }),
  status: Type.Union([Type.Integer(), Type.Null()], { description: 'Of the answer; null: there was none.' }),
  answer: Type.String({ description: 'The beginning of its body, or what went wrong.' }),
  next_at: nullableTime('When it is tried again; null: not by itself.'),
};
const Delivery = named('WebhookDelivery', closed(deliveryMembers));
const WholeDelivery = named(
  'WebhookDeliveryRequest',
  closed({
    ...deliveryMembers,
    request: closed({
      url: Type.String(),
      headers: Type.Record(Type.String(), Type.String()),
      body: Type.Union([Type.String(), Type.Null()], {
        description: 'As the event leaves now; null for a test event.',
      }),
    }),
  }),
);
const Requested = named('WebhookRequested', closed({ id: Id }));

function view(
  { webhookId: id, url, types, enabled, disabledReason, createdAt, secrets }: WebhookRow,
  at: number,
  stored?: WebhookProgress,
): Static<typeof Webhook> {
  const progress = stored && decodeProgress(stored.state);
  return {
    ...{ id, url, types: [...types], enabled },
    ...(disabledReason === '' ? {} : { disabled_reason: disabledReason as 'failing' | 'gone' }),
    created_at: rfc3339(createdAt),
    secrets: secrets
      .filter(({ expiresAt }) => expiresAt === 0 || expiresAt > at)
      .toReversed()
      .map((secret) => ({ created_at: rfc3339(secret.createdAt), expires_at: timeOrNull(secret.expiresAt) })),
    ...(progress
      ? {
          next_index: progress.taken,
          outstanding: progress.outstanding.length,
          failing_since: timeOrNull(progress.failingSince),
        }
      : {}),
  };
}

function deliveryView(row: WebhookDeliveryRow): Static<typeof Delivery> {
  const { number, eventId, index, type, attempt, at, durationMs, outcome, status, answer, nextAt } = row;
  return {
    ...{ number, event_id: eventId, index: index < 0 ? null : index, type, attempt, at: rfc3339(at) },
    ...{ duration_ms: durationMs, outcome, status: status === 0 ? null : status, answer },
    next_at: timeOrNull(nextAt),
  };
}

const timeOrNull = (at: number) => (at === 0 ? null : rfc3339(at));

function withSecret(made: WebhookWithSecret | Refusal): RouteResponse | Refusal {
  if (isRefusal(made)) return made;
  const body = { id: made.webhook.webhookId, secret: made.secret };
  return { status: 201, headers: replayed(made.repeated), body };
}

async function asItIs(
  { store, decider }: Context,
  changed: ChangedWebhook | Refusal,
): Promise<RouteResponse | Refusal> {
  if (isRefusal(changed)) return changed;
  const { progress } = await store.readWebhookProgress();
  const own = progress.find(({ webhookId }) => webhookId === changed.webhookId);
  return { status: 200, headers: replayed(changed.repeated), body: view(changed, decider.now(), own) };
}

function requested(done: WebhookRequested | Refusal): RouteResponse | Refusal {
  if (isRefusal(done)) return done;
  return { status: 202, headers: replayed(done.repeated), body: { id: done.webhookId } };
}

const tag = 'administration';
const caller = 'admin';
const params = { id: Id };

export const adminWebhookRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/webhooks',
    ...{ tag, caller },
    summary: 'List webhooks',
    description: 'The oldest first.',
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ webhooks: Type.Array(Webhook), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller: asking, query }, { context, cursors }) {
      const { store, decider } = context;
      const all = await store.listWebhooks();
      const { progress } = await store.readWebhookProgress();
      const key = ({ createdAt, webhookId }: WebhookRow) => oldestFirst(createdAt, webhookId);
      const page = await pageOf(cursors, ['webhooks', callerId(asking)], all, query, key);
      if (isRefusal(page)) return page;
      const at = decider.now();
      const webhooks = page.items.map((webhook) =>
        view(
          webhook,
          at,
          progress.find(({ webhookId }) => webhookId === webhook.webhookId),
        ),
      );
      return { status: 200, body: { webhooks, next_cursor: page.next } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/webhooks',
    ...{ tag, caller },
    summary: 'Create a webhook',
    description: 'It gets the events from now on, signed as Standard Webhooks has it.',
    repeatable: true,
    body: closed({ url: Url, types: Type.Optional(Types) }),
    bodyExample: { url: 'https://shop.example/hooks', types: ['transaction.*'] },
    responses: { 201: { description: 'Created.', schema: WithSecret } },
    refusals: ['webhook_invalid', 'webhook_address_refused', 'webhooks_too_many', 'busy'],
    async handle({ caller: by, body, path, idempotencyKey }, { context }) {
      const act = actOf(by, { method: 'POST', path, body, idempotencyKey });
      return withSecret(await createWebhook(context, body, act));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/webhooks/{id}',
    ...{ tag, caller, params },
    summary: 'One webhook',
    responses: { 200: { description: 'As it is now.', schema: Webhook } },
    refusals: ['webhook_unknown'],
    async handle({ params: { id } }, { context }) {
      const found = await findWebhook(context, id);
      return asItIs(context, found ?? refuse('webhook_unknown'));
    },
  }),
  route({
    method: 'PATCH',
    path: '/v1/admin/webhooks/{id}',
    ...{ tag, caller, params },
    summary: 'Change its types, disable or enable it',
    description: 'What waits for a disabled webhook is sent when it is enabled again.',
    body: closed(
      { types: Type.Optional(Types), enabled: Type.Optional(Type.Boolean()) },
      { minProperties: 1 },
    ),
    bodyExample: { enabled: false },
    responses: { 200: { description: 'As it is now.', schema: Webhook } },
    refusals: ['webhook_unknown', 'webhook_invalid', 'busy'],
    async handle({ caller: by, params: { id }, body }, { context }) {
      return asItIs(context, await changeWebhook(context, id, body, { by: by.session.username }));
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/admin/webhooks/{id}',
    ...{ tag, caller, params },
    summary: 'Delete a webhook with its delivery log',
    responses: { 204: { description: 'Deleted.' } },
    refusals: ['webhook_unknown', 'busy'],
    async handle({ caller: by, params: { id } }, { context }) {
      const deleted = await deleteWebhook(context, id, { by: by.session.username });
      return isRefusal(deleted) ? deleted : { status: 204 };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/webhooks/{id}/secrets',
    ...{ tag, caller, params },
    summary: 'A new secret for a webhook',
    description:
      'The one before goes on signing beside it for a day, so that the receiver can change without a pause.',
    repeatable: true,
    responses: { 201: { description: 'Made.', schema: WithSecret } },
    refusals: ['webhook_unknown', 'busy'],
    async handle({ caller: by, params: { id }, path, idempotencyKey }, { context }) {
      const act = actOf(by, { method: 'POST', path, idempotencyKey });
      return withSecret(await rotateWebhookSecret(context, id, act));
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/webhooks/{id}/test',
    ...{ tag, caller, params },
    summary: 'Send a test event',
    description: 'Once, of the type `sello.test`. What became of it stands in the delivery log.',
    repeatable: true,
    responses: { 202: { description: 'It is sent soon.', schema: Requested } },
    refusals: ['webhook_unknown', 'webhook_invalid', 'webhooks_too_many', 'busy'],
    async handle({ caller: by, params: { id }, path, idempotencyKey }, { context }) {
      const act = actOf(by, { method: 'POST', path, idempotencyKey });
      return requested(await commandWebhook(context, id, { kind: 'test' }, act));
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/webhooks/{id}/replay',
    ...{ tag, caller, params },
    summary: 'Send every event again from an index on',
    description: 'With the same `webhook-id` as before, in order, then what is new.',
    repeatable: true,
    body: closed({ from: Index }),
    bodyExample: { from: 0 },
    responses: { 202: { description: 'It begins soon.', schema: Requested } },
    refusals: ['webhook_unknown', 'webhook_invalid', 'webhooks_too_many', 'busy'],
    async handle({ caller: by, params: { id }, path, body, idempotencyKey }, { context }) {
      const act = actOf(by, { method: 'POST', path, body, idempotencyKey });
      return requested(await commandWebhook(context, id, { kind: 'replay', index: body.from }, act));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/webhooks/{id}/deliveries',
    ...{ tag, caller, params },
    summary: 'The delivery log of a webhook',
    description: `The newest first; the latest ${LIMITS.webhookDeliveriesKept} attempts are kept.`,
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ deliveries: Type.Array(Delivery), next_cursor: NextCursor }),
      },
    },
    refusals: ['webhook_unknown', 'cursor_invalid'],
    async handle({ caller: asking, params: { id }, query }, { context, cursors }) {
      const list = ['webhook_deliveries', callerId(asking), id];
      const below = await cursors.read(list, query.cursor);
      if (isRefusal(below)) return below;
      const { limit = LIMITS.pageSize } = query;
      const found = await listDeliveries(context, id, {
        below: Number(below ?? Number.MAX_SAFE_INTEGER),
        limit,
      });
      if (isRefusal(found)) return found;
      const last = found.deliveries.at(-1);
      const next = found.more && last ? await cursors.write(list, String(last.number)) : null;
      return { status: 200, body: { deliveries: found.deliveries.map(deliveryView), next_cursor: next } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/webhooks/{id}/deliveries/{number}',
    ...{ tag, caller },
    params: { id: Id, number: DeliveryNumber },
    summary: 'One attempt with its request',
    responses: { 200: { description: 'The attempt.', schema: WholeDelivery } },
    refusals: ['webhook_unknown', 'webhook_delivery_unknown'],
    async handle({ params: { id, number } }, { context }) {
      const found = await readDelivery(context, id, Number(number));
      if (isRefusal(found)) return found;
      return { status: 200, body: { ...deliveryView(found.delivery), request: found.request } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/webhooks/{id}/deliveries/{number}/retry',
    ...{ tag, caller },
    params: { id: Id, number: DeliveryNumber },
    summary: 'Send its event again',
    description: 'Now where it waits to be sent again; otherwise once, beside the order.',
    repeatable: true,
    responses: { 202: { description: 'It is sent soon.', schema: Requested } },
    refusals: ['webhook_unknown', 'webhook_delivery_unknown', 'webhook_invalid', 'webhooks_too_many', 'busy'],
    async handle({ caller: by, params: { id, number }, path, idempotencyKey }, { context }) {
      const found = await readDelivery(context, id, Number(number));
      if (isRefusal(found)) return found;
      const { index } = found.delivery;
      const act = actOf(by, { method: 'POST', path, idempotencyKey });
      const command = index < 0 ? ({ kind: 'test' } as const) : ({ kind: 'retry', index } as const);
      return requested(await commandWebhook(context, id, command, act));
    },
  }),
];
