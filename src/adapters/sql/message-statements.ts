import type { InboxMessage, MessageDelivery, NewMessage, UserId } from '../../ports/store.ts';

/*
 * The statements about messages, in SQL that both engines share; parameters are `$1` and so on, which SQLite writes `?1`.
 * Where an insert writes no row, its key is taken or there is no room.
 *
 * Why: docs/DECISIONS.md#an-inbox-is-written-in-its-senders-unit-of-work
 */

/** Whether the sender has room ($9: messages, $10: bytes). */
const OUTBOX_ROOM = `(SELECT count(*) < $9 AND coalesce(sum(bytes), 0) + $5 <= $10
  FROM messages WHERE user_id = $1 AND parts > 0 AND expires_at > $7)`;

/** Whether the inbox has room ($7: messages, $8: bytes, $9: messages of this sender). */
const INBOX_ROOM = `(SELECT count(*) < $7 AND coalesce(sum(bytes), 0) + $4 <= $8 AND count(*) FILTER (WHERE sender_id = $3) < $9
  FROM inbox WHERE user_id = $1 AND delivered_at = 0 AND expires_at > $5)`;

export const INSERT_MESSAGE = `INSERT INTO messages (user_id, message_id, jti, digest, bytes, parts, sent_at, expires_at)
  SELECT CAST($1 AS bigint), CAST($2 AS text), CAST($3 AS text), CAST($4 AS text), CAST($5 AS bigint), CAST($6 AS integer), CAST($7 AS bigint), CAST($8 AS bigint)
  WHERE ${OUTBOX_ROOM} ON CONFLICT DO NOTHING`;

export const INSERT_INBOX = `INSERT INTO inbox (user_id, message_id, sender_id, bytes, sent_at, expires_at, delivered_at, receipt)
  SELECT CAST($1 AS bigint), CAST($2 AS text), CAST($3 AS bigint), CAST($4 AS bigint), CAST($5 AS bigint), CAST($6 AS bigint), 0, ''
  WHERE ${INBOX_ROOM} ON CONFLICT DO NOTHING`;

export const INSERT_PART =
  'INSERT INTO message_parts (user_id, message_id, part, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING';
export const INSERT_STAGED =
  'INSERT INTO staged_messages (user_id, message_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
export const DELETE_STAGED = 'DELETE FROM staged_messages WHERE user_id = $1 AND message_id = $2';
export const DELETE_PARTS = 'DELETE FROM message_parts WHERE user_id = $1 AND message_id = $2';

export const DELIVER =
  'UPDATE inbox SET delivered_at = $3, receipt = $4 WHERE user_id = $1 AND message_id = $2 AND delivered_at = 0';
export const DELETE_INBOX = 'DELETE FROM inbox WHERE user_id = $1 AND message_id = $2';

export const IS_REPEATED = 'SELECT count(*) FROM messages WHERE user_id = $1 AND jti = $2';
/** $1: the sender, $2: bytes, $3: now, $4: messages, $5: bytes. */
export const HAS_OUTBOX_ROOM = `SELECT count(*) < $4 AND coalesce(sum(bytes), 0) + CAST($2 AS bigint) <= $5
  FROM messages WHERE user_id = $1 AND parts > 0 AND expires_at > $3`;
/** $1: the recipient, $2: the sender, $3: bytes, $4: now, $5: messages, $6: bytes, $7: messages of this sender. */
export const HAS_INBOX_ROOM = `SELECT count(*) < $5 AND coalesce(sum(bytes), 0) + CAST($3 AS bigint) <= $6 AND count(*) FILTER (WHERE sender_id = $2) < $7
  FROM inbox WHERE user_id = $1 AND delivered_at = 0 AND expires_at > $4`;

const INBOX_COLUMNS = `i.message_id, i.sender_id, u.username, m.jti, m.digest, m.bytes, m.parts, m.sent_at, i.delivered_at
  FROM inbox i JOIN messages m ON m.user_id = i.sender_id AND m.message_id = i.message_id JOIN users u ON u.user_id = i.sender_id`;
export const LIST_INBOX = `SELECT ${INBOX_COLUMNS}
  WHERE i.user_id = $1 AND i.message_id > $2 AND i.expires_at > $3 AND CASE WHEN i.delivered_at > 0 THEN 1 ELSE 0 END = $5 ORDER BY i.message_id LIMIT $4`;
export const FIND_INBOX = `SELECT ${INBOX_COLUMNS} WHERE i.user_id = $1 AND i.message_id = $2 AND i.expires_at > $3`;
export const READ_PART = `SELECT content FROM message_parts p WHERE user_id = $1 AND message_id = $2 AND part = $3
  AND EXISTS (SELECT 1 FROM messages m WHERE m.user_id = p.user_id AND m.message_id = p.message_id AND m.parts > 0)`;
export const LIST_DELIVERIES = `SELECT u.username, i.delivered_at, i.receipt FROM inbox i JOIN users u ON u.user_id = i.user_id
  WHERE i.message_id = $2 AND i.sender_id = $1 ORDER BY i.user_id`;

export const EXPIRED =
  'SELECT user_id, message_id FROM messages WHERE parts > 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2';
export const FORGET = 'UPDATE messages SET parts = 0 WHERE user_id = $1 AND message_id = $2';
export const DELETE_INBOXES = 'DELETE FROM inbox WHERE message_id = $2 AND sender_id = $1';
export const UNCOMMITTED =
  'SELECT user_id, message_id FROM staged_messages WHERE at <= $1 ORDER BY at LIMIT $2';

type Value = string | number;

export function messageValues(message: NewMessage): Value[] {
  const { userId, messageId, jti, digest, bytes, parts, sentAt, expiresAt, countMax, bytesMax } = message;
  return [userId, messageId, jti, digest, bytes, parts, sentAt, expiresAt, countMax, bytesMax];
}

export function inboxValues(message: NewMessage, recipient: UserId): Value[] {
  const { userId, messageId, bytes, sentAt, expiresAt, countMax, bytesMax, countPerSenderMax } = message;
  return [recipient, messageId, userId, bytes, sentAt, expiresAt, countMax, bytesMax, countPerSenderMax];
}

/** @param row of `LIST_INBOX` and `FIND_INBOX` */
export function inboxMessage(row: readonly unknown[]): InboxMessage {
  const [messageId, senderId, from, jti, digest, bytes, parts, sentAt, deliveredAt] = row;
  return { messageId, senderId, from, jti, digest, bytes, parts, sentAt, deliveredAt } as InboxMessage;
}

/** @param row of `LIST_DELIVERIES` */
export function messageDelivery([to, deliveredAt, receipt]: readonly unknown[]): MessageDelivery {
  return { to, deliveredAt, receipt } as MessageDelivery;
}
