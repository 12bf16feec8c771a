import Type from 'typebox';
import { revokeToken } from '../../../application/users/administer-user.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { longestLockMs } from '../../../domain/failed-attempts.ts';
import { decodeState } from '../../../domain/user-state.ts';
import type { UserRecord } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { Cursor, Id, Limit } from '../schema.ts';
import { TokenList, tokenPage } from '../token-view.ts';
import { actOf, User, userIdOf, userView } from './admin-users.ts';

interface Known {
  readonly record: UserRecord;
  /** Now, ms since 1970. */
  readonly at: number;
}

async function userOf({ context }: HttpDependencies, id: string): Promise<Known | Refusal> {
  const userId = userIdOf(id);
  if (userId === undefined) return refuse('user_unknown');
  const at = context.decider.now();
  const [record] = await context.store.load([userId], at);
  return record ? { record, at } : refuse('user_unknown');
}

// Why: docs/DECISIONS.md#administrators-have-no-special-rights-on-their-own-account
export const adminOneUserRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/users/{id}',
    tag: 'administration',
    summary: 'One user',
    caller: 'auditor',
    params: { id: Id },
    responses: { 200: { description: 'As in the list.', schema: User } },
    refusals: ['user_unknown'],
    async handle({ params }, dependencies) {
      const user = await userOf(dependencies, params.id);
      if (isRefusal(user)) return user;
      return {
        status: 200,
        body: userView(user.record, user.record, user.at, dependencies.context.settings.lockout),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/users/{id}/tokens',
    tag: 'administration',
    summary: 'The tokens of a user',
    caller: 'auditor',
    description: 'As their user sees them: revoked ones included, the oldest first.',
    params: { id: Id },
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: { 200: { description: 'A page.', schema: TokenList } },
    refusals: ['user_unknown', 'cursor_invalid'],
    async handle({ caller, params, query }, dependencies) {
      const user = await userOf(dependencies, params.id);
      if (isRefusal(user)) return user;
      const { record, at } = user;
      const { lockout } = dependencies.context.settings;
      const lockedMs = longestLockMs(decodeState(record.state), 'code', at, lockout);
      const list = ['user-tokens', callerId(caller), params.id];
      return tokenPage(dependencies.cursors, list, record, at, query, lockedMs);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/admin/users/{id}/tokens/{token}',
    tag: 'administration',
    summary: 'Revoke a token of a user',
    description:
      'With the other token of its device and the sessions of that. The entry names the administrator as `by`.',
    caller: 'admin',
    repeatable: true,
    params: { id: Id, token: Id },
    responses: { 204: { description: 'Its codes are refused from now on.' } },
    refusals: ['user_unknown', 'token_unknown'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const userId = userIdOf(params.id);
      if (userId === undefined) return refuse('user_unknown');
      const act = actOf(caller, { method: 'DELETE', path, idempotencyKey });
      const revoked = await revokeToken(context, userId, params.token, act);
      return isRefusal(revoked) ? revoked : { status: 204, headers: replayed(revoked.repeated) };
    },
  }),
];
