import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import { isSessionValid, type Session } from './session.ts';

/** Logs out: ends the session on every server. */
export async function endSession(context: Context, session: Session): Promise<Refusal | undefined> {
  const { result } = await context.decider.submit<Refusal | undefined>({
    userId: session.userId,
    decide: (user, { at }) => {
      if (!user || !isSessionValid(user, session.sessionId, at)) return { result: refuse('session_ended') };
      return {
        result: undefined,
        draft: {
          type: 'session.ended',
          reason: 'log_out',
          state: user.state,
          rows: [{ kind: 'session.delete', userId: user.id, sessionId: session.sessionId }],
        },
      };
    },
  });
  return result;
}
