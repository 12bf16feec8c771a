import Type, { type Static } from 'typebox';
import type { Context } from '../../../application/context.ts';
import { type FoundUser, searchUsers } from '../../../application/search/search-users.ts';
import {
  type Act,
  type AdministeredUser,
  disableUser,
  enableUser,
  unlockUser,
} from '../../../application/users/administer-user.ts';
import { eraseUser } from '../../../application/users/erase-user.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { longestLockMs } from '../../../domain/failed-attempts.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import type { LockoutPolicy } from '../../../domain/lockout.ts';
import { decodeState } from '../../../domain/user-state.ts';
import { LIMITS } from '../../../limits.ts';
import type { UserId, UserRecord, UserRow } from '../../../ports/store.ts';
import { callerId, type UserCaller } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { foreignIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, named, time, Username } from '../schema.ts';
import { keyOfPlace, placeOfKey, USER_FILTERS, UserSort, userSearchOf } from '../user-search.ts';

const locked = (description: string) => Type.Union([time(description), Type.Null()]);

export const User = named(
  'User',
  closed({
    id: Id,
    username: Username,
    role: Type.Enum(['user', 'admin', 'auditor']),
    disabled: Type.Boolean(),
    created_at: time('When they registered.'),
    tokens: Type.Integer({ description: 'Active ones.' }),
    sessions: Type.Integer({ description: 'That hold.' }),
    pending_transactions: Type.Integer(),
    password_locked_until: locked('No password is evaluated before.'),
    code_locked_until: locked('No code is evaluated before.'),
  }),
);

/** The administrator's act, for the journal, with its idempotency key if one was given. */
export function actOf(
  caller: UserCaller,
  request: {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
    readonly idempotencyKey: string | undefined;
  },
): Act {
  const { idempotencyKey: key, method, path, body } = request;
  const owner = `admin/${callerId(caller)}`;
  return { by: caller.session.username, ...foreignIdempotency(key, caller, { method, path, body }, owner) };
}

/** The user id in a path. @returns undefined when it cannot be a user's */
export function userIdOf(id: string): UserId | undefined {
  return /^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : undefined;
}

/** @param at now, ms since 1970 */
export function userView(
  row: UserRow,
  record: UserRecord | undefined,
  at: number,
  lockout: LockoutPolicy,
): Static<typeof User> {
  const { userId, username, role, disabled, createdAt } = row;
  const state = record ? decodeState(record.state) : {};
  const until = (factor: 'password' | 'code') => {
    const lockedMs = longestLockMs(state, factor, at, lockout);
    return lockedMs > 0 ? rfc3339(at + lockedMs) : null;
  };
  return {
    id: `${userId}`,
    ...{ username, role, disabled },
    created_at: rfc3339(createdAt),
    tokens: record?.tokens.filter(({ status }) => status === 'active').length ?? 0,
    sessions:
      record?.sessions.filter(({ kind, expiresAt }) => kind !== 'enrolment' && expiresAt > at).length ?? 0,
    pending_transactions: record?.pendingTransactions.length ?? 0,
    password_locked_until: until('password'),
    code_locked_until: until('code'),
  };
}

const ListedUser = named(
  'ListedUser',
  closed({
    ...User.properties,
    last_login_at: Type.Union([time('When they logged in last.'), Type.Null()], {
      description: 'null: never, or before entries were counted.',
    }),
  }),
);

async function views({ context }: HttpDependencies, rows: readonly FoundUser[]) {
  const at = context.decider.now();
  const records = await context.store.load(
    rows.map(({ userId }) => userId),
    at,
  );
  return rows.map((row, index) => ({
    ...userView(row, records[index], at, context.settings.lockout),
    last_login_at: row.lastLogInAt > 0 ? rfc3339(row.lastLogInAt) : null,
  }));
}

type Change = (context: Context, userId: UserId, act: Act) => Promise<AdministeredUser | Refusal>;

function act(name: 'unlock' | 'disable' | 'enable', summary: string, description: string, change: Change) {
  // Nobody may end their own lock: a stolen session could otherwise go on guessing codes.
  const others = name === 'unlock';
  return route({
    method: 'POST',
    path: `/v1/admin/users/{id}/${name}`,
    tag: 'administration',
    summary,
    caller: 'admin',
    repeatable: true,
    params: { id: Id },
    responses: { 204: { description } },
    refusals: others ? ['user_unknown', 'own_account'] : ['user_unknown'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const userId = userIdOf(params.id);
      if (userId === undefined) return refuse('user_unknown');
      if (others && userId === caller.session.userId) return refuse('own_account');
      const done = await change(context, userId, actOf(caller, { method: 'POST', path, idempotencyKey }));
      return isRefusal(done) ? done : { status: 204, headers: replayed(done.repeated) };
    },
  });
}

export const adminUserRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/users',
    tag: 'administration',
    summary: 'Search users',
    description:
      'All filters must fit. A page takes a bounded time: it may come short, even empty, with a `next_cursor`. The last log-in is as far as the journal is counted, some seconds behind.',
    caller: 'auditor',
    query: {
      ...USER_FILTERS,
      sort: Type.Optional(UserSort),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
    },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ users: Type.Array(ListedUser), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, dependencies) {
      const { sort = 'registered', limit = LIMITS.pageSize, cursor, ...filters } = query;
      const list = ['users', callerId(caller), sort, JSON.stringify(filters)];
      const sortKey = await dependencies.cursors.read(list, cursor);
      if (isRefusal(sortKey)) return sortKey;
      const { found, next } = await searchUsers(dependencies.context, {
        ...userSearchOf(filters, sort),
        ...{ limit, after: placeOfKey(sortKey) },
      });
      return {
        status: 200,
        body: {
          users: await views(dependencies, found),
          next_cursor: next === undefined ? null : await dependencies.cursors.write(list, keyOfPlace(next)),
        },
      };
    },
  }),
  act('unlock', 'End the waits that wrong attempts caused', 'Unlocked.', unlockUser),
  act('disable', 'No log-in and no transaction any more; every session ends', 'Disabled.', disableUser),
  act('enable', 'Allow log-ins again', 'Enabled.', enableUser),
  route({
    method: 'POST',
    path: '/v1/admin/users/{id}/erase',
    tag: 'administration',
    summary: 'Erase a user for good',
    description:
      'Removes them and deletes what is known of them: name, password, tokens, messages, and what their entries say. Hashes stay, so that everything else stays provable. Cannot be undone.',
    caller: 'admin',
    repeatable: true,
    params: { id: Id },
    responses: { 204: { description: 'Erased; the bodies of their entries leave within seconds.' } },
    refusals: ['user_unknown', 'own_account', 'transactions_waiting'],
    async handle({ caller, params }, { context }) {
      const userId = userIdOf(params.id);
      if (userId === undefined) return refuse('user_unknown');
      const { userId: byId, username: by } = caller.session;
      if (userId === byId) return refuse('own_account');
      const erased = await eraseUser(context, userId, { byId, by });
      if (isRefusal(erased)) return erased;
      void context.retention.eraseAll().catch(() => undefined);
      return { status: 204 };
    },
  }),
];
