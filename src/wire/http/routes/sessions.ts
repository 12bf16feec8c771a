import Type, { type Static } from 'typebox';
import type { LogIn } from '../../../application/log-in/submit-log-in.ts';
import { endSession } from '../../../application/sessions/end-session.ts';
import { resumeSession } from '../../../application/sessions/resume-session.ts';
import { isRefusal, type Refusal } from '../../../domain/errors.ts';
import { clientLabel } from '../client-label.ts';
import { setCookie } from '../cookie.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { ownIdempotency } from '../idempotency.ts';
import {
  BrowserSession,
  browserView,
  IssuedSession,
  issueToken,
  knownDeviceOf,
  logInForCookie,
  logInForToken,
  SessionSecret,
} from '../issued-session.ts';
import { route } from '../route.ts';
import { Code, closed, Password, RecoveryCode, Username } from '../schema.ts';

const LogInBody = closed({
  username: Username,
  password: Password,
  code: Type.Optional(Code),
  recovery_code: Type.Optional(RecoveryCode),
});

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

interface LogInRouteRequest {
  readonly body: Static<typeof LogInBody>;
  readonly address: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly secure: boolean;
  readonly idempotencyKey: string | undefined;
}

function logIn(
  dependencies: HttpDependencies,
  { body, address, path, headers, secure, idempotencyKey: key }: LogInRouteRequest,
): Promise<LogIn | Refusal> {
  const { username, password, code, recovery_code: recoveryCode } = body;
  const knownDevice = knownDeviceOf({ secure, headers });
  return dependencies.logIn({
    ...{ username, password, address, codeRequired: true, label: clientLabel(headers['user-agent']) },
    ...(code === undefined ? {} : { code }),
    ...(recoveryCode === undefined ? {} : { recoveryCode }),
    ...(knownDevice === undefined ? {} : { knownDevice }),
    ...ownIdempotency(key, username, { method: 'POST', path, body: { username } }),
  });
}

export const sessionRoutes = [
  route({
    method: 'POST',
    path: '/v1/sessions',
    tag: 'sessions',
    summary: 'Log in',
    description:
      'A `recovery_code` stands for the code, once. The code is needed where the user has an active TOTP or HOTP token. An unknown user is answered as one whose password is wrong.',
    caller: 'anyone',
    repeatable: true,
    body: LogInBody,
    bodyExample: EXAMPLE,
    responses: { 201: { description: 'Logged in.', schema: IssuedSession } },
    refusals: REFUSALS,
    handle: (request, dependencies) => logInForToken(dependencies, () => logIn(dependencies, request)),
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/resumption',
    tag: 'sessions',
    summary: 'Get a new access token for an open session',
    description:
      'One that began over TCP without a code, though its user had a token for log-ins, has ended as far as REST goes.',
    caller: 'anyone',
    body: closed({ session: SessionSecret }),
    bodyExample: { session: '1.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4' },
    responses: { 201: { description: 'Resumed.', schema: IssuedSession } },
    refusals: ['session_ended'],
    async handle({ body, address }, dependencies) {
      const session = await resumeSession(dependencies.context, {
        ...{ secret: body.session, address, deviceAllowed: true, codeRequired: true },
      });
      if (isRefusal(session)) return session;
      return { status: 201, body: await issueToken(dependencies, session, body.session) };
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
    responses: {
      201: { description: 'Logged in.', schema: BrowserSession, headers: { 'Set-Cookie': 'The session.' } },
    },
    refusals: REFUSALS,
    handle: (request, dependencies) =>
      logInForCookie(dependencies, () => logIn(dependencies, request), request),
  }),
  route({
    method: 'GET',
    path: '/v1/sessions/current',
    tag: 'sessions',
    summary: 'Read the current session',
    caller: 'user',
    device: true,
    responses: { 200: { description: 'The session is open.', schema: BrowserSession } },
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
    device: true,
    responses: { 204: { description: 'Ended.' } },
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
