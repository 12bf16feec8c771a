import Type from 'typebox';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { closed, Password, Username } from '../schema.ts';

export const setupRoutes = [
  route({
    method: 'POST',
    path: '/v1/setup',
    tag: 'users',
    summary: 'Make the first administrator',
    description:
      'By the code of the link that a start without an administrator prints: once, within an hour. The link is `/console#setup=CODE`.',
    caller: 'anyone',
    repeatable: true,
    body: closed({
      code: Type.String({ minLength: 1, maxLength: 64, description: 'From the link.' }),
      username: Username,
      password: Password,
    }),
    bodyExample: {
      code: 'q0mPn5wW4vXbF1yT8sKzR2cLhJ7gDaEu',
      username: 'root',
      password: 'correct horse battery staple',
    },
    responses: {
      201: {
        description: 'Made: they may log in.',
        schema: closed({ username: Username }),
        example: { username: 'root' },
      },
    },
    refusals: [
      'setup_code_invalid',
      'username_taken',
      'username_invalid',
      'password_too_short',
      'password_too_long',
      'rate_limited',
      'busy',
    ],
    async handle({ body, address, path, idempotencyKey: key }, { firstAdministrator }) {
      if (!firstAdministrator) return refuse('setup_code_invalid');
      const { code, username, password } = body;
      const content = { method: 'POST', path, body: { username } };
      const made = await firstAdministrator.make({
        ...{ code, username, password, address },
        ...ownIdempotency(key, username, content),
      });
      if (isRefusal(made)) return made;
      return { status: 201, headers: replayed(made.repeated), body: { username: made.username } };
    },
  }),
];
