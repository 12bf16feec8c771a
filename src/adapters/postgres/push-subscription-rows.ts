import type { PushSubscriptionRow, PushSubscriptions, SessionRef } from '../../ports/push-subscriptions.ts';
import type { UserId } from '../../ports/store.ts';
import { PUSH_SUBSCRIPTIONS, valuesOf } from '../sql/columns.ts';
import type { OnConnection } from './leases.ts';
import { jsonObject } from './row-sql.ts';
import { storable } from './storable.ts';

const NAMES = Object.values(PUSH_SUBSCRIPTIONS);
const marks = NAMES.map((_, index) => `$${index + 1}`).join(', ');
/** The lock on the session's row keeps it from ending meanwhile; the foreign key refuses what comes later. */
const PUT = {
  name: 'push_subscriptions_put',
  text: `INSERT INTO push_subscriptions (${NAMES.join(', ')})
    SELECT ${marks} WHERE EXISTS (SELECT FROM sessions WHERE user_id = $1 AND session_id = $2)
    ON CONFLICT (user_id, session_id) DO UPDATE SET ${NAMES.slice(2)
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}`,
};
const FIND = {
  name: 'push_subscriptions_find',
  text: `SELECT ${jsonObject(PUSH_SUBSCRIPTIONS)} FROM push_subscriptions WHERE user_id = $1 AND session_id = $2`,
};
const LIST = {
  name: 'push_subscriptions_list',
  text: `SELECT ${jsonObject(PUSH_SUBSCRIPTIONS)} FROM push_subscriptions WHERE user_id = $1 ORDER BY created_at, session_id LIMIT $2`,
};
const REMOVE = {
  name: 'push_subscriptions_remove',
  text: 'DELETE FROM push_subscriptions WHERE user_id = $1 AND session_id = $2 AND ($3::text IS NULL OR endpoint = $3)',
};
/** foreign_key_violation: the session ended in between. */
const NO_SESSION = '23503';

export class PostgresPushSubscriptions implements PushSubscriptions {
  readonly #read: OnConnection;
  readonly #change: OnConnection;

  constructor(read: OnConnection, change: OnConnection) {
    this.#read = read;
    this.#change = change;
  }

  async put(subscription: PushSubscriptionRow): Promise<boolean> {
    const values = valuesOf(PUSH_SUBSCRIPTIONS, subscription);
    return this.#change(async (connection) => {
      try {
        return (await connection.run(PUT, values)).count === 1;
      } catch (error) {
        if ((error as { readonly code?: unknown }).code === NO_SESSION) return false;
        throw error;
      }
    });
  }

  async find({ userId, sessionId }: SessionRef): Promise<PushSubscriptionRow | undefined> {
    return this.#read(async (connection) => {
      const [row] = (await connection.run(FIND, [userId, storable(sessionId)])).rows;
      return row?.[0] as PushSubscriptionRow | undefined;
    });
  }

  async list(userId: UserId, limit: number): Promise<readonly PushSubscriptionRow[]> {
    return this.#read(async (connection) =>
      (await connection.run(LIST, [userId, limit])).rows.map(([row]) => row as PushSubscriptionRow),
    );
  }

  async remove({ userId, sessionId }: SessionRef, endpoint?: string): Promise<void> {
    await this.#change((connection) => connection.run(REMOVE, [userId, sessionId, endpoint ?? null]));
  }
}
