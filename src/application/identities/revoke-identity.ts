import { type Refusal, refuse } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';

/**
 * Revokes a user's keys in force, at once: nobody is shown them as such from then on, and no message to them is taken. By
 * the user in a session, which needs no code: who lost a device must be quick. By the operator or an administrator without.
 * @param by the administrator's name; undefined for the user and the operator's command
 * @returns undefined when they are revoked
 */
export async function revokeIdentity(
  { decider }: Context,
  userId: UserId,
  { session, by }: { readonly session?: Session; readonly by?: string } = {},
): Promise<Refusal | undefined> {
  const { result } = await decider.submit<Refusal | undefined>({
    userId,
    decide: (user, { at }) => {
      if (!user) return { result: refuse('identity_unknown') };
      if (session && !isSessionValid(user, session.sessionId, at)) return { result: refuse('session_ended') };
      const { identity, ...state } = user.state;
      if (!identity) return { result: refuse('identity_unknown') };
      const reason = session ? 'user' : 'operator';
      const { version } = identity;
      return {
        result: undefined,
        draft: {
          type: 'identity.revoked',
          reason,
          detail: { enrolled: version, ...(by === undefined ? {} : { by }) },
          state,
          rows: [
            { kind: 'identity.update', userId, version, revokedAt: at, revokedReason: reason },
            { kind: 'identity_secrets.delete', userId },
          ],
        },
      };
    },
  });
  return result;
}
