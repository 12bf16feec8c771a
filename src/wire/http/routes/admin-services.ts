import Type, { type Static } from 'typebox';
import type { Context } from '../../../application/context.ts';
import {
  type ChangedService,
  createService,
  disableService,
  enableService,
  type KeyLife,
  revokeServiceKey,
  rotateServiceKey,
  type ServiceWithKey,
  setServiceScopes,
} from '../../../application/services/manage-services.ts';
import { SCOPES } from '../../../application/services/scopes.ts';
import { idOfServiceKey } from '../../../application/services/service-keys.ts';
import type { Act } from '../../../application/users/administer-user.ts';
import { isRefusal, type Refusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import type { ServiceRow } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import { replayed } from '../idempotent-answer.ts';
import { pageOf } from '../list-page.ts';
import { type RouteResponse, route } from '../route.ts';
import { Cursor, closed, Limit, NextCursor, named, time } from '../schema.ts';
import { actOf } from './admin-users.ts';

const Name = Type.String({ minLength: 1, maxLength: 64, description: 'a-z, 0-9, dot, dash, underscore.' });
const Scopes = Type.Array(Type.Enum([...SCOPES]), {
  minItems: 1,
  maxItems: SCOPES.length,
});

const KeyId = Type.String({
  pattern: '^[0-9a-f]{16}$',
  description: 'The first 16 hex digits of its SHA-256, which open nothing.',
});

const maybe = (description: string) => Type.Union([time(description), Type.Null()]);
const Key = named(
  'KeyOfService',
  closed({
    id: KeyId,
    hint: Type.Union([Type.String(), Type.Null()], {
      description:
        'By what its holder recognises it: the beginning of a bearer token, the thumbprint of a signing key. Null: an earlier version made it, and it was not used since.',
    }),
    created_at: time('When it was made.'),
    expires_at: maybe('From when it opens nothing; null: it does not expire.'),
    last_used_at: maybe('A use within the last hour may be missing; null: none is known.'),
  }),
);
const ExpiresAt = Type.Optional(
  time(
    'From when the key opens nothing: later than now, within ten years. Without it the key does not expire.',
  ),
);

const Service = named(
  'Service',
  closed({
    id: Type.String(),
    name: Name,
    scopes: Type.Array(Type.String()),
    disabled: Type.Boolean(),
    created_at: time('When it was created.'),
    keys: Type.Array(Key, { description: 'At most two live at a time.' }),
  }),
);
const ServiceKey = named(
  'ServiceKey',
  closed({ name: Name, key: Type.String({ description: 'The bearer token, told this once.' }) }),
);

function view({
  serviceId: id,
  name,
  scopes,
  disabled,
  createdAt,
  keys,
}: ServiceRow): Static<typeof Service> {
  return {
    ...{ id, name, disabled },
    scopes: [...scopes],
    created_at: rfc3339(createdAt),
    keys: keys.map(keyView),
  };
}

function keyView(key: ServiceRow['keys'][number]): Static<typeof Key> {
  const { hint = null, createdAt, expiresAt, lastUsedAt } = key;
  return {
    id: idOfServiceKey(key),
    hint,
    created_at: rfc3339(createdAt),
    expires_at: expiresAt === undefined ? null : rfc3339(expiresAt),
    last_used_at: lastUsedAt === undefined ? null : rfc3339(lastUsedAt),
  };
}

/** For the use cases; nothing where the key does not expire. */
function keyLife({ expires_at: expiresAt }: { readonly expires_at?: string }): KeyLife {
  return expiresAt === undefined ? {} : { expiresAt };
}

function withKey(made: ServiceWithKey | Refusal): RouteResponse | Refusal {
  if (isRefusal(made)) return made;
  return { status: 201, headers: replayed(made.repeated), body: { name: made.service.name, key: made.key } };
}

function asItIs(changed: ChangedService | Refusal): RouteResponse | Refusal {
  if (isRefusal(changed)) return changed;
  return { status: 200, headers: replayed(changed.repeated), body: view(changed) };
}

function switched(
  verb: 'disable' | 'enable',
  summary: string,
  change: (context: Context, name: string, act: Act) => Promise<ChangedService | Refusal>,
) {
  return route({
    method: 'POST',
    path: `/v1/admin/services/{name}/${verb}`,
    tag: 'administration',
    summary,
    caller: 'admin',
    repeatable: true,
    params: { name: Name },
    responses: { 200: { description: 'As it is now.', schema: Service } },
    refusals: ['service_unknown', 'busy'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const changed = await change(
        context,
        params.name,
        actOf(caller, { method: 'POST', path, idempotencyKey }),
      );
      return asItIs(changed);
    },
  });
}

export const adminServiceRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/services',
    tag: 'administration',
    summary: 'List services',
    description: 'By name.',
    caller: 'admin',
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ services: Type.Array(Service), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, { context, cursors }) {
      const all = await context.store.listServices();
      const page = await pageOf(cursors, ['services', callerId(caller)], all, query, ({ name }) => name);
      if (isRefusal(page)) return page;
      return { status: 200, body: { services: page.items.map(view), next_cursor: page.next } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/services',
    tag: 'administration',
    summary: 'Create a service',
    caller: 'admin',
    repeatable: true,
    body: closed({ name: Name, scopes: Scopes, expires_at: ExpiresAt }),
    bodyExample: { name: 'shop', scopes: ['transactions:write', 'transactions:read'] },
    responses: { 201: { description: 'Created.', schema: ServiceKey } },
    refusals: ['service_invalid', 'service_name_taken'],
    async handle({ caller, body, path, idempotencyKey }, { context }) {
      return withKey(
        await createService(
          context,
          { name: body.name, scopes: body.scopes, ...keyLife(body) },
          actOf(caller, { method: 'POST', path, body, idempotencyKey }),
        ),
      );
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/services/{name}/keys',
    tag: 'administration',
    summary: 'A new key for a service',
    description: 'The newest key before it goes on working, so that the program can change without a pause.',
    caller: 'admin',
    repeatable: true,
    params: { name: Name },
    body: closed({ expires_at: ExpiresAt }),
    bodyExample: {},
    responses: { 201: { description: 'Made.', schema: ServiceKey } },
    refusals: ['service_unknown', 'service_invalid', 'busy'],
    async handle({ caller, params, body, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'POST', path, body, idempotencyKey });
      return withKey(await rotateServiceKey(context, params.name, act, keyLife(body)));
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/admin/services/{name}/keys/{key}',
    tag: 'administration',
    summary: 'Revoke one key of a service',
    description: 'It opens nothing any more, at once. The only one goes from a disabled service alone.',
    caller: 'admin',
    repeatable: true,
    params: { name: Name, key: KeyId },
    responses: { 200: { description: 'As it is now.', schema: Service } },
    refusals: ['service_unknown', 'service_key_unknown', 'service_key_last', 'busy'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'DELETE', path, idempotencyKey });
      const changed = await revokeServiceKey(context, params.name, params.key, act);
      return asItIs(changed);
    },
  }),
  route({
    method: 'PUT',
    path: '/v1/admin/services/{name}/scopes',
    tag: 'administration',
    summary: 'What a service may do',
    caller: 'admin',
    params: { name: Name },
    body: closed({ scopes: Scopes }),
    bodyExample: { scopes: ['codes:verify'] },
    responses: { 200: { description: 'As it is now.', schema: Service } },
    refusals: ['service_unknown', 'service_invalid', 'busy'],
    async handle({ caller, params, body }, { context }) {
      const { username: by } = caller.session;
      const changed = await setServiceScopes(context, params.name, body.scopes, { by });
      return asItIs(changed);
    },
  }),
  switched('disable', 'Its keys open nothing any more', disableService),
  switched('enable', 'Its keys work again', enableService),
];
