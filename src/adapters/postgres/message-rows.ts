import type {
  InboxMessage,
  MessageConflict,
  MessageDelivery,
  StagedPart,
  Store,
  UserId,
} from '../../ports/store.ts';
import * as SQL from '../sql/message-statements.ts';
import type { Connection, Row } from './connection.ts';
import { cannotBeStored } from './storable.ts';

const IS_REPEATED = { name: 'messages_repeated', text: SQL.IS_REPEATED };
const HAS_OUTBOX_ROOM = { name: 'messages_room', text: SQL.HAS_OUTBOX_ROOM };
const HAS_INBOX_ROOM = { name: 'inbox_room', text: SQL.HAS_INBOX_ROOM };
const STAGE = { name: 'messages_stage', text: SQL.INSERT_STAGED };
const INSERT_PART = { name: 'message_parts_insert', text: SQL.INSERT_PART };
const LIST_INBOX = { name: 'inbox_list', text: SQL.LIST_INBOX };
const FIND_INBOX = { name: 'inbox_find', text: SQL.FIND_INBOX };
const READ_PART = { name: 'message_parts_read', text: SQL.READ_PART };
const LIST_DELIVERIES = { name: 'inbox_deliveries', text: SQL.LIST_DELIVERIES };
const DISCARD = {
  name: 'messages_discard',
  text: `WITH staged AS (${SQL.DELETE_STAGED} RETURNING user_id, message_id)
    DELETE FROM message_parts p USING staged s WHERE p.user_id = s.user_id AND p.message_id = s.message_id`,
};
const EXPIRE = {
  name: 'messages_expire',
  text: `WITH ended AS (SELECT user_id, message_id FROM messages WHERE parts > 0 AND expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
    parts AS (DELETE FROM message_parts p USING ended e WHERE p.user_id = e.user_id AND p.message_id = e.message_id),
    inboxes AS (DELETE FROM inbox i USING ended e WHERE i.sender_id = e.user_id AND i.message_id = e.message_id)
    UPDATE messages m SET parts = 0 FROM ended e WHERE m.user_id = e.user_id AND m.message_id = e.message_id`,
};
const ABANDON = {
  name: 'messages_abandon',
  text: `WITH staged AS (DELETE FROM staged_messages WHERE (user_id, message_id) IN (${SQL.UNCOMMITTED}) RETURNING user_id, message_id),
    parts AS (DELETE FROM message_parts p USING staged s WHERE p.user_id = s.user_id AND p.message_id = s.message_id)
    SELECT 1 FROM staged`,
};

/*
 * Where Citus distributes users' rows, a message's are in its sender's shard and in its recipients': statements that join them are
 * taken apart.
 */
const INBOX_OF = {
  name: 'inbox_list_in_shards',
  text: `SELECT message_id, sender_id, delivered_at FROM inbox
    WHERE user_id = $1 AND message_id > $2 AND expires_at > $3 AND CASE WHEN delivered_at > 0 THEN 1 ELSE 0 END = $5 ORDER BY message_id LIMIT $4`,
};
const INBOX_ONE = {
  name: 'inbox_find_in_shards',
  text: 'SELECT message_id, sender_id, delivered_at FROM inbox WHERE user_id = $1 AND message_id = $2 AND expires_at > $3',
};
const SENT = {
  name: 'messages_of_inbox',
  text: `SELECT m.message_id, m.user_id, u.username, m.jti, m.digest, m.bytes, m.parts, m.sent_at
    FROM messages m JOIN users u ON u.user_id = m.user_id WHERE m.user_id = ANY ($1::bigint[]) AND m.message_id = ANY ($2::text[])`,
};
const ENDED = { name: 'messages_ended', text: SQL.EXPIRED };
const UNCOMMITTED = { name: 'messages_uncommitted', text: SQL.UNCOMMITTED };
const DELETE_INBOXES = { name: 'inbox_delete_sent', text: SQL.DELETE_INBOXES };
const DELETE_PARTS = { name: 'message_parts_delete', text: SQL.DELETE_PARTS };
const DELETE_STAGED = { name: 'messages_unstage', text: SQL.DELETE_STAGED };
const FORGET = { name: 'messages_forget', text: SQL.FORGET };

/**
 * Joins inboxes' rows with their messages. A message's unit of work spans shards, and its row in the inbox may be visible before its
 * own: there the list ends, so that a reader who goes on after the last one misses none.
 */
async function withMessages(connection: Connection, inbox: readonly Row[]): Promise<InboxMessage[]> {
  if (inbox.length === 0) return [];
  const senders = [...new Set(inbox.map(([, sender]) => Number(sender)))];
  const { rows } = await connection.run(SENT, [senders, inbox.map(([messageId]) => String(messageId))]);
  const sent = new Map(rows.map((row) => [`${row[1]}/${row[0]}`, row]));
  const listed: InboxMessage[] = [];
  for (const [messageId, sender, deliveredAt] of inbox) {
    const message = sent.get(`${sender}/${messageId}`);
    if (!message) break;
    listed.push(SQL.inboxMessage([...message, deliveredAt]));
  }
  return listed;
}

