import { createHash } from 'node:crypto';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { RECEIPT_TYPE, SIGNING_ALGORITHM } from '../../domain/messages/message-form.ts';
import { LIMITS } from '../../limits.ts';
import type { InboxMessage, NamedIdentity } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findIdentity } from '../identities/find-identity.ts';
import { verifyByKeySet } from '../keys/es256.ts';
import type { Session } from '../sessions/session.ts';
import { changeInbox } from './change-inbox.ts';
import { findMessage } from './inbox.ts';

const SIGNATURE_BYTES = 64;

/**
 * Takes the receipt that a recipient signed once they had opened a message: it proves the delivery to the sender, and to
 * whoever they show it. The message then no longer waits. A second receipt changes nothing.
 * @returns undefined when it is acknowledged
 */
export async function acknowledgeMessage(
  context: Context,
  {
    session,
    messageId,
    receipt,
  }: {
    readonly session: Session;
    readonly messageId: string;
    /** Compact JWS (RFC 7515) of `MessageReceiptClaims`. */
    readonly receipt: string;
  },
): Promise<Refusal | undefined> {
  const { userId, username } = session;
  const found = await findMessage(context, session, messageId);
  if (!found) return refuse('message_unknown');
  if (found.deliveredAt > 0) return undefined;
  const identity = (await findIdentity(context, username))?.identity;
  const fault = identity ? faultOf(receipt, identity, found) : 'you have no keys in force';
  if (fault !== undefined) return refuse('delivery_receipt_invalid', { detail: fault });
  const result = await changeInbox(context, session, found, {
    type: 'message.delivered',
    detail: { receipt: createHash('sha256').update(receipt).digest('hex') },
    row: (deliveredAt) => ({ kind: 'inbox.deliver', userId, messageId, deliveredAt, receipt }),
  });
  if (result?.refused !== 'message_unknown') return result;
  const now = await findMessage(context, session, messageId);
  return now && now.deliveredAt > 0 ? undefined : result;
}

/** @returns what does not fit, in a few words */
function faultOf(receipt: string, identity: NamedIdentity, message: InboxMessage): string | undefined {
  if (receipt.length > LIMITS.messageReceiptBytesMax) return `at most ${LIMITS.messageReceiptBytesMax} bytes`;
  const parts = receipt.split('.');
  const [header, claims, signature] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (parts.length !== 3 || !header || !claims || signature?.length !== SIGNATURE_BYTES)
    return 'a compact JWS';
  const { alg, kid, typ, ...more } = membersOf(header);
  if (alg !== SIGNING_ALGORITHM || typ !== RECEIPT_TYPE || Object.keys(more).length > 0) return 'its header';
  if (kid !== identity.signKey) return 'kid: not your signing key in force';
  const { iss, aud, jti, sha256, iat, ...others } = membersOf(claims);
  if (iss !== identity.username) return 'iss: not you';
  if (aud !== message.from) return 'aud: not the sender';
  if (jti !== message.jti) return 'jti: another message';
  if (sha256 !== message.digest) return 'sha256: not the message as it was sent';
  if (!Number.isSafeInteger(iat) || Object.keys(others).length > 0) return 'its claims';
  const keys = [{ ...(JSON.parse(identity.signJwk) as object), kid }];
  const signed = `${parts[0]}.${parts[1]}`;
  return verifyByKeySet({ keys }, kid, signed, signature) === 'fits' ? undefined : 'its signature';
}

function membersOf(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
