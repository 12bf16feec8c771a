import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SessionUse, UserId } from '../../ports/store.ts';
import { plainRows } from './row-sql.ts';

/** When sessions were last used, in their rows. */
export class SessionUseRows {
  readonly #record: StatementSync;
  readonly #last: StatementSync;

  constructor(database: DatabaseSync) {
    this.#record = database.prepare(
      'UPDATE sessions SET used_at = ?3 WHERE user_id = ?1 AND session_id = ?2 AND used_at < ?3',
    );
    this.#last = database.prepare(
      'SELECT max(created_at, proven_at, used_at) AS at FROM sessions WHERE user_id = ? AND session_id = ?',
    );
  }

  /** Runs inside the caller's unit of work. */
  record(uses: readonly SessionUse[]): void {
    for (const { userId, sessionId, at } of uses) this.#record.run(userId, sessionId, at);
  }

  last(userId: UserId, sessionId: string): number | undefined {
    return plainRows<{ readonly at: number }>(this.#last.all(userId, sessionId))[0]?.at;
  }
}
