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
  const userId = userIdOfSecret(secret);
  const user = userId === undefined ? undefined : await context.decider.peek(userId);
  const sessionId = sessionIdOf(secret);
  if (!user || !sessionHolds(user, sessionId, context.decider.now())) return refuse('session_ended');
  const expiresAt = user.sessions.find((session) => session.sessionId === sessionId)?.expiresAt ?? 0;
  return { userId: user.id, username: user.username, role: user.role, sessionId, expiresAt };
}
