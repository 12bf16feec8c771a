import { LIMITS } from '../../limits.ts';
import type { SessionProof, SessionRow, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { endSessions } from '../tokens/device.ts';
import type { User } from '../users/user.ts';
import { type Session, sessionIdOf, sessionOf } from './session.ts';

/** Makes the session of a log-in, with the rows that insert it and end the sessions that it replaces. */
export function openSession(
  { settings }: Context,
  user: User,
  at: number,
  {
    secret,
    label = '',
    proof,
    isFresh = proof === 'second_factor',
  }: {
    readonly secret: string;
    readonly label?: string | undefined;
    readonly proof: SessionProof;
    /** Whether what was shown stands for a proof of now; a recovery code, which opens the session alone, does not. */
    readonly isFresh?: boolean;
  },
): { readonly session: Session; readonly rows: readonly SideRow[] } {
  const row: SessionRow = {
    ...{ userId: user.id, sessionId: sessionIdOf(secret), kind: 'login', label, tokenId: '', proof },
    // Before the session: what was shown at its log-in is told from what is shown in it (`isProvenSince`).
    ...{ provenAt: isFresh ? at - 1 : 0, invitedBy: '' },
    ...{ createdAt: at, expiresAt: at + settings.sessionTtlMs },
  };
  return {
    session: sessionOf(user, row),
    rows: [...endSessions(sessionsToEnd(user, at)), { kind: 'session.insert', session: row }],
  };
}

/** The expired sessions, and the oldest log-ins above the bound on a user's sessions. */
function sessionsToEnd(user: User, at: number): readonly SessionRow[] {
  const expired = user.sessions.filter((session) => session.expiresAt <= at);
  const live = user.sessions.filter(({ kind, expiresAt }) => kind === 'login' && expiresAt > at);
  const surplus = live.length + 1 - LIMITS.sessionsPerUserMax;
  if (surplus <= 0) return expired;
  return [...expired, ...live.sort((a, b) => a.createdAt - b.createdAt).slice(0, surplus)];
}
