import { disableUser, enableUser, removeUser, unlockUser } from '../../application/users/administer-user.ts';
import { eraseUser } from '../../application/users/erase-user.ts';
import { createUser } from '../../application/users/register-user.ts';
import { setPassword } from '../../application/users/set-password.ts';
import { isRefusal } from '../../domain/errors.ts';
import { longestLockMs } from '../../domain/failed-attempts.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { decodeState } from '../../domain/user-state.ts';
import { done, operation, parameters, withUser } from './operation.ts';

const username = { type: 'string', minLength: 1 } as const;
const ofUser = parameters({ username });

export const userCreate = operation(
  parameters({ username, password: { type: 'string' }, role: { enum: ['user', 'admin', 'auditor'] } }),
  async ({ application }, given) => {
    const created = await createUser(application.context, given);
    return isRefusal(created)
      ? created
      : { username: created.username, user_id: created.userId, role: given.role };
  },
);

/** A page of users, with the remaining time of their locks. */
export const userList = operation(
  parameters(
    {
      after: { type: 'integer', minimum: 0 },
      limit: { type: 'integer', minimum: 1, maximum: 500 },
      search: { type: 'string', minLength: 1 },
    },
    ['search'],
  ),
  async ({ application }, { after, limit, search }) => {
    const { store, clock, settings } = application.context;
    const rows = await store.listUsers({ after, limit, ...(search === undefined ? {} : { search }) });
    const now = clock.now();
    const records = await store.load(
      rows.map(({ userId }) => userId),
      now,
    );
    const users = rows.map((row, index) => {
      const record = records[index];
      const state = record ? decodeState(record.state) : {};
      return {
        user_id: row.userId,
        username: row.username,
        role: row.role,
        disabled: row.disabled,
        created_at: rfc3339(row.createdAt),
        tokens: record?.tokens.filter(({ status }) => status === 'active').length ?? 0,
        sessions: record?.sessions.filter(({ expiresAt }) => expiresAt > now).length ?? 0,
        password_locked_for_ms: longestLockMs(state, 'password', now, settings.lockout),
        code_locked_for_ms: longestLockMs(state, 'code', now, settings.lockout),
      };
    });
    return { users, next: rows.length < limit ? null : (rows.at(-1)?.userId ?? null) };
  },
);

export const userDisable = operation(ofUser, (target, given) =>
  withUser(target, given.username, (id) => done(given.username, disableUser(target.application.context, id))),
);

export const userEnable = operation(ofUser, (target, given) =>
  withUser(target, given.username, (id) => done(given.username, enableUser(target.application.context, id))),
);

export const userUnlock = operation(ofUser, (target, given) =>
  withUser(target, given.username, (id) => done(given.username, unlockUser(target.application.context, id))),
);

export const userPassword = operation(
  parameters({ username, password: { type: 'string' } }),
  (target, { username: name, password }) =>
    withUser(target, name, (id) => done(name, setPassword(target.application.context, id, password))),
);

export const userRemove = operation(ofUser, (target, given) =>
  withUser(target, given.username, (id) => done(given.username, removeUser(target.application.context, id))),
);

/** Erases a user, and waits until no body of theirs is left where this process can reach. */
export const userErase = operation(ofUser, (target, given) =>
  withUser(target, given.username, async (id) => {
    const { context } = target.application;
    const erased = await eraseUser(context, id);
    if (isRefusal(erased)) return erased;
    const isFinished = await context.retention.eraseAll().catch(() => false);
    return {
      username: given.username,
      user_id: erased.userId,
      entries: erased.entries,
      finished: isFinished,
    };
  }),
);
