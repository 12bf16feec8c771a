import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';
import { TRANSACTIONS } from '../sql/columns.ts';
import type { DecidedTransactions } from './decided-transactions.ts';
import { plainRows, selectList } from './row-sql.ts';

/**
 * Reads requested transactions, with the decisions that the table does not have yet (decided-transactions.ts).
 *
 * Why: docs/DECISIONS.md#transactions-are-kept-in-order-of-request
 */
export class TransactionRows {
  readonly #decided: DecidedTransactions;
  readonly #pending: StatementSync;
  readonly #one: StatementSync;
  readonly #ofService: StatementSync;
  readonly #listOfService: StatementSync;
  readonly #expired: StatementSync;

  constructor(database: DatabaseSync, decided: DecidedTransactions) {
    this.#decided = decided;
    const select = `SELECT ${selectList(TRANSACTIONS)} FROM transactions`;
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
    const rows = plainRows<TransactionRow>(this.#pending.all(userId));
    if (rows.length === 0 || this.#decided.size === 0) return rows;
    return rows.filter((row) => this.#decided.correct(row).status === 'pending');
  }

  find(userId: UserId, transactionId: string): TransactionRow | undefined {
    return this.#only(this.#one.all(userId, transactionId));
  }

  findOfService(serviceId: string, transactionId: string): TransactionRow | undefined {
    return this.#only(this.#ofService.all(serviceId, transactionId));
  }

  listOfService(
    serviceId: string,
    below: string,
    status: TransactionStatus | '',
    limit: number,
  ): TransactionRow[] {
    const read = (count: number) =>
      plainRows<TransactionRow>(this.#listOfService.all(serviceId, below, status, count));
    const unwritten = this.#decided.size;
    if (unwritten === 0) return read(limit);
    const isAsked = (row: TransactionRow) => status === '' || row.status === status;
    const rows = read(limit + unwritten).map((row) => this.#decided.correct(row));
    // These are still pending in the table.
    const others = status === '' || status === 'pending' ? [] : this.#unwrittenOf(serviceId, below);
    return [...rows, ...others].filter(isAsked).sort(byIdDescending).slice(0, limit);
  }

  expired(before: number, limit: number): TransactionRow[] {
    const rows = plainRows<TransactionRow>(this.#expired.all(before, limit + this.#decided.size));
    return rows.filter((row) => this.#decided.correct(row).status === 'pending').slice(0, limit);
  }

  #unwrittenOf(serviceId: string, below: string): TransactionRow[] {
    return this.#decided
      .rows()
      .flatMap(({ userId, transactionId }) => this.find(userId, transactionId) ?? [])
      .filter((row) => row.serviceId === serviceId && row.transactionId < below);
  }

  #only(found: Parameters<typeof plainRows>[0]): TransactionRow | undefined {
    const [row] = plainRows<TransactionRow>(found);
    return row && this.#decided.correct(row);
  }
}

function byIdDescending(a: TransactionRow, b: TransactionRow): number {
  return a.transactionId < b.transactionId ? 1 : -1;
}
