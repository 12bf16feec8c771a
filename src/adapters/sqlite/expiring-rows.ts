import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IdempotencyRecord, UserId } from '../../ports/store.ts';
import { plainRows } from './row-sql.ts';

/** Finds idempotency records; deletes expired ones, and expired sessions. */
export class ExpiringRows {
  readonly #idempotencyRecord: StatementSync;
  readonly #pruneIdempotencyRecords: StatementSync;
  readonly #pruneSessions: StatementSync;

  constructor(database: DatabaseSync) {
    this.#idempotencyRecord = database.prepare(
      'SELECT digest, answer, at FROM answers WHERE user_id = ? AND key = ?',
    );
    // Records are appended in order of time, so the expired ones come first: this needs no index and no scan of the rest.
    this.#pruneIdempotencyRecords = database.prepare(
      'DELETE FROM answers WHERE at < ? AND position IN (SELECT position FROM answers ORDER BY position LIMIT ?)',
    );
    this.#pruneSessions = database.prepare(
      'DELETE FROM sessions WHERE (user_id, session_id) IN (SELECT user_id, session_id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?)',
    );
  }

  findIdempotencyRecord(userId: UserId, key: string): IdempotencyRecord | undefined {
    return plainRows<IdempotencyRecord>(this.#idempotencyRecord.all(userId, key))[0];
  }

  /** Runs inside the caller's unit of work. @returns whether there may be more */
  prune(recordsBefore: number, sessionsBefore: number, limit: number): boolean {
    const records = this.#pruneIdempotencyRecords.run(recordsBefore, limit).changes;
    const sessions = this.#pruneSessions.run(sessionsBefore, limit).changes;
    return Number(records) >= limit || Number(sessions) >= limit;
  }
}
