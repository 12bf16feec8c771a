import Type, { type Static } from 'typebox';
import { changePassword } from '../../../application/users/change-password.ts';
import {
  makePasswordReset,
  type PasswordResetSecret,
  redeemPasswordReset,
} from '../../../application/users/reset-password.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { Code, closed, Id, named, Password, time, Username } from '../schema.ts';
import { SHOWN, SHOWN_REFUSALS, shownOf } from '../shown.ts';
import { actOf, userIdOf } from './admin-users.ts';

const ResetSecret = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Of a password reset. It works once.',
});

export const PasswordReset = named(
  'PasswordReset',
  closed({
    reset: ResetSecret,
    link: Type.String({
      description: 'The same as a link for the user: the console asks for the new password.',
    }),
    expires_at: time('Until when it works.'),
  }),
);

/** A reset as it is shown to the administrator who made it. */
export function resetView(
  { origin }: HttpDependencies['site'],
  { secret, expiresAt }: PasswordResetSecret,
): Static<typeof PasswordReset> {
  return { reset: secret, link: `${origin}/console#reset=${secret}`, expires_at: rfc3339(expiresAt) };
}

const PASSWORD_REFUSALS = ['password_too_short', 'password_too_long', 'busy', 'locked'] as const;

export const passwordRoutes = [
  route({
    method: 'POST',
    path: '/v1/users/current/password',
    tag: 'users',
    summary: 'Change your password',
    description:
      'By the old one, or by the secret of a reset in its place; and, where you have a token or passkey, by that (the act is `change_password`). The other sessions end, but for those of virtual tokens. The MAC key is SHA-256 of the new password from now on.',
    caller: 'user',
    body: closed({
      old_password: Type.Optional(Password),
      reset: Type.Optional(ResetSecret),
      password: Password,
      ...SHOWN,
    }),
    bodyExample: { old_password: 'correct horse battery staple', password: 'stapler battery horse right' },
    responses: { 204: { description: 'Changed.' } },
    refusals: [
      ...SHOWN_REFUSALS,
      ...PASSWORD_REFUSALS,
      'credentials_invalid',
      'reset_unknown',
      'recovery_required',
      'message_invalid',
    ],
    async handle({ caller, body, address }, { context, site }) {
      const { old_password: old, reset, password, ...shown } = body;
      if ((old === undefined) === (reset === undefined)) {
        return refuse('message_invalid', { detail: 'old_password or reset' });
      }
      const changed = await changePassword(context, {
        ...{ session: caller.session, password, address, shown: shownOf(shown, site) },
        knows: reset === undefined ? { password: old ?? '' } : { reset },
      });
      return isRefusal(changed) ? changed : { status: 204 };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/password-resets',
    tag: 'users',
    summary: 'Set a new password by the secret of a reset',
    description:
      'With the log-in code of a token, where the user has one; that of an `ocra` token is over SHA-256 of the RFC 8785 JSON `{"act":"reset_password","challenge":<SHA-256 of the secret, hex>,"user":…,"v":1}`. Who has a passkey and no token logs in by it and uses `POST /v1/users/current/password`. Every session ends, but for those of virtual tokens.',
    caller: 'anyone',
    body: closed({ reset: ResetSecret, password: Password, code: Type.Optional(Code) }),
    bodyExample: { reset: '1.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4', password: 'stapler battery horse right' },
    responses: { 200: { description: 'Set: log in with it.', schema: closed({ username: Username }) } },
    refusals: [
      ...PASSWORD_REFUSALS,
      ...(['reset_unknown', 'code_required', 'code_wrong', 'code_spent', 'proof_required'] as const),
      'recovery_required',
    ],
    async handle({ body, address }, { context }) {
      const { reset: secret, password, code } = body;
      const set = await redeemPasswordReset(context, {
        ...{ secret, password, address },
        ...(code === undefined ? {} : { code }),
      });
      return isRefusal(set) ? set : { status: 200, body: { username: set.username } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/users/{id}/password-reset',
    tag: 'administration',
    summary: 'Make a one-time secret by which a user sets a new password',
    description:
      'It replaces the one before, and stands for no code: the user shows that as well, where they have a token or passkey. For a user who has lost theirs, a recovery must be ready (`POST /v1/admin/users/{id}/recovery`).',
    caller: 'admin',
    repeatable: true,
    params: { id: Id },
    responses: { 201: { description: 'Made: give it to that person alone.', schema: PasswordReset } },
    refusals: ['user_unknown', 'user_disabled', 'own_account', 'recovery_required'],
    async handle({ caller, params, path, idempotencyKey }, { context, site }) {
      const userId = userIdOf(params.id);
      if (userId === undefined) return refuse('user_unknown');
      const { by, idempotency } = actOf(caller, { method: 'POST', path, idempotencyKey });
      const made = await makePasswordReset(context, {
        ...{ userId, by: by ?? '' },
        ...(idempotency ? { idempotency } : {}),
      });
      if (isRefusal(made)) return made;
      return { status: 201, headers: replayed(made.repeated), body: resetView(site, made) };
    },
  }),
];
