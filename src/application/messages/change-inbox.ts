import { type Refusal, refuse } from '../../domain/errors.ts';
import type { InboxMessage, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft } from '../decisions/job.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';

/** What becomes of a message in an inbox: the entry's type, what it says beside the message, and the row it changes. */
export interface InboxChange {
  readonly type: 'message.delivered' | 'message.deleted';
  readonly detail?: Draft['detail'];
  readonly row: (at: number) => SideRow;
}

/**
 * Commits one change of a message that was found in the caller's inbox.
 * @returns undefined when it is committed; `message_unknown` where another server was first, or it expired meanwhile
 */
export async function changeInbox(
  { decider }: Context,
  { userId, sessionId }: Session,
  { messageId, digest }: InboxMessage,
  { type, detail, row }: InboxChange,
): Promise<Refusal | undefined> {
  const { result } = await decider.submit<Refusal | undefined>({
    userId,
    conflict: () => refuse('message_unknown'),
    decide: (user, { at }) => {
      if (!user || !isSessionValid(user, sessionId, at)) return { result: refuse('session_ended') };
      return {
        result: undefined,
        draft: {
          type,
          detail: { message: messageId, sha256: digest, ...detail },
          state: user.state,
          rows: [row(at)],
        },
      };
    },
  });
  return result;
}
