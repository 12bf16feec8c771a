import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type {
  InboxMessage,
  MessageConflict,
  MessageDelivery,
  NewMessage,
  SideRow,
  StagedPart,
  Store,
  UserId,
} from '../../ports/store.ts';
import * as SQL from '../sql/message-statements.ts';
import { prepareShared } from './row-sql.ts';

/** Reads and writes messages, their parts and inboxes. Writes run inside the caller's unit of work. */
export class MessageRows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @returns false when the `jti` is taken, there is no room, or the staged parts are gone */
  insert(message: NewMessage): boolean {
    const { userId, messageId, content } = message;
    if (this.#run(SQL.INSERT_MESSAGE, SQL.messageValues(message)) !== 1) return false;
    const stored =
      content === undefined
        ? this.#run(SQL.DELETE_STAGED, [userId, messageId])
        : this.#run(SQL.INSERT_PART, [userId, messageId, 0, content]);
    if (stored !== 1) return false;
    return message.recipients.every(
      (recipient) => this.#run(SQL.INSERT_INBOX, SQL.inboxValues(message, recipient)) === 1,
    );
  }

  /** @returns false when the message is not there, or was acknowledged before */
  deliver({
    userId,
    messageId,
    deliveredAt,
    receipt,
  }: SideRow & { readonly kind: 'inbox.deliver' }): boolean {
    return this.#run(SQL.DELIVER, [userId, messageId, deliveredAt, receipt]) === 1;
  }

  /** @returns false when the message is not there */
  delete({ userId, messageId }: SideRow & { readonly kind: 'inbox.delete' }): boolean {
    return this.#run(SQL.DELETE_INBOX, [userId, messageId]) === 1;
  }

  check(message: Parameters<Store['checkMessage']>[0]): MessageConflict | undefined {
    const { userId, jti, bytes, sentAt, recipients, countMax, bytesMax, countPerSenderMax } = message;
    if (this.#value(SQL.IS_REPEATED, [userId, jti]) !== 0) return 'repeated';
    if (this.#value(SQL.HAS_OUTBOX_ROOM, [userId, bytes, sentAt, countMax, bytesMax]) !== 1)
      return 'outbox_full';
    const hasRoom = (recipient: UserId) =>
      this.#value(SQL.HAS_INBOX_ROOM, [
        ...[recipient, userId, bytes, sentAt],
        ...[countMax, bytesMax, countPerSenderMax],
      ]) === 1;
    return recipients.every(hasRoom) ? undefined : 'inbox_full';
  }

  stage({ userId, messageId, part, content, at }: StagedPart): void {
    this.#run(SQL.INSERT_STAGED, [userId, messageId, at]);
    this.#run(SQL.INSERT_PART, [userId, messageId, part, content]);
  }

  discard(userId: UserId, messageId: string): void {
    if (this.#run(SQL.DELETE_STAGED, [userId, messageId]) === 1)
      this.#run(SQL.DELETE_PARTS, [userId, messageId]);
  }

  listInbox({
    userId,
    after,
    at,
    limit,
    acknowledged = false,
  }: Parameters<Store['listInbox']>[0]): InboxMessage[] {
    return this.#all(SQL.LIST_INBOX, [userId, after, at, limit, Number(acknowledged)]).map(SQL.inboxMessage);
  }

  findInbox(userId: UserId, messageId: string, at: number): InboxMessage | undefined {
    return this.#all(SQL.FIND_INBOX, [userId, messageId, at]).map(SQL.inboxMessage)[0];
  }

  readPart(senderId: UserId, messageId: string, part: number): string | undefined {
    return this.#all(SQL.READ_PART, [senderId, messageId, part])[0]?.[0] as string | undefined;
  }

  listDeliveries(senderId: UserId, messageId: string): MessageDelivery[] {
    return this.#all(SQL.LIST_DELIVERIES, [senderId, messageId]).map(SQL.messageDelivery);
  }

  /** @returns whether there may be more */
  expire(expired: number, staged: number, limit: number): boolean {
    const ended = this.#all(SQL.EXPIRED, [expired, limit]);
    for (const [userId, messageId] of ended as [UserId, string][]) {
      this.#run(SQL.DELETE_PARTS, [userId, messageId]);
      this.#run(SQL.DELETE_INBOXES, [userId, messageId]);
      this.#run(SQL.FORGET, [userId, messageId]);
    }
    const abandoned = this.#all(SQL.UNCOMMITTED, [staged, limit]);
    for (const [userId, messageId] of abandoned as [UserId, string][]) this.discard(userId, messageId);
    return ended.length >= limit || abandoned.length >= limit;
  }

  #run(sql: string, values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  #all(sql: string, values: SQLInputValue[]): (readonly unknown[])[] {
    return this.#statement(sql).all(...values) as unknown as (readonly unknown[])[];
  }

  #value(sql: string, values: SQLInputValue[]): unknown {
    return this.#all(sql, values)[0]?.[0];
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = prepareShared(this.#database, sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
