import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import { heldSession, type Session, sessionIdOf, sessionOf, userIdOfSecret } from './session.ts';

export interface ResumeSessionRequest {
  readonly secret: string;
  readonly address: string;
  /** Whether the session of a virtual token will do. */
  readonly deviceAllowed?: true;
  /** Refuse a session whose log-in showed no code where its user has a token for that. */
  readonly codeRequired?: true;
}

/** A session on another connection or another server, by the secret that its log-in answered. */
export async function resumeSession(
  context: Context,
  { secret, address, deviceAllowed, codeRequired }: ResumeSessionRequest,
): Promise<Session | Refusal> {
  const wait = await context.rateLimiter.take(`log-in/${address}`, context.settings.rateLimits.logIns);
  if (wait > 0) {
    context.refusalCounter.count('admin.rate_limited', 'resumption');
    return refuse('rate_limited', { retryAfterMs: wait });
  }
  const session = await sessionOfSecret(context, secret);
  if (!session || (session.kind === 'device' && !deviceAllowed)) return refuse('session_ended');
  return codeRequired && session.proof === 'code_omitted' ? refuse('session_ended') : session;
}

/** The session that a secret resumes; at no pace. @returns undefined where there is none that holds */
export async function sessionOfSecret(context: Context, secret: string): Promise<Session | undefined> {
  const known = recallSession(context, secret);
  if (known) return known;
  const userId = userIdOfSecret(secret);
  const user = userId === undefined ? undefined : await context.userCache.reload(userId);
  const row = user && heldSession(user, sessionIdOf(secret), context.decider.now());
  return user && row && sessionOf(user, row);
}

/** The same, of what is in memory alone. @returns undefined: it may hold all the same */
export function recallSession({ decider, userCache }: Context, secret: string): Session | undefined {
  const userId = userIdOfSecret(secret);
  const user = userId === undefined ? undefined : userCache.get(userId);
  const row = user && heldSession(user, sessionIdOf(secret), decider.now());
  return user && row && sessionOf(user, row);
}
