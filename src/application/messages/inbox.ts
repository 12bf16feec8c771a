import { type Refusal, refuse } from '../../domain/errors.ts';
import type { InboxMessage, MessageDelivery } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Session } from '../sessions/session.ts';
import { changeInbox } from './change-inbox.ts';

/** The messages that wait for a user, oldest first; or those that they acknowledged and that have not expired. */
export function listInbox(
  { store, decider }: Context,
  { userId }: Session,
  page: { readonly after?: string; readonly limit: number; readonly acknowledged?: boolean },
): Promise<readonly InboxMessage[]> {
  return store.listInbox({ ...page, userId, after: page.after ?? '', at: decider.now() });
}

/** Finds a message to that user until it expires or is deleted, acknowledged or not. */
export function findMessage(
  { store, decider }: Context,
  { userId }: Session,
  messageId: string,
): Promise<InboxMessage | undefined> {
  return store.findInboxMessage({ userId, messageId, at: decider.now() });
}

/** Reads a message's JWE part by part. It ends early where the message is deleted meanwhile: the reader compares `bytes`. */
export async function* readParts(
  { store }: Context,
  { senderId, messageId, parts }: InboxMessage,
): AsyncGenerator<string, void> {
  for (let part = 0; part < parts; part++) {
    const content = await store.readMessagePart({ senderId, messageId, part });
    if (content === undefined) return;
    yield content;
  }
}

/** Who has acknowledged a message of that sender, with the receipts that they signed. @returns empty where it is not theirs */
export function listDeliveries(
  { store }: Context,
  { userId }: Session,
  messageId: string,
): Promise<readonly MessageDelivery[]> {
  return store.listDeliveries({ senderId: userId, messageId });
}

/** Deletes a message from the caller's inbox, without a receipt. @returns undefined when it is deleted */
export async function deleteMessage(
  context: Context,
  session: Session,
  messageId: string,
): Promise<Refusal | undefined> {
  const found = await findMessage(context, session, messageId);
  if (!found) return refuse('message_unknown');
  const { userId } = session;
  return changeInbox(context, session, found, {
    type: 'message.deleted',
    row: () => ({ kind: 'inbox.delete', userId, messageId }),
  });
}
