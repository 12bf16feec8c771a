import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';
import { plainRows } from './plain-rows.ts';

const COLUMNS =
  'user_id AS userId, transaction_id AS transactionId, status, amount, currency, payee, payer, challenge, service_id AS serviceId, requested_at AS requestedAt, expires_at AS expiresAt, decided_at AS decidedAt, decided_version AS decidedVersion, reason';

/** Reads the transactions that waited, or wait, for their users. */
export class TransactionRows {
  readonly #pending: StatementSync;
  readonly #one: StatementSync;
  readonly #ofService: StatementSync;
  readonly #listOfService: StatementSync;
  readonly #expired: StatementSync;

  constructor(database: DatabaseSync) {
    const select = `SELECT ${COLUMNS} FROM transactions`;
    this.#pending = database.prepare(
      `${select} WHERE user_id = ? AND status = 'pending' ORDER BY transaction_id`,
    );
    this.#one = database.prepare(`${select} WHERE user_id = ? AND transaction_id = ?`);
    this.#ofService = database.prepare(
      `${select} WHERE service_id <> '' AND service_id = ? AND transaction_id = ?`,
    );
    this.#listOfService = database.prepare(
      `${select} WHERE service_id <> '' AND service_id = ?1 AND transaction_id < ?2 AND (?3 = '' OR status = ?3) ORDER BY transaction_id DESC LIMIT ?4`,
    );
    this.#expired = database.prepare(
      `${select} WHERE status = 'pending' AND expires_at < ? ORDER BY expires_at LIMIT ?`,
    );
  }

  pending(userId: UserId): TransactionRow[] {
    return plainRows(this.#pending.all(userId));
  }

  find(userId: UserId, transactionId: string): TransactionRow | undefined {
    return plainRows<TransactionRow>(this.#one.all(userId, transactionId))[0];
  }

  findOfService(serviceId: string, transactionId: string): TransactionRow | undefined {
    return plainRows<TransactionRow>(this.#ofService.all(serviceId, transactionId))[0];
  }

  listOfService(
    serviceId: string,
    below: string,
    status: TransactionStatus | '',
    limit: number,
  ): TransactionRow[] {
    return plainRows(this.#listOfService.all(serviceId, below, status, limit));
  }

  expired(before: number, limit: number): TransactionRow[] {
    return plainRows(this.#expired.all(before, limit));
  }
}

export const INSERT_TRANSACTION =
  'INSERT INTO transactions (user_id, transaction_id, status, amount, currency, payee, payer, challenge, service_id, requested_at, expires_at, decided_at, decided_version, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

export function transactionValues(row: TransactionRow): SQLInputValue[] {
  return [
    row.userId,
    row.transactionId,
    row.status,
    row.amount,
    row.currency,
    row.payee,
    row.payer,
    row.challenge,
    row.serviceId,
    row.requestedAt,
    row.expiresAt,
    row.decidedAt,
    row.decidedVersion,
    row.reason,
  ];
}

/** Only what is pending is decided. */
export const DECIDE_TRANSACTION =
  "UPDATE transactions SET status = ?, decided_at = ?, decided_version = ?, reason = ? WHERE user_id = ? AND transaction_id = ? AND status = 'pending'";
