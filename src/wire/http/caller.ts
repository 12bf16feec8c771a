import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { allows, type Scope } from '../../application/services/services.ts';
import { recallSession, sessionOfSecret } from '../../application/sessions/resume-session.ts';
import type { Session } from '../../application/sessions/session.ts';
import { equalConstantTime } from '../../domain/constant-time.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { ServiceRow } from '../../ports/store.ts';
import { readCookie } from './cookie.ts';
import type { HttpParts } from './parts.ts';

export interface UserCaller {
  readonly kind: 'user';
  readonly session: Session;
  /** Where the session came in the browser's cookie: what its CSRF header must say. */
  readonly csrfToken?: string;
}

export interface ServiceCaller {
  readonly kind: 'service';
  readonly service: ServiceRow;
}

export type Caller = UserCaller | ServiceCaller;

/** Whom a route is for. `admin` and `auditor` are users of that role. */
export interface Callers {
  anyone: undefined;
  user: UserCaller;
  service: ServiceCaller;
  user_or_service: Caller;
  admin: UserCaller;
  /** Administrators and auditors: for what is read. */
  auditor: UserCaller;
}
export type CallerKind = keyof Callers;

/** Safe by RFC 9110 section 9.2.1: what a foreign page makes a browser ask for changes nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;

export interface Credentials {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether the browser's side of the connection is encrypted. */
  readonly secure: boolean;
  /** The ms for which the caller's address has had too many errors: then nothing is verified for who is not known here. */
  readonly waitMs: number;
}

type Found = Caller | Refusal | Promise<Caller | Refusal>;

/**
 * Who is asking: by access token or service key (RFC 6750 section 2.1), else by the browser's cookie.
 * @returns without a promise where all is in memory; undefined where nobody says who they are
 */
export function authenticate(parts: HttpParts, credentials: Credentials): Found | undefined {
  const { authorization, cookie } = credentials.headers;
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return refuse('session_ended');
    return token.startsWith('slo_')
      ? byServiceKey(parts, credentials, token)
      : byAccessToken(parts, credentials, token);
  }
  const secret = readCookie(cookie, credentials.secure);
  return secret === undefined ? undefined : byCookie(parts, credentials, secret);
}

function byServiceKey({ serviceKeys }: HttpParts, { waitMs }: Credentials, key: string): Found {
  const known = serviceKeys.recall(key);
  if (known) return serviceCaller(known);
  if (waitMs > 0 && !serviceKeys.knows(key)) return tooManyErrors(waitMs);
  return serviceKeys.authenticate(key).then(serviceCaller);
}

function serviceCaller(service: ServiceRow | undefined): Caller | Refusal {
  return service ? { kind: 'service', service } : refuse('session_ended');
}

function byAccessToken({ accessTokens }: HttpParts, { waitMs }: Credentials, token: string): Found {
  const known = accessTokens.recall(token);
  if (known) return userCaller(known);
  if (waitMs > 0 && !accessTokens.knows(token)) return tooManyErrors(waitMs);
  return accessTokens.verify(token).then(userCaller);
}

function userCaller(session: Session | undefined): Caller | Refusal {
  return session ? { kind: 'user', session } : refuse('session_ended');
}

function byCookie({ context }: HttpParts, credentials: Credentials, secret: string): Found {
  // Who shows no code where one is needed has a session for TCP alone.
  const callerOf = (session: Session | undefined) =>
    session && session.proof !== 'code_omitted'
      ? browserCaller(credentials, session, secret)
      : refuse('session_ended');
  const known = recallSession(context, secret);
  if (known) return callerOf(known);
  const { waitMs } = credentials;
  return waitMs > 0 ? tooManyErrors(waitMs) : sessionOfSecret(context, secret).then(callerOf);
}

function browserCaller(
  { method, headers }: Credentials,
  session: Session,
  secret: string,
): UserCaller | Refusal {
  const csrfToken = csrfTokenOf(secret);
  if (!SAFE_METHODS.has(method)) {
    const site = headers['sec-fetch-site'];
    const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
    const given = headers['x-csrf-token'];
    if (foreign || typeof given !== 'string' || !equalConstantTime(given, csrfToken)) {
      return refuse('csrf_invalid');
    }
  }
  return { kind: 'user', session, csrfToken };
}

/** Before anything is verified or read: whoever is over the limit costs no more than this. */
function tooManyErrors(waitMs: number): Refusal {
  return refuse('rate_limited', { retryAfterMs: waitMs });
}

/** A foreign page can make the browser send the cookie, but can neither read it nor what is made of it. */
export function csrfTokenOf(secret: string): string {
  return hash('sha256', `csrf\n${secret}`, 'base64url');
}

/** Whether the caller may use a route for `kind` and `scope`. What exists for administrators alone is not there for others. */
export function admit(
  kind: CallerKind,
  scope: Scope | undefined,
  caller: Caller | Refusal | undefined,
  device = false,
): Refusal | undefined {
  if (kind === 'anyone') return undefined;
  if (caller === undefined) return refuse('session_required');
  if (isRefusal(caller)) return caller;
  if (caller.kind === 'service') {
    if (kind === 'admin' || kind === 'auditor') return refuse('resource_unknown');
    if (kind === 'user') return refuse('caller_wrong');
    const missing = scope !== undefined && !allows(caller.service.scopes, scope);
    return missing ? refuse('scope_missing', { detail: scope }) : undefined;
  }
  if (kind === 'service') return refuse('caller_wrong');
  const { role, kind: held } = caller.session;
  // A device's session has the role of a user, so what is for administrators is not there for it.
  if (kind === 'admin' && role !== 'admin') return refuse('resource_unknown');
  if (kind === 'auditor' && role === 'user') return refuse('resource_unknown');
  return held === 'login' || device ? undefined : refuse('session_scope');
}

/** A caller by a name of its own, for limits, cursors and idempotency keys. */
export function callerId(caller: Caller): string {
  return caller.kind === 'user' ? `user/${caller.session.userId}` : `service/${caller.service.serviceId}`;
}
