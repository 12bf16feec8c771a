import { LIMITS } from '../../limits.ts';
import type { SideRow, TokenRow } from '../../ports/store.ts';
import type { User } from '../users/user.ts';
import { revoked } from './authenticators.ts';
import { deviceIdOf, endSessions, sessionsOfDevice } from './device.ts';

/** Whether the token waits for its first code, and may still be confirmed. */
export function isWaiting({ status, createdAt }: TokenRow, at: number): boolean {
  return status === 'pending' && at - createdAt < LIMITS.waitingTokenMs;
}

/**
 * Makes room for new tokens: revokes those that waited too long, and the oldest waiting ones above `tokensPerUserMax`,
 * with their devices' sessions, so that enrolments that nobody finished do not block one that somebody does.
 * @returns undefined when confirmed tokens leave no room
 *
 * Why: docs/DECISIONS.md#waiting-tokens-are-cleared-by-the-next-enrolment
 */
export function makeRoom(user: User, count: number, at: number): readonly SideRow[] | undefined {
  const late = user.tokens.filter(({ status, createdAt }) =>
    status === 'pending' ? at - createdAt >= LIMITS.waitingTokenMs : false,
  );
  const waiting = user.tokens
    .filter((token) => isWaiting(token, at))
    .sort((a, b) => a.createdAt - b.createdAt);
  const surplus = user.tokens.length - late.length + count - LIMITS.tokensPerUserMax;
  if (surplus > waiting.length) return undefined;
  const devices = new Set(
    [...late, ...waiting.slice(0, Math.max(0, surplus))].map(({ tokenId }) => deviceIdOf(tokenId)),
  );
  const ended = user.tokens.filter(
    ({ tokenId, status }) => status === 'pending' && devices.has(deviceIdOf(tokenId)),
  );
  return [...revoked(ended), ...[...devices].flatMap((id) => endSessions(sessionsOfDevice(user, id)))];
}
