import { registerUser } from '../../../application/users/register-user.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { closed, Password, Username } from '../schema.ts';

export const userRoutes = [
  route({
    method: 'POST',
    path: '/v1/users',
    tag: 'users',
    summary: 'Register',
    description:
      'Open where `registration_open` is on; else users are made by `sello user create`. At a bounded pace from an address (`rate_limits.registrations`).',
    caller: 'anyone',
    repeatable: true,
    body: closed({ username: Username, password: Password }),
    bodyExample: { username: 'alice', password: 'correct horse battery staple' },
    responses: {
      201: {
        description: 'Registered.',
        schema: closed({ username: Username }),
        example: { username: 'alice' },
      },
    },
    refusals: [
      'username_taken',
      'locked',
      'username_invalid',
      'password_too_short',
      'password_too_long',
      'registration_closed',
      'rate_limited',
      'busy',
    ],
    async handle({ body, address, idempotencyKey: key }, { context }) {
      const { username, password } = body;
      const registered = await registerUser(context, {
        ...{ username, password, address },
        ...ownIdempotency(key, username, { method: 'POST', path: '/v1/users' }),
      });
      if (isRefusal(registered)) return registered;
      return { status: 201, headers: replayed(registered.repeated), body: { username: registered.username } };
    },
  }),
];
