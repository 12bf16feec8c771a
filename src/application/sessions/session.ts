import { hash } from 'node:crypto';
import type { Random } from '../../ports/random.ts';
import type { Role, SessionProof, SessionRow, SideRow, UserId } from '../../ports/store.ts';
import type { User } from '../users/user.ts';

/**
 * A session that was valid when it was read. Each use checks again that it still is (`isSessionValid`). A session ends:
 *
 * - at a log-out (`end-session.ts`), or when its user ends it by its short id (`manage-sessions.ts`);
 * - when a log-in exceeds the bound on the user's sessions: the oldest one ends (`open-session.ts`);
 * - at the wrong MAC that reaches `LIMITS.wrongMacsMax` (`transactions/authorise-job.ts`);
 * - when the user is disabled, or its device is revoked (`users/administer-user.ts`, `tokens/device.ts`);
 * - of a device, when another one confirms the user's first authenticator (`tokens/first-authenticator.ts`), which also
 *   leaves a log-in by password alone what a new one would be;
 * - when a log-in goes unused for `session_idle_ms` (`session-uses.ts`);
 * - when it expires, which each use checks; `upkeep/maintenance.ts` deletes the row.
 */
export interface Session {
  readonly userId: UserId;
  readonly username: string;
  readonly role: Role;
  /** `login` may do all that its user may; `device` what a virtual token needs. */
  readonly kind: 'login' | 'device';
  /** The token that the device of a `device` session holds; empty for a log-in. */
  readonly tokenId: string;
  readonly proof: SessionProof;
  /** When an authenticator was last shown in it, ms since 1970; 0: never. */
  readonly provenAt: number;
  /** SHA-256 of the secret, in lower-case hex. */
  readonly sessionId: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

const SECRET_PATTERN = /^([1-9a-z][0-9a-z]{0,10})\.[A-Za-z0-9_-]{32}$/;

/** Makes the secret that resumes a session: the user's id, for the look-up, and 192 random bits. */
export function makeSessionSecret(userId: UserId, random: Random): string {
  return `${userId.toString(36)}.${Buffer.from(random.bytes(24)).toString('base64url')}`;
}

export function sessionIdOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Reads the user's id from a secret. Does NOT check that there is such a session. @returns undefined for a malformed secret */
export function userIdOfSecret(secret: string): UserId | undefined {
  const match = SECRET_PATTERN.exec(secret);
  const userId = match?.[1] ? Number.parseInt(match[1], 36) : undefined;
  return Number.isSafeInteger(userId) ? userId : undefined;
}

/**
 * Returns the user's session with this id, if it has not ended or expired and the user is not disabled. Invitations do not
 * count.
 *
 * Why: docs/DECISIONS.md#sessions-are-rows
 */
export function findValidSession(user: User, sessionId: string, at: number): SessionRow | undefined {
  if (user.disabled) return undefined;
  for (const session of user.sessions) {
    if (session.sessionId === sessionId)
      return session.expiresAt > at && session.kind !== 'enrolment' ? session : undefined;
  }
  return undefined;
}

/** Whether more than a password was shown, at the log-in or since (`proven`). */
export function isProven({ proof }: SessionRow): boolean {
  return proof === 'second_factor';
}

/** The rows that record that a session has shown an authenticator. */
export function proven(session: SessionRow, at: number): readonly SideRow[] {
  return changed(session, { proof: 'second_factor', provenAt: at });
}

/** The rows that change what a session has proved. */
export function changed(
  session: SessionRow,
  change: Partial<Pick<SessionRow, 'proof' | 'provenAt'>>,
): readonly SideRow[] {
  const { userId, sessionId } = session;
  return [
    { kind: 'session.delete', userId, sessionId },
    { kind: 'session.insert', session: { ...session, ...change } },
  ];
}

/** Whether an authenticator was shown in the session at most `proofTtlMs` ago. */
export function isFreshlyProven(
  { proof, provenAt }: Pick<SessionRow, 'proof' | 'provenAt'>,
  at: number,
  proofTtlMs: number,
): boolean {
  return proof === 'second_factor' && provenAt > 0 && at - provenAt <= proofTtlMs;
}

/**
 * The same, by what was shown in the session after its log-in. The log-in's own code is not enough for what ends an
 * authenticator: whoever phished one would revoke all, and enrol their own beside nothing.
 */
export function isProvenSince(
  session: Pick<SessionRow, 'proof' | 'provenAt' | 'createdAt'>,
  at: number,
  proofTtlMs: number,
): boolean {
  return session.provenAt >= session.createdAt && isFreshlyProven(session, at, proofTtlMs);
}

export function isSessionValid(user: User, sessionId: string, at: number): boolean {
  return findValidSession(user, sessionId, at) !== undefined;
}

/** @param row from `findValidSession` */
export function sessionOf(
  user: User,
  { sessionId, kind, tokenId, proof, provenAt, expiresAt }: SessionRow,
): Session {
  const { id: userId, username } = user;
  const common = { userId, username, sessionId, tokenId, proof, provenAt, expiresAt };
  // A device has the role `user` whatever its user's role is: it is for the user's own transactions.
  return kind === 'login'
    ? { ...common, kind, role: user.role }
    : { ...common, kind: 'device', role: 'user' };
}
