import type { EnrolIdentityRequest, EnrolledIdentity } from '../../application/identities/enrol-identity.ts';
import type { PublishedIdentity } from '../../application/identities/find-identity.ts';
import type { SendMessageRequest, SentMessage } from '../../application/messages/send-message.ts';
import type { Session } from '../../application/sessions/session.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { InboxMessage } from '../../ports/store.ts';

/** The use cases of identities and messages that the TCP protocol calls. */
export interface MessagingServices {
  enrolIdentity(request: EnrolIdentityRequest): Promise<EnrolledIdentity | Refusal>;
  findIdentity(username: string): Promise<PublishedIdentity | undefined>;
  sendMessage(request: SendMessageRequest): Promise<SentMessage | Refusal>;
  listInbox(
    session: Session,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly InboxMessage[]>;
  findMessage(session: Session, messageId: string): Promise<InboxMessage | undefined>;
  readMessagePart(message: InboxMessage, part: number): Promise<string | undefined>;
  acknowledgeMessage(request: {
    readonly session: Session;
    readonly messageId: string;
    readonly receipt: string;
  }): Promise<Refusal | undefined>;
  /** Whether the session is still valid: reading makes no decision that would tell. */
  isSessionValid(session: Session): Promise<boolean>;
}
