import type { StatementSync } from 'node:sqlite';
import type { PushSubscriptionRow, PushSubscriptions, SessionRef } from '../../ports/push-subscriptions.ts';
import type { UserId } from '../../ports/store.ts';
import { PUSH_SUBSCRIPTIONS, valuesOf } from '../sql/columns.ts';
import type { Connection } from './connection.ts';
import type { Change } from './leases.ts';
import { inputValues, insertInto, plainRows, selectList } from './row-sql.ts';

const OWN = 'user_id = ?1 AND session_id = ?2';

export class SqlitePushSubscriptions implements PushSubscriptions {
  readonly #connection: Connection;
  readonly #change: Change;
  readonly #session: StatementSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #list: StatementSync;
  readonly #remove: StatementSync;

  constructor(connection: Connection, change: Change) {
    const { database } = connection;
    const select = `SELECT ${selectList(PUSH_SUBSCRIPTIONS)} FROM push_subscriptions`;
    this.#connection = connection;
    this.#change = change;
    this.#session = database.prepare(`SELECT 1 FROM sessions WHERE ${OWN}`);
    this.#insert = database.prepare(insertInto('push_subscriptions', PUSH_SUBSCRIPTIONS));
    this.#find = database.prepare(`${select} WHERE ${OWN}`);
    this.#list = database.prepare(`${select} WHERE user_id = ? ORDER BY created_at, session_id LIMIT ?`);
    this.#remove = database.prepare(
      `DELETE FROM push_subscriptions WHERE ${OWN} AND (?3 IS NULL OR endpoint = ?3)`,
    );
  }

  async put(subscription: PushSubscriptionRow): Promise<boolean> {
    const { userId, sessionId } = subscription;
    return this.#change(() => {
      if (!this.#session.get(userId, sessionId)) return false;
      this.#remove.run(userId, sessionId, null);
      this.#insert.run(...inputValues(valuesOf(PUSH_SUBSCRIPTIONS, subscription)));
      return true;
    });
  }

  async find({ userId, sessionId }: SessionRef): Promise<PushSubscriptionRow | undefined> {
    return this.#connection.read(() => plainRows<PushSubscriptionRow>(this.#find.all(userId, sessionId))[0]);
  }

  async list(userId: UserId, limit: number): Promise<readonly PushSubscriptionRow[]> {
    return this.#connection.read(() => plainRows<PushSubscriptionRow>(this.#list.all(userId, limit)));
  }

  async remove({ userId, sessionId }: SessionRef, endpoint?: string): Promise<void> {
    this.#change(() => this.#remove.run(userId, sessionId, endpoint ?? null));
  }
}
