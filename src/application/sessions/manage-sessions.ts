import { type Refusal, refuse } from '../../domain/errors.ts';
import type { SessionRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { isSessionValid, type Session } from './session.ts';
import { shortSessionId } from './short-session-id.ts';

/** Lists the user's valid sessions and open invitations, newest first. */
export async function listSessions(
  { decider, userCache }: Context,
  session: Session,
): Promise<readonly SessionRow[] | Refusal> {
  const user = await userCache.reload(session.userId);
  const at = decider.now();
  if (!user || !isSessionValid(user, session.sessionId, at)) return refuse('session_ended');
  return user.sessions
    .filter(({ expiresAt }) => expiresAt > at)
    .sort((a, b) => b.createdAt - a.createdAt || (a.sessionId < b.sessionId ? -1 : 1));
}

/** Ends one of the user's sessions or invitations by its short id. @returns undefined when done */
export async function endOtherSession(
  { decider }: Context,
  session: Session,
  shortId: string,
): Promise<Refusal | undefined> {
  const { result } = await decider.submit<Refusal | undefined>({
    userId: session.userId,
    decide: (user, { at }) => {
      if (!user || !isSessionValid(user, session.sessionId, at)) return { result: refuse('session_ended') };
      const ended = user.sessions.find((row) => shortSessionId(row) === shortId);
      if (!ended) return { result: refuse('session_unknown') };
      const { sessionId, kind, label } = ended;
      return {
        result: undefined,
        draft: {
          type: 'session.ended',
          reason: sessionId === session.sessionId ? 'log_out' : 'revoked',
          detail: { kind, session: shortId, ...(label === '' ? {} : { label }) },
          state: user.state,
          rows: [{ kind: 'session.delete', userId: user.id, sessionId }],
        },
      };
    },
  });
  return result;
}
