import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Decision, Entry, SideRow } from '../../ports/store.ts';
import { storedSession } from '../sql/stored-session.ts';
import type { DecidedTransactions } from './decided-transactions.ts';
import { isTaken } from './errors.ts';
import { ServiceRows } from './service-rows.ts';
import { INSERT_TRANSACTION, transactionValues } from './transaction-rows.ts';

/** Writes the rows that belong to a decision, inside the caller's unit of work. */
export class SideRows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #services: ServiceRows;
  readonly #decided: DecidedTransactions;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollback: StatementSync;

  constructor(database: DatabaseSync, decided: DecidedTransactions) {
    this.#database = database;
    this.#decided = decided;
    this.#services = new ServiceRows(database);
    this.#savepoint = database.prepare('SAVEPOINT decision');
    this.#release = database.prepare('RELEASE decision');
    this.#rollback = database.prepare('ROLLBACK TO decision');
  }

  /** @returns false when one of them is taken: then none is written */
  write({ rows, entry }: Decision): boolean {
    const [only] = rows;
    // A statement that fails undoes itself.
    if (rows.length === 1 && only && !only.kind.startsWith('service.'))
      return this.#writeOrTaken(only, entry);
    const { staged } = this.#decided;
    this.#savepoint.run();
    const written = rows.every((row) => this.#writeOrTaken(row, entry));
    if (!written) {
      this.#rollback.run();
      this.#decided.unstage(staged);
    }
    this.#release.run();
    return written;
  }

  #writeOrTaken(row: SideRow, entry: Entry): boolean {
    try {
      this.#write(row, entry);
      return true;
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  }

  #write(row: SideRow, entry: Entry): void {
    switch (row.kind) {
      case 'user.insert':
        this.#run(
          'INSERT INTO users (user_id, username, password_hash, mac_key, role, disabled, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
          [
            row.userId,
            row.username,
            row.passwordHash,
            row.macKey,
            row.role,
            row.disabled ? 1 : 0,
            row.createdAt,
          ],
        );
        break;
      case 'user.update':
        this.#update(
          'UPDATE users SET password_hash = coalesce(?, password_hash), mac_key = coalesce(?, mac_key), role = coalesce(?, role), disabled = coalesce(?, disabled) WHERE user_id = ?',
          [
            row.passwordHash ?? null,
            row.macKey ?? null,
            row.role ?? null,
            row.disabled === undefined ? null : row.disabled ? 1 : 0,
            row.userId,
          ],
        );
        break;
      case 'token.insert': {
        const { token } = row;
        this.#run(
          'INSERT INTO tokens (user_id, token_id, type, status, algorithm, digits, period_s, suite, label, seed, activation_question, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
          [
            token.userId,
            token.tokenId,
            token.type,
            token.status,
            token.algorithm,
            token.digits,
            token.periodS,
            token.suite,
            token.label,
            token.seed,
            token.activationQuestion,
            token.createdAt,
          ],
        );
        break;
      }
      case 'token.update':
        // A question is only for a token that waits for its first code.
        this.#update(
          "UPDATE tokens SET status = ?1, activation_question = iif(?1 = 'pending', activation_question, '') WHERE user_id = ?2 AND token_id = ?3",
          [row.status, row.userId, row.tokenId],
        );
        break;
      case 'session.insert': {
        const session = storedSession(row.session);
        this.#run(
          'INSERT INTO sessions (user_id, session_id, kind, label, token_id, proof, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
          [
            session.userId,
            session.sessionId,
            session.kind,
            session.label,
            session.tokenId,
            session.proof,
            session.createdAt,
            session.expiresAt,
          ],
        );
        break;
      }
      case 'session.delete':
        this.#run('DELETE FROM sessions WHERE user_id = ? AND session_id = ?', [row.userId, row.sessionId]);
        break;
      case 'session.delete_all':
        this.#run('DELETE FROM sessions WHERE user_id = ?', [row.userId]);
        break;
      case 'passkey.insert': {
        const { passkey } = row;
        this.#run(
          'INSERT INTO passkeys (user_id, credential_id, public_key, sign_count, label, created_at) VALUES (?, ?, ?, ?, ?, ?)',
          [
            passkey.userId,
            passkey.credentialId,
            passkey.publicKey,
            passkey.signCount,
            passkey.label,
            passkey.createdAt,
          ],
        );
        break;
      }
      case 'passkey.update':
        this.#update('UPDATE passkeys SET sign_count = ? WHERE user_id = ? AND credential_id = ?', [
          row.signCount,
          row.userId,
          row.credentialId,
        ]);
        break;
      case 'passkey.delete':
        this.#run('DELETE FROM passkeys WHERE user_id = ? AND credential_id = ?', [
          row.userId,
          row.credentialId,
        ]);
        break;
      case 'transaction.insert':
        this.#run(INSERT_TRANSACTION, transactionValues(row.transaction));
        break;
      case 'transaction.update':
        this.#decided.decide(row, entry);
        break;
      case 'service.insert':
        this.#services.insert(row.service);
        break;
      case 'service.update':
        this.#services.update(row.service);
        break;
      case 'idempotency.insert':
        this.#run('INSERT INTO answers (user_id, key, digest, answer, at) VALUES (?, ?, ?, ?, ?)', [
          row.userId,
          row.key,
          row.digest,
          row.answer,
          row.at,
        ]);
        break;
    }
  }

  #run(sql: string, values: readonly SQLInputValue[]): number {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return Number(statement.run(...values).changes);
  }

  #update(sql: string, values: readonly SQLInputValue[]): void {
    if (this.#run(sql, values) !== 1) throw new Error('a decision changes a row that is not there');
  }
}