async function expireInShards(
  connection: Connection,
  { expired, staged, limit }: Parameters<Store['expireMessages']>[0],
): Promise<boolean> {
  const ended = await connection.run(ENDED, [expired, limit]);
  for (const key of ended.rows as readonly (readonly [number, string])[]) {
    await connection.pipeline([
      ['BEGIN'],
      [DELETE_INBOXES, key],
      [DELETE_PARTS, key],
      [FORGET, key],
      ['COMMIT'],
    ]);
  }
  const uncommitted = await connection.run(UNCOMMITTED, [staged, limit]);
  for (const key of uncommitted.rows as readonly (readonly [number, string])[]) {
    await connection.run('BEGIN');
    // Whoever commits the message meanwhile takes the row away, and its parts stay.
    const { count } = await connection.run(DELETE_STAGED, key);
    if (count === 1) await connection.run(DELETE_PARTS, key);
    await connection.run('COMMIT');
  }
  return ended.rows.length >= limit || uncommitted.rows.length >= limit;
}

export async function checkMessage(
  connection: Connection,
  message: Parameters<Store['checkMessage']>[0],
): Promise<MessageConflict | undefined> {
  const { userId, jti, bytes, sentAt, recipients, countMax, bytesMax, countPerSenderMax } = message;
  const [repeated, outbox, ...inboxes] = await connection.pipeline([
    [IS_REPEATED, [userId, jti]],
    [HAS_OUTBOX_ROOM, [userId, bytes, sentAt, countMax, bytesMax]],
    ...recipients.map(
      (recipient) =>
        [HAS_INBOX_ROOM, [recipient, userId, bytes, sentAt, countMax, bytesMax, countPerSenderMax]] as const,
    ),
  ]);
  if (repeated?.rows[0]?.[0] !== 0) return 'repeated';
  if (outbox?.rows[0]?.[0] !== true) return 'outbox_full';
  return inboxes.every(({ rows }) => rows[0]?.[0] === true) ? undefined : 'inbox_full';
}

export async function stagePart(
  connection: Connection,
  { userId, messageId, part, content, at }: StagedPart,
): Promise<void> {
  await connection.pipeline([
    ['BEGIN'],
    [STAGE, [userId, messageId, at]],
    [INSERT_PART, [userId, messageId, part, content]],
    ['COMMIT'],
  ]);
}

export async function discardStaged(
  connection: Connection,
  userId: UserId,
  messageId: string,
): Promise<void> {
  await connection.run(DISCARD, [userId, messageId]);
}

export async function listInbox(
  connection: Connection,
  page: Parameters<Store['listInbox']>[0],
): Promise<InboxMessage[]> {
  const { userId, after, at, limit, acknowledged = false } = page;
  if (connection.sharded) {
    const { rows } = await connection.run(INBOX_OF, [userId, after, at, limit, Number(acknowledged)]);
    return withMessages(connection, rows);
  }
  return (await connection.run(LIST_INBOX, [userId, after, at, limit, Number(acknowledged)])).rows.map(
    SQL.inboxMessage,
  );
}

export async function findInboxMessage(
  connection: Connection,
  { userId, messageId, at }: Parameters<Store['findInboxMessage']>[0],
): Promise<InboxMessage | undefined> {
  if (cannotBeStored(messageId)) return undefined;
  if (connection.sharded) {
    const { rows } = await connection.run(INBOX_ONE, [userId, messageId, at]);
    return (await withMessages(connection, rows))[0];
  }
  return (await connection.run(FIND_INBOX, [userId, messageId, at])).rows.map(SQL.inboxMessage)[0];
}

export async function readPart(
  connection: Connection,
  { senderId, messageId, part }: Parameters<Store['readMessagePart']>[0],
): Promise<string | undefined> {
  return (await connection.run(READ_PART, [senderId, messageId, part])).rows[0]?.[0] as string | undefined;
}

export async function listDeliveries(
  connection: Connection,
  { senderId, messageId }: Parameters<Store['listDeliveries']>[0],
): Promise<MessageDelivery[]> {
  if (cannotBeStored(messageId)) return [];
  return (await connection.run(LIST_DELIVERIES, [senderId, messageId])).rows.map(SQL.messageDelivery);
}

/** Servers may do so at once: a message that another one deletes now is left to it. @returns whether there may be more */
export async function expireMessages(
  connection: Connection,
  before: Parameters<Store['expireMessages']>[0],
): Promise<boolean> {
  const { expired, staged, limit } = before;
  if (connection.sharded) return expireInShards(connection, before);
  const ended = await connection.run(EXPIRE, [expired, limit]);
  const abandoned = await connection.run(ABANDON, [staged, limit]);
  return ended.count >= limit || abandoned.rows.length >= limit;
}
