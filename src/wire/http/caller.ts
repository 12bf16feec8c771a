import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sessionOfSecret } from '../../application/resume-session.ts';
import type { Scope } from '../../application/services.ts';
import type { Session } from '../../application/session.ts';
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
}

/**
 * Who is asking: by access token or service key (RFC 6750 section 2.1), else by the browser's cookie.
 * @returns without a promise where all is cached; undefined where nobody says who they are
 */
export function authenticate(
  parts: HttpParts,
  credentials: Credentials,
): Caller | Refusal | undefined | Promise<Caller | Refusal | undefined> {
  const { authorization } = credentials.headers;
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return refuse('session_ended');
    return token.startsWith('slo_') ? byServiceKey(parts, token) : byAccessToken(parts, token);
  }
  const secret = readCookie(credentials.headers.cookie, credentials.secure);
  return secret === undefined ? undefined : byCookie(parts, credentials, secret);
}

function byServiceKey(parts: HttpParts, key: string): Caller | Refusal | Promise<Caller | Refusal> {
  const found = parts.serviceKeys.authenticate(key);
  return found instanceof Promise ? found.then(serviceCaller) : serviceCaller(found);
}

function serviceCaller(service: ServiceRow | undefined): Caller | Refusal {
  return service ? { kind: 'service', service } : refuse('session_ended');
}

async function byAccessToken(parts: HttpParts, token: string): Promise<Caller | Refusal> {
  const session = await parts.accessTokens.verify(token);
  return session ? { kind: 'user', session } : refuse('session_ended');
}

async function byCookie(
  { context }: HttpParts,
  { method, headers }: Credentials,
  secret: string,
): Promise<Caller | Refusal> {
  const session = await sessionOfSecret(context, secret);
  if (!session) return refuse('session_ended');
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

/** A foreign page can make the browser send the cookie, but can neither read it nor what is made of it. */
export function csrfTokenOf(secret: string): string {
  return hash('sha256', `csrf\n${secret}`, 'base64url');
}

/** Whether the caller may use a route for `kind` and `scope`. What exists for administrators alone is not there for others. */
export function admit(
  kind: CallerKind,
  scope: Scope | undefined,
  caller: Caller | Refusal | undefined,
): Refusal | undefined {
  if (kind === 'anyone') return undefined;
  if (caller === undefined) return refuse('session_required');
  if (isRefusal(caller)) return caller;
  if (caller.kind === 'service') {
    if (kind === 'admin') return refuse('resource_unknown');
    if (kind === 'user') return refuse('caller_wrong');
    const missing = scope !== undefined && !caller.service.scopes.includes(scope);
    return missing ? refuse('scope_missing', { detail: scope }) : undefined;
  }
  if (kind === 'service') return refuse('caller_wrong');
  return kind === 'admin' && caller.session.role !== 'admin' ? refuse('resource_unknown') : undefined;
}

/** A caller by a name of its own, for limits, cursors and idempotency keys. */
export function callerId(caller: Caller): string {
  return caller.kind === 'user' ? `user/${caller.session.userId}` : `service/${caller.service.serviceId}`;
}
