import type { ChallengeBinding } from '../../domain/challenge/nonce.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';

export interface Challenge {
  readonly nonce: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

/** Issues challenges to a service, for bound codes over its own transactions. */
export async function issueServiceChallenges(
  context: Context,
  serviceId: string,
  count: number,
): Promise<readonly Challenge[] | Refusal> {
  const binding = `service/${serviceId}` as const;
  const { challengesPerServiceAndSecondMax: perSecond } = LIMITS;
  return checkCount(count) ?? checkPace(context, binding, count, perSecond) ?? issue(context, binding, count);
}

/** Issues challenges bound to the session. Stores nothing, so a challenge that is never answered costs nothing. */
export async function issueChallenges(
  context: Context,
  session: Session,
  count: number,
): Promise<readonly Challenge[] | Refusal> {
  const invalid = checkCount(count);
  if (invalid) return invalid;
  const { decider, userCache } = context;
  const { userId, sessionId } = session;
  const known = userCache.get(userId);
  const at = decider.now();
  if (!known || !isSessionValid(known, sessionId, at)) {
    const user = await userCache.reload(userId);
    if (!user || !isSessionValid(user, sessionId, at)) return refuse('session_ended');
  }
  const { challengesPerUserAndSecondMax: perSecond } = LIMITS;
  return (
    checkPace(context, userId, count, perSecond) ?? issue(context, `session/${session.sessionId}`, count)
  );
}

function checkCount(count: number): Refusal | undefined {
  const fits = Number.isSafeInteger(count) && count >= 1 && count <= LIMITS.challengesPerRequestMax;
  return fits
    ? undefined
    : refuse('message_invalid', { detail: `1 to ${LIMITS.challengesPerRequestMax} challenges` });
}

function checkPace(
  { challenges }: Context,
  caller: UserId | string,
  count: number,
  perSecond: number,
): Refusal | undefined {
  const wait = challenges.rateLimiter.take(caller, count, perSecond);
  return wait > 0 ? refuse('rate_limited', { retryAfterMs: wait }) : undefined;
}

async function issue(
  { challenges, decider }: Context,
  binding: ChallengeBinding,
  count: number,
): Promise<Challenge[]> {
  const at = decider.now();
  const waiting = challenges.ensureKeys(at);
  if (waiting) await waiting;
  const expiresAt = challenges.expiresAt(at);
  const issued: Challenge[] = [];
  for (let n = 0; n < count; n++) issued.push({ nonce: challenges.issue(binding, at), expiresAt });
  return issued;
}
