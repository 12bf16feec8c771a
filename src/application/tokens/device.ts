import type { SessionRow, SideRow } from '../../ports/store.ts';
import type { User } from '../users/user.ts';

const LOG_IN = '.login';

/**
 * The id of a device's log-in token. A virtual token may be two tokens: one for approvals and, under the same id with a
 * suffix, one for log-ins. They are activated and revoked together. No other token's id has a dot.
 *
 * Why: docs/DECISIONS.md#a-virtual-token-is-two-tokens
 */
export function logInTokenId(deviceId: string): string {
  return `${deviceId}${LOG_IN}`;
}

/** The id that a device's session and its tokens share: that of its approval token. */
export function deviceIdOf(tokenId: string): string {
  return tokenId.endsWith(LOG_IN) ? tokenId.slice(0, -LOG_IN.length) : tokenId;
}

/** The user's tokens of that device; none where it has been revoked. */
export function tokensOfDevice(user: User, deviceId: string): User['tokens'] {
  return user.tokens.filter(({ tokenId }) => deviceIdOf(tokenId) === deviceId);
}

/** The device's sessions, all of which end with its tokens. */
export function sessionsOfDevice(user: User, deviceId: string): readonly SessionRow[] {
  return user.sessions.filter(({ kind, tokenId }) => kind === 'device' && deviceIdOf(tokenId) === deviceId);
}

export function endSessions(sessions: readonly SessionRow[]): SideRow[] {
  return sessions.map(({ userId, sessionId }) => ({ kind: 'session.delete', userId, sessionId }));
}
