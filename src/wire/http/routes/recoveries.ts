import Type from 'typebox';
import {
  askRecovery,
  cancelRecovery,
  confirmRecovery,
  recoveryOf,
} from '../../../application/users/recovery.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import type { Recovery } from '../../../domain/user-state.ts';
import type { UserId } from '../../../ports/store.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { type RouteResponse, route } from '../route.ts';
import { closed, Id, named, time, Username } from '../schema.ts';
import { userIdOf } from './admin-users.ts';

const RecoveryView = named(
  'Recovery',
  closed({
    asked_by: Username,
    asked_at: time('When.'),
    confirmed_by: Type.Union([Username, Type.Null()]),
    ready_at: Type.Union([time('From when a device may be invited.'), Type.Null()]),
  }),
);
const Current = closed({ recovery: Type.Union([RecoveryView, Type.Null()]) });

function view({ askedBy, askedAt, confirmedBy, readyAt }: Recovery) {
  return {
    asked_by: askedBy,
    asked_at: rfc3339(askedAt),
    confirmed_by: confirmedBy ?? null,
    ready_at: readyAt === undefined ? null : rfc3339(readyAt),
  };
}

async function current({ context }: HttpDependencies, userId: UserId | undefined) {
  const user = userId === undefined ? undefined : await context.userCache.reload(userId);
  if (!user) return refuse('user_unknown');
  const recovery = recoveryOf(user, context.decider.now());
  return { status: 200, body: { recovery: recovery ? view(recovery) : null } };
}

async function answer(
  id: string,
  status: 200 | 201 | 204,
  act: (userId: UserId) => Promise<Recovery | Refusal>,
): Promise<RouteResponse | Refusal> {
  const userId = userIdOf(id);
  if (userId === undefined) return refuse('user_unknown');
  const done = await act(userId);
  if (isRefusal(done)) return done;
  return status === 204 ? { status } : { status, body: view(done) };
}

export const recoveryRoutes = [
  route({
    method: 'GET',
    path: '/v1/recovery',
    tag: 'tokens',
    summary: 'Whether administrators are giving your account to a new device',
    caller: 'user',
    device: true,
    responses: { 200: { description: 'The recovery under way, or null.', schema: Current } },
    refusals: ['user_unknown'],
    handle: ({ caller }, dependencies) => current(dependencies, caller.session.userId),
  }),
  route({
    method: 'DELETE',
    path: '/v1/recovery',
    tag: 'tokens',
    summary: 'Cancel the recovery of your account',
    description: 'Works from any session of the user.',
    caller: 'user',
    device: true,
    responses: { 204: { description: 'Cancelled.' } },
    refusals: ['user_unknown', 'recovery_unknown'],
    async handle({ caller: { session } }, { context }) {
      const done = await cancelRecovery(context, session.userId, session.username, session);
      return isRefusal(done) ? done : { status: 204 };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/users/{id}/recovery',
    tag: 'administration',
    summary: 'The recovery of a user',
    caller: 'auditor',
    params: { id: Id },
    responses: { 200: { description: 'The one under way, or null.', schema: Current } },
    refusals: ['user_unknown'],
    handle: ({ params }, dependencies) => current(dependencies, userIdOf(params.id)),
  }),
  route({
    method: 'POST',
    path: '/v1/admin/users/{id}/recovery',
    tag: 'administration',
    summary: 'Ask for a recovery of a user who has lost their tokens and passkeys',
    description:
      'Another administrator confirms it. When `recovery_wait_ms` have passed, a device may be invited. The user is told, and may cancel it.',
    caller: 'admin',
    params: { id: Id },
    responses: { 201: { description: 'Asked for.', schema: RecoveryView } },
    refusals: ['user_unknown', 'own_account', 'recovery_unneeded', 'recovery_pending'],
    handle: ({ caller, params }, { context }) =>
      answer(params.id, 201, (userId) => askRecovery(context, userId, caller.session.username)),
  }),
  route({
    method: 'POST',
    path: '/v1/admin/users/{id}/recovery/confirmation',
    tag: 'administration',
    summary: 'Confirm a recovery that another administrator asked for',
    caller: 'admin',
    params: { id: Id },
    responses: { 200: { description: 'Confirmed; the wait has begun.', schema: RecoveryView } },
    refusals: [
      ...(['user_unknown', 'own_account', 'recovery_unknown', 'recovery_pending'] as const),
      'second_administrator_required',
    ],
    handle: ({ caller, params }, { context }) =>
      answer(params.id, 200, (userId) => confirmRecovery(context, userId, caller.session.username)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/admin/users/{id}/recovery',
    tag: 'administration',
    summary: 'Cancel a recovery',
    caller: 'admin',
    params: { id: Id },
    responses: { 204: { description: 'Cancelled.' } },
    refusals: ['user_unknown', 'recovery_unknown'],
    handle: ({ caller, params }, { context }) =>
      answer(params.id, 204, (userId) => cancelRecovery(context, userId, caller.session.username)),
  }),
];
