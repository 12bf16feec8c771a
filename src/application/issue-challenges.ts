import { type Refusal, refuse } from '../domain/errors.ts';
import { LIMITS } from '../limits.ts';
import type { Context } from './context.ts';
import { type Session, sessionHolds } from './session.ts';

export interface Challenge {
  readonly nonce: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

/** Challenges bound to the session. Nothing is stored: what is never answered costs nothing. */
export async function issueChallenges(
  context: Context,
  session: Session,
  count: number,
): Promise<readonly Challenge[] | Refusal> {
  if (!Number.isSafeInteger(count) || count < 1 || count > LIMITS.challengesPerRequestMax) {
    return refuse('message_invalid', { detail: `1 to ${LIMITS.challengesPerRequestMax} challenges` });
  }
  const { decider, challenges } = context;
  const user = decider.cached(session.userId) ?? (await decider.peek(session.userId));
  const at = decider.now();
  if (!user || !sessionHolds(user, session.sessionId, at)) return refuse('session_ended');
  const waiting = challenges.ready(at);
  if (waiting) await waiting;
  const binding = `session/${session.sessionId}` as const;
  const expiresAt = challenges.expiresAt(at);
  const issued: Challenge[] = [];
  for (let n = 0; n < count; n++) issued.push({ nonce: challenges.issue(binding, at), expiresAt });
  return issued;
}
