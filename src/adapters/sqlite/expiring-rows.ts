import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IdempotencyRecord, UserId } from '../../ports/store.ts';
import { plainRows } from './row-sql.ts';

/** Answers to idempotency keys, and the end of those and of sessions. */
export class ExpiringRows {
  readonly #answer: StatementSync;
  readonly #pruneAnswers: StatementSync;
  readonly #pruneSessions: StatementSync;

  constructor(database: DatabaseSync) {
    this.#answer = database.prepare('SELECT digest, answer, at FROM answers WHERE user_id = ? AND key = ?');
    // Answers are appended in order of time, so those that ended stand first: no index, and no scan of the rest.
    this.#pruneAnswers = database.prepare(
      'DELETE FROM answers WHERE at < ? AND position IN (SELECT position FROM answers ORDER BY position LIMIT ?)',
    );
    this.#pruneSessions = database.prepare(
      'DELETE FROM sessions WHERE (user_id, session_id) IN (SELECT user_id, session_id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?)',
    );
  }

  findAnswer(userId: UserId, key: string): IdempotencyRecord | undefined {
    return plainRows<IdempotencyRecord>(this.#answer.all(userId, key))[0];
  }

  /** Inside the caller's unit of work. @returns whether there may be more */
  prune(answersBefore: number, sessionsBefore: number, limit: number): boolean {
    const answers = this.#pruneAnswers.run(answersBefore, limit).changes;
    const sessions = this.#pruneSessions.run(sessionsBefore, limit).changes;
    return Number(answers) >= limit || Number(sessions) >= limit;
  }
}
