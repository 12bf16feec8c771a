import Type from 'typebox';
import { inviteUser } from '../../../application/users/invite-user.ts';
import { createUser } from '../../../application/users/register-user.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { closed, Id, named, Password, Username } from '../schema.ts';
import { actOf } from './admin-users.ts';
import { PasswordReset, resetView } from './passwords.ts';

const NewUserRole = Type.Enum(['user', 'auditor'], {
  description: 'Administrators are made by the operator: `sello user create NAME --role admin`.',
});

const NewUser = named(
  'NewUser',
  closed({
    id: Id,
    username: Username,
    role: NewUserRole,
    invitation: Type.Union([PasswordReset, Type.Null()], {
      description: 'The one-time link to a first password, where none was given. It is told this once.',
    }),
  }),
);

// Why: docs/DECISIONS.md#administrators-make-users-and-auditors
export const adminNewUserRoutes = [
  route({
    method: 'POST',
    path: '/v1/admin/users',
    tag: 'administration',
    summary: 'Create a user',
    description:
      'Whatever `registration_open` says. Without a password the answer has a one-time link by which that person chooses one, within a day; afterwards `POST /v1/admin/users/{id}/password-reset` makes another.',
    caller: 'admin',
    repeatable: true,
    body: closed({
      username: Username,
      role: Type.Optional(NewUserRole),
      password: Type.Optional(Password),
    }),
    bodyExample: { username: 'alice', role: 'user' },
    responses: { 201: { description: 'Created.', schema: NewUser } },
    refusals: [
      ...(['username_taken', 'username_invalid', 'password_too_short', 'password_too_long'] as const),
      ...(['busy', 'locked', 'rate_limited'] as const),
    ],
    async handle({ caller, body, path, idempotencyKey }, { context, site }) {
      const { username, role = 'user', password } = body;
      // A password is no part of the digest that is kept of a request; whether there was one is.
      const content = { username, role, invited: password === undefined };
      const act = actOf(caller, { method: 'POST', path, body: content, idempotencyKey });
      const wanted = { username, role, by: caller.session.username, ...act };
      if (password !== undefined) {
        const created = await createUser(context, { ...wanted, password });
        if (isRefusal(created)) return created;
        const { userId, repeated } = created;
        const made = { id: `${userId}`, username, role, invitation: null };
        return { status: 201, headers: replayed(repeated), body: made };
      }
      const invited = await inviteUser(context, wanted);
      if (isRefusal(invited)) return invited;
      const made = { id: `${invited.userId}`, username, role, invitation: resetView(site, invited) };
      return { status: 201, headers: replayed(invited.repeated), body: made };
    },
  }),
];
