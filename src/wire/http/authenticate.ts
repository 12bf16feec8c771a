import type { IncomingHttpHeaders } from 'node:http';
import { recallSession, sessionOfSecret } from '../../application/sessions/resume-session.ts';
import type { Session } from '../../application/sessions/session.ts';
import { equalConstantTime } from '../../domain/constant-time.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { ServiceRow } from '../../ports/store.ts';
import type { Caller, UserCaller } from './caller.ts';
import { readCookie } from './cookie.ts';
import { csrfTokenOf } from './csrf-token.ts';
import type { HttpDependencies } from './dependencies.ts';
import { takeNonce, verifyRequest } from './signature/verify-request.ts';

/** RFC 9110 section 9.2.1: with these methods a foreign page can make a browser send a request, but change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A page sends it with what it asks for by itself: that prolongs no session. */
const BACKGROUND = 'sello-background';
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;

export interface Credentials {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether the browser's side of the connection is encrypted. */
  readonly secure: boolean;
  /**
   * Remaining ms for which the address is over its error limit. While above 0, only credentials already in memory are
   * accepted.
   */
  readonly waitMs: number;
  /** Path and query as sent; where requests may be signed. */
  readonly target?: string;
  /** Called once a signature was verified. */
  readonly onSigned?: (signature: string) => void;
}

type Found = Caller | Refusal | Promise<Caller | Refusal>;

/**
 * Identifies the caller by access token or service key (RFC 6750 section 2.1), else by the browser's cookie. Does NOT
 * check what the caller may do (`checkAccess`).
 * @returns a plain value when everything needed is in memory, else a promise; undefined when there are no credentials
 */
export function authenticate(dependencies: HttpDependencies, credentials: Credentials): Found | undefined {
  const found = identify(dependencies, credentials);
  if (found === undefined || dependencies.context.settings.sessionIdleMs === 0) return found;
  return found instanceof Promise
    ? found.then((caller) => admitUsed(dependencies, credentials, caller))
    : admitUsed(dependencies, credentials, found);
}

/** Refuses a session that went unused for too long. */
function admitUsed({ context }: HttpDependencies, { headers }: Credentials, caller: Caller | Refusal): Found {
  if ('refused' in caller || caller.kind !== 'user') return caller;
  const told = (admitted: boolean) => (admitted ? caller : refuse('session_ended'));
  const admitted = context.sessionUses.admit(caller.session, headers[BACKGROUND] === undefined);
  return admitted instanceof Promise ? admitted.then(told) : told(admitted);
}

function identify(dependencies: HttpDependencies, credentials: Credentials): Found | undefined {
  const { authorization, cookie } = credentials.headers;
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return refuse('session_ended');
    return token.startsWith('slo_')
      ? byServiceKey(dependencies, credentials, token)
      : byAccessToken(dependencies, credentials, token);
  }
  if (headersSigned(credentials)) return bySignature(dependencies, credentials);
  const secret = readCookie(cookie, credentials.secure);
  return secret === undefined ? undefined : byCookie(dependencies, credentials, secret);
}

function headersSigned({ headers, target }: Credentials): boolean {
  return target !== undefined && headers['signature-input'] !== undefined;
}

/** A service that holds no secret signs its requests (RFC 9421). */
async function bySignature(
  { serviceKeys, context }: HttpDependencies,
  { method, headers, target = '', waitMs, onSigned }: Credentials,
): Promise<Caller | Refusal> {
  if (waitMs > 0) return tooManyErrors(waitMs);
  const verified = verifyRequest({ method, target, headers }, context.clock.now());
  if ('refused' in verified) return verified;
  const service = await serviceKeys.findSigner(verified.key);
  if ('refused' in service) {
    if (service.refused === 'service_key_expired') return service;
    return refuse('signature_invalid', { detail: 'keyid: no service has that key' });
  }
  if (!(await takeNonce(context.rateLimiter, verified))) {
    return refuse('signature_invalid', { detail: 'nonce: used before' });
  }
  onSigned?.(String(headers.signature));
  return { kind: 'service', service };
}

function byServiceKey({ serviceKeys }: HttpDependencies, { waitMs }: Credentials, key: string): Found {
  const known = serviceKeys.recall(key);
  if (known) return serviceCaller(known);
  if (waitMs > 0 && !serviceKeys.knows(key)) return tooManyErrors(waitMs);
  return serviceKeys.authenticate(key).then(serviceCaller);
}

function serviceCaller(service: ServiceRow | Refusal): Caller | Refusal {
  return 'refused' in service ? service : { kind: 'service', service };
}

function byAccessToken({ accessTokens }: HttpDependencies, { waitMs }: Credentials, token: string): Found {
  const known = accessTokens.recall(token);
  if (known) return userCaller(known);
  if (waitMs > 0 && !accessTokens.knows(token)) return tooManyErrors(waitMs);
  return accessTokens.verify(token).then(userCaller);
}

function userCaller(session: Session | undefined): Caller | Refusal {
  return session ? { kind: 'user', session } : refuse('session_ended');
}

function byCookie({ context }: HttpDependencies, credentials: Credentials, secret: string): Found {
  // A log-in that skipped a required code made a session for TCP only.
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

/** Refuses before anything is verified or read, so that an address over its limit costs no more than this. */
function tooManyErrors(waitMs: number): Refusal {
  return refuse('rate_limited', { retryAfterMs: waitMs });
}
