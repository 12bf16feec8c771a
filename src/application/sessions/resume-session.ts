import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import { findValidSession, type Session, sessionIdOf, sessionOf, userIdOfSecret } from './session.ts';

export interface ResumeSessionRequest {
  readonly secret: string;
  readonly address: string;
  /** Accept the session of a virtual token. */
  readonly deviceAllowed?: true;
  /** Refuse a session whose log-in left out a code (`code_omitted`). */
  readonly codeRequired?: true;
}

/**
 * Resumes a session on another connection or server, by the secret that its log-in returned.
 *
 * Why: docs/DECISIONS.md#tcp-log-ins-without-a-code-stay-on-tcp
 */
export async function resumeSession(
  context: Context,
  { secret, address, deviceAllowed, codeRequired }: ResumeSessionRequest,
): Promise<Session | Refusal> {
  const wait = await context.rateLimiter.take(`log-in/${address}`, context.settings.rateLimits.logIns);
  if (wait > 0) {
    context.refusalCounter.count('admin.rate_limited', 'resumption');
    return refuse('rate_limited', { retryAfterMs: wait });
  }
  const { responsePadding } = context;
  const startedAt = responsePadding.now();
  const session = await sessionOfSecret(context, secret);
  const isRefused =
    !session ||
    (session.kind === 'device' && !deviceAllowed) ||
    (codeRequired && session.proof === 'code_omitted');
  if (!isRefused) return session;
  // A secret names a user by number: the time to look for one would tell which exist.
  await responsePadding.pad(startedAt, LIMITS.logInResponsePaddingMs);
  return refuse('session_ended');
}

/** Finds the session of a secret. Does NOT limit the rate. @returns undefined when none holds */
export async function sessionOfSecret(context: Context, secret: string): Promise<Session | undefined> {
  const known = recallSession(context, secret);
  if (known) return known;
  const userId = userIdOfSecret(secret);
  const user = userId === undefined ? undefined : await context.userCache.reload(userId);
  const row = user && findValidSession(user, sessionIdOf(secret), context.decider.now());
  return user && row && sessionOf(user, row);
}

/** Finds the session of a secret in memory, without the store. @returns undefined when memory does not know; it may hold nevertheless */
export function recallSession({ decider, userCache }: Context, secret: string): Session | undefined {
  const userId = userIdOfSecret(secret);
  const user = userId === undefined ? undefined : userCache.get(userId);
  const row = user && findValidSession(user, sessionIdOf(secret), decider.now());
  return user && row && sessionOf(user, row);
}
