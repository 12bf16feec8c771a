import { hash } from 'node:crypto';
import type { Random } from '../../ports/random.ts';
import type { Role, SessionRow, SideRow, UserId } from '../../ports/store.ts';
import type { User } from '../users/user.ts';

/** An authenticated user. Whether it still holds is asked of the user at each use: `sessionHolds`. */
export interface Session {
  readonly userId: UserId;
  readonly username: string;
  readonly role: Role;
  /** What it may do: all that its user may, or what a virtual token needs. */
  readonly kind: 'login' | 'device';
  /** Of a `device` session: the token that the device holds; of a log-in: what it showed. */
  readonly tokenId: string;
  /** SHA-256 of the secret, in lower-case hex. */
  readonly sessionId: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

/** In place of a token's id: the log-in showed no code, though its user has a token for that. The TCP protocol asks for none. */
export const WITHOUT_CODE = 'none';

/** The same: it showed a password and no more, for its user's tokens are for transactions alone, or have been revoked. */
export const PASSWORD_ALONE = 'password';

/** The same, and of an invitation: a password was shown, and there was no more to show. */
export const BEFORE_TOKENS = 'before';

/** What a log-in showed: a code or a passkey (empty), or one of what is less. */
export type LogInProof = '' | typeof WITHOUT_CODE | typeof PASSWORD_ALONE | typeof BEFORE_TOKENS;

const SECRET_PATTERN = /^([1-9a-z][0-9a-z]{0,10})\.[A-Za-z0-9_-]{32}$/;

/** The secret that resumes a session: the user's id, so that it can be looked up, and 192 random bits. */
export function makeSessionSecret(userId: UserId, random: Random): string {
  return `${userId.toString(36)}.${Buffer.from(random.bytes(24)).toString('base64url')}`;
}

export function sessionIdOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** @returns the user whose session it may be; the session itself has not been checked */
export function userIdOfSecret(secret: string): UserId | undefined {
  const match = SECRET_PATTERN.exec(secret);
  const userId = match?.[1] ? Number.parseInt(match[1], 36) : undefined;
  return Number.isSafeInteger(userId) ? userId : undefined;
}

/** The user's session of that id: not ended, not expired, the user not disabled. An invitation to enrol is none. */
export function heldSession(user: User, sessionId: string, at: number): SessionRow | undefined {
  if (user.disabled) return undefined;
  for (const session of user.sessions) {
    if (session.sessionId === sessionId)
      return session.expiresAt > at && session.kind !== 'enrolment' ? session : undefined;
  }
  return undefined;
}

/** Whether it has shown more than a password: at its log-in, or since (`proven`). */
export function isProven({ kind, tokenId }: SessionRow): boolean {
  return kind === 'device' || tokenId === '';
}

/** The rows by which a session that has shown a code is remembered as one. */
export function proven(session: SessionRow): readonly SideRow[] {
  if (isProven(session)) return [];
  const { userId, sessionId } = session;
  return [
    { kind: 'session.delete', userId, sessionId },
    { kind: 'session.insert', session: { ...session, tokenId: '' } },
  ];
}

export function sessionHolds(user: User, sessionId: string, at: number): boolean {
  return heldSession(user, sessionId, at) !== undefined;
}

/** @param row one that `heldSession` answers */
export function sessionOf(user: User, { sessionId, kind, tokenId, expiresAt }: SessionRow): Session {
  const { id: userId, username } = user;
  const common = { userId, username, sessionId, tokenId, expiresAt };
  // Whatever its user may do: a device is for their own transactions.
  return kind === 'login'
    ? { ...common, kind, role: user.role }
    : { ...common, kind: 'device', role: 'user' };
}
