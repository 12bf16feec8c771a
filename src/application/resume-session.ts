import { type Refusal, refuse } from '../domain/errors.ts';
import type { Context } from './context.ts';
import { type Session, sessionHolds, sessionIdOf, userIdOfSecret } from './session.ts';

export interface ResumeSessionRequest {
  readonly secret: string;
  readonly address: string;
}

/** A session on another connection or another server, by the secret that its log-in answered. */
export async function resumeSession(
  context: Context,
  { secret, address }: ResumeSessionRequest,
): Promise<Session | Refusal> {
  const wait = await context.rateLimiter.take(`log-in/${address}`, context.settings.rateLimits.logIns);
  if (wait > 0) {
    context.tally.count('admin.rate_limited', 'resumption');
    return refuse('rate_limited', { retryAfterMs: wait });
  }
  return (await sessionOfSecret(context, secret)) ?? refuse('session_ended');
}

/** The session that a secret resumes; at no pace. @returns undefined where there is none that holds */
export async function sessionOfSecret({ decider }: Context, secret: string): Promise<Session | undefined> {
  const userId = userIdOfSecret(secret);
  if (userId === undefined) return undefined;
  const sessionId = sessionIdOf(secret);
  const known = decider.cached(userId);
  const holds = known !== undefined && sessionHolds(known, sessionId, decider.now());
  const user = holds ? known : await decider.reread(userId);
  if (!user || !sessionHolds(user, sessionId, decider.now())) return undefined;
  const expiresAt = user.sessions.find((session) => session.sessionId === sessionId)?.expiresAt ?? 0;
  return { userId: user.id, username: user.username, role: user.role, sessionId, expiresAt };
}
