import Type from 'typebox';
import { endSession } from '../../../application/end-session.ts';
import type { LogIn } from '../../../application/log-in.ts';
import { resumeSession } from '../../../application/resume-session.ts';
import type { Session } from '../../../application/session.ts';
import { isRefusal, type Refusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal.ts';
import { csrfTokenOf } from '../caller.ts';
import { setCookie } from '../cookie.ts';
import { requestIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import type { HttpParts } from '../parts.ts';
import { route } from '../route.ts';
import { Code, closed, named, Password, time, Username } from '../schema.ts';

const Secret = Type.String({
  minLength: 1,
  maxLength: 128,
  description:
    'Resumes the session over TCP (`reanudar`) or here, until it ends. As good as the password: keep it.',
});

const IssuedSession = named(
  'IssuedSession',
  closed({
    access_token: Type.String({ description: 'JWT (RFC 9068, ES256): the bearer token of 15 minutes.' }),
    token_type: Type.Literal('Bearer'),
    expires_at: time('When the access token expires.'),
    session: Secret,
    session_expires_at: time('When the session ends.'),
  }),
);

const Role = Type.Enum(['user', 'admin', 'auditor']);

const BrowserSession = named(
  'BrowserSession',
  closed({
    username: Username,
    role: Role,
    expires_at: time('When the session ends.'),
    csrf_token: Type.Optional(
      Type.String({ description: 'Where the session is in a cookie: what X-CSRF-Token must say.' }),
    ),
  }),
);

const LogInBody = closed({ username: Username, password: Password, code: Type.Optional(Code) });

const EXAMPLE = { username: 'alice', password: 'correct horse battery staple' };

const REFUSALS = [
  'credentials_invalid',
  'code_required',
  'code_wrong',
  'code_spent',
  'user_disabled',
  'locked',
  'busy',
] as const;

interface LogInAsked {
  readonly body: { readonly username: string; readonly password: string; readonly code?: string };
  readonly address: string;
  readonly path: string;
  readonly idempotencyKey: string | undefined;
}

function logIn(
  parts: HttpParts,
  { body, address, path, idempotencyKey: key }: LogInAsked,
): Promise<LogIn | Refusal> {
  const { username, password, code } = body;
  return parts.logIn({
    ...{ username, password, address, codeRequired: true },
    ...(code === undefined ? {} : { code }),
    ...(key === undefined
      ? {}
      : { idempotency: requestIdempotency(key, username, { method: 'POST', path, body: { username } }) }),
  });
}

async function issued({ accessTokens }: HttpParts, session: Session, secret: string) {
  const { token, expiresAt } = await accessTokens.issue(session);
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_at: rfc3339(expiresAt),
    session: secret,
    session_expires_at: rfc3339(session.expiresAt),
  };
}

export const sessionRoutes = [
  route({
    method: 'POST',
    path: '/v1/sessions',
    tag: 'sessions',
    summary: 'Log in',
    description:
      'The code is needed where the user has an active TOTP or HOTP token. An unknown user is answered as one whose password is wrong.',
    caller: 'anyone',
    repeatable: true,
    body: LogInBody,
    bodyExample: EXAMPLE,
    answers: { 201: { description: 'Logged in.', schema: IssuedSession } },
    refusals: REFUSALS,
    async handle(asked, parts) {
      const made = await logIn(parts, asked);
      if (isRefusal(made)) return made;
      const body = await issued(parts, made.session, made.secret);
      return { status: 201, headers: replayed(made.repeated), body };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/resumption',
    tag: 'sessions',
    summary: 'A new access token for a session that holds',
    caller: 'anyone',
    body: closed({ session: Secret }),
    bodyExample: { session: '1.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4' },
    answers: { 201: { description: 'Resumed.', schema: IssuedSession } },
    refusals: ['session_ended'],
    async handle({ body, address }, parts) {
      const session = await resumeSession(parts.context, { secret: body.session, address });
      if (isRefusal(session)) return session;
      return { status: 201, body: await issued(parts, session, body.session) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/browser-sessions',
    tag: 'sessions',
    summary: 'Log in from a browser',
    description:
      'The session comes in a cookie that scripts cannot read (HttpOnly, SameSite=Strict); what changes something must carry `csrf_token` in X-CSRF-Token.',
    caller: 'anyone',
    repeatable: true,
    body: LogInBody,
    bodyExample: EXAMPLE,
    answers: {
      201: { description: 'Logged in.', schema: BrowserSession, headers: { 'Set-Cookie': 'The session.' } },
    },
    refusals: REFUSALS,
    async handle(asked, parts) {
      const made = await logIn(parts, asked);
      if (isRefusal(made)) return made;
      const { session, secret } = made;
      const seconds = (session.expiresAt - parts.context.decider.now()) / 1000;
      return {
        status: 201,
        headers: { ...replayed(made.repeated), 'set-cookie': setCookie(secret, seconds, asked.secure) },
        body: browserView(session, csrfTokenOf(secret)),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sessions/current',
    tag: 'sessions',
    summary: 'Whose session this is',
    caller: 'user',
    answers: { 200: { description: 'It holds.', schema: BrowserSession } },
    refusals: [],
    handle: ({ caller }) => ({ status: 200, body: browserView(caller.session, caller.csrfToken) }),
  }),
  route({
    method: 'DELETE',
    path: '/v1/sessions/current',
    tag: 'sessions',
    summary: 'Log out',
    description: 'Ends the session everywhere: its access tokens, its cookie, its connections.',
    caller: 'user',
    answers: { 204: { description: 'Ended.' } },
    refusals: [],
    async handle({ caller, secure }, { context }) {
      const refusal = await endSession(context, caller.session);
      if (refusal) return refusal;
      return {
        status: 204,
        ...(caller.csrfToken === undefined ? {} : { headers: { 'set-cookie': setCookie('', 0, secure) } }),
      };
    },
  }),
];

function browserView(session: Session, csrfToken: string | undefined) {
  return {
    username: session.username,
    role: session.role,
    expires_at: rfc3339(session.expiresAt),
    ...(csrfToken === undefined ? {} : { csrf_token: csrfToken }),
  };
}
