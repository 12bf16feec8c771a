import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { MessageEnvelope } from '../../domain/messages/read-sealed-message.ts';
import { LIMITS } from '../../limits.ts';
import type { MessageConflict, NewMessage, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findRecord, type Idempotency, repeated } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';
import { makeTransactionId } from '../transactions/transaction-id.ts';

export interface SendMessageRequest {
  readonly session: Session;
  /** What was read of the JWE. */
  readonly envelope: MessageEnvelope;
  /** The JWE, in ASCII. */
  readonly content: Buffer;
  /** Its SHA-256, lower-case hex. */
  readonly digest: string;
  readonly address?: string;
  readonly idempotency?: Idempotency;
}

export interface SentMessage {
  readonly id: string;
  readonly repeated?: boolean;
}

const RETRY_MS = 1_000;

const CONFLICTS: Readonly<Record<MessageConflict, Refusal>> = {
  repeated: refuse('message_repeated'),
  outbox_full: refuse('outbox_full'),
  inbox_full: refuse('inbox_full'),
};

/** The commit found a key taken, or no room. Compared by reference. */
const CONFLICT = refuse('busy', { retryAfterMs: RETRY_MS });

/**
 * Takes a sealed message for its recipients:
 *
 * 1. Each recipient's key must be in force.
 * 2. A `jti` that its sender used is refused, as is what finds no room at the sender or in an inbox. This is looked at before
 *    a long message is stored, and decided by the commit.
 * 3. A long message is stored in parts that nobody can read yet.
 * 4. The sender's entry commits the message's hash, the message, and a row in each inbox.
 *
 * Cannot check who signed it, and for whom: that is inside.
 *
 * Why: docs/DECISIONS.md#messages-are-kept-in-the-store
 */
export async function sendMessage(
  context: Context,
  request: SendMessageRequest,
): Promise<SentMessage | Refusal> {
  const { store, decider, settings, randomPool } = context;
  const { session, envelope, content, digest } = request;
  const { userId } = session;
  const before = await findRecord<SentMessage>(context, userId, request.idempotency);
  if (before) return repeated(before);
  const recipients = await findRecipients(context, envelope.recipients);
  if (isRefusal(recipients)) return recipients;
  const at = decider.now();
  const messageId = makeTransactionId(at, randomPool);
  const { ttlMs, inboxCountMax: countMax, inboxBytesMax: bytesMax } = settings.messages;
  const isInline = content.length <= LIMITS.messageInlineBytesMax;
  const message: NewMessage = {
    ...{ userId, messageId, jti: envelope.jti, digest, bytes: content.length },
    parts: Math.ceil(content.length / LIMITS.messagePartBytes),
    content: isInline ? content.toString('latin1') : undefined,
    ...{ sentAt: at, expiresAt: at + ttlMs, recipients },
    ...{ countMax, bytesMax, countPerSenderMax: Math.ceil(countMax / 4) },
  };
  const conflict = await store.checkMessage(message);
  if (conflict) return CONFLICTS[conflict];
  // Where what follows throws, the message may be committed or not. Parts of one that is not are deleted later.
  if (!isInline) await stage(context, message, content);
  const job = sendJob(request, message);
  const { result } = await decider.submit(idempotent(job, request.idempotency, wholeResult<SentMessage>()));
  if (!isRefusal(result)) return result;
  if (!isInline) await store.discardStagedMessage({ userId, messageId });
  if (result !== CONFLICT) return result;
  const found = await store.checkMessage(message);
  return found ? CONFLICTS[found] : result;
}

/** @returns the users whose keys these are, in order of their id: so rows of several inboxes are locked in one order */
async function findRecipients(
  { store }: Context,
  thumbprints: readonly string[],
): Promise<readonly UserId[] | Refusal> {
  const found = await store.findSealingKeys(thumbprints);
  const userIds: UserId[] = [];
  for (const [index, identity] of found.entries()) {
    if (!identity) return refuse('recipient_unknown', { detail: thumbprints[index] as string });
    userIds.push(identity.userId);
  }
  return userIds.sort((a, b) => a - b);
}

async function stage({ store }: Context, message: NewMessage, content: Buffer): Promise<void> {
  const { userId, messageId, parts, sentAt: at } = message;
  const { messagePartBytes } = LIMITS;
  for (let part = 0; part < parts; part++) {
    const from = part * messagePartBytes;
    const text = content.toString('latin1', from, Math.min(from + messagePartBytes, content.length));
    await store.stageMessagePart({ userId, messageId, part, content: text, at });
  }
}

function sendJob(
  { session, address }: SendMessageRequest,
  message: NewMessage,
): RepeatableJob<SentMessage | Refusal> {
  const { userId, messageId, jti, digest, bytes, recipients } = message;
  return {
    userId,
    origin: address === undefined ? undefined : { kind: 'address', name: address },
    admits: (user, { at }) => user !== undefined && isSessionValid(user, session.sessionId, at),
    conflict: () => CONFLICT,
    decide: (user, { at }) => {
      if (!user || !isSessionValid(user, session.sessionId, at)) return { result: refuse('session_ended') };
      return {
        result: { id: messageId },
        draft: {
          type: 'message.sent',
          detail: { bytes, jti, message: messageId, recipients: recipients.length, sha256: digest },
          state: user.state,
          rows: [{ kind: 'message.insert', message }],
        },
      };
    },
  };
}
