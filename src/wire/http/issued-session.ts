import Type from 'typebox';
import type { Context } from '../../application/context.ts';
import type { LogIn } from '../../application/log-in/submit-log-in.ts';
import { makeKnownDevice } from '../../application/sessions/known-device.ts';
import type { Session } from '../../application/sessions/session.ts';
import { isRefusal, type Refusal, VaultUnavailable } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { readCookie, setCookie } from './cookie.ts';
import { csrfTokenOf } from './csrf-token.ts';
import type { HttpDependencies } from './dependencies.ts';
import { replayed } from './idempotent-answer.ts';
import type { RouteResponse } from './route.ts';
import { closed, named, time, Username } from './schema.ts';

export const SessionSecret = Type.String({
  minLength: 1,
  maxLength: 128,
  description:
    'Resumes the session over TCP (`reanudar`) or here, until it ends. As good as the password: keep it.',
});

const Kind = Type.Enum(['login', 'device'], {
  description: '`device`: of a virtual token, for its user’s transactions alone.',
});

export const IssuedSession = named(
  'IssuedSession',
  closed({
    access_token: Type.String({ description: 'JWT (RFC 9068, ES256): the bearer token of 15 minutes.' }),
    token_type: Type.Literal('Bearer'),
    expires_at: time('When the access token expires.'),
    session: SessionSecret,
    session_expires_at: time('When the session ends.'),
    kind: Kind,
  }),
);

export const BrowserSession = named(
  'BrowserSession',
  closed({
    username: Username,
    role: Type.Enum(['user', 'admin', 'auditor']),
    kind: Kind,
    expires_at: time('When the session ends; with an access token, when that expires.'),
    csrf_token: Type.Optional(
      Type.String({ description: 'Where the session is in a cookie: what X-CSRF-Token must say.' }),
    ),
  }),
);

/**
 * The body for a session with a new access token. @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#log-in-asks-the-vault-before-the-password
 */
export async function issueToken({ accessTokens }: HttpDependencies, session: Session, secret: string) {
  const { token, expiresAt } = await accessTokens.issue(session);
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_at: rfc3339(expiresAt),
    session: secret,
    session_expires_at: rfc3339(session.expiresAt),
    kind: session.kind,
  };
}

export function browserView(session: Session, csrfToken: string | undefined) {
  return {
    username: session.username,
    role: session.role,
    kind: session.kind,
    expires_at: rfc3339(session.expiresAt),
    ...(csrfToken === undefined ? {} : { csrf_token: csrfToken }),
  };
}

/**
 * Logs in and responds with an access token.
 * @throws VaultUnavailable before the log-in when no token could be signed
 */
export async function logInForToken(
  dependencies: HttpDependencies,
  logIn: () => Promise<LogIn | Refusal>,
): Promise<RouteResponse | Refusal> {
  // A session whose access token cannot be signed would be of no use to anyone.
  await dependencies.context.vault.activeKeyVersion();
  const made = await logIn();
  if (isRefusal(made)) return made;
  const body = await issueToken(dependencies, made.session, made.secret);
  return { status: 201, headers: replayed(made.repeated), body };
}

/** Logs in and responds with the session in a cookie, and with another one by which the browser is known from now on. */
export async function logInForCookie(
  { context }: HttpDependencies,
  logIn: () => Promise<LogIn | Refusal>,
  { secure, headers }: LogInBrowser,
): Promise<RouteResponse | Refusal> {
  const made = await logIn();
  if (isRefusal(made)) return made;
  const { session, secret, repeated } = made;
  const seconds = (session.expiresAt - context.decider.now()) / 1000;
  return {
    status: 201,
    headers: {
      ...replayed(repeated),
      'set-cookie': [
        setCookie(secret, seconds, secure),
        ...(await deviceCookies(context, session, { secure, headers })),
      ],
    },
    body: browserView(session, csrfTokenOf(secret)),
  };
}

interface LogInBrowser {
  /** Whether the client's connection is encrypted. */
  readonly secure: boolean;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the browser says it is known by (`makeKnownDevice`). Does NOT check it. */
export function knownDeviceOf({ secure, headers }: LogInBrowser): string | undefined {
  const { cookie } = headers;
  return typeof cookie === 'string' ? readCookie(cookie, secure, 'device') : undefined;
}

/** A log-in needs no vault, so without one the browser is not made known. */
async function deviceCookies(
  context: Context,
  session: Session,
  browser: LogInBrowser,
): Promise<readonly string[]> {
  try {
    const { value, expiresAt } = await makeKnownDevice(context, session, knownDeviceOf(browser));
    const seconds = (expiresAt - context.decider.now()) / 1000;
    return [setCookie(value, seconds, browser.secure, 'device')];
  } catch (error) {
    if (error instanceof VaultUnavailable) return [];
    throw error;
  }
}
