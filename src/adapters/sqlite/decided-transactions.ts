import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Entry, SideRow, TransactionRow, UserId } from '../../ports/store.ts';

type Decided = Extract<SideRow, { readonly kind: 'transaction.update' }>;
type FoundInJournal = readonly [
  userId: UserId,
  transactionId: string,
  decidedVersion: number,
  decidedAt: number,
  status: Decided['status'],
  reason: string,
];

/** This many updates are written together, in the order of the requests, so that many share a page. */
const WRITTEN_TOGETHER = 256;

/**
 * Write-behind updates of decided transactions. Transactions that are decided together lie on different pages, and three
 * such pages a decision would be most of its commit. The entry holds all that the row will. Until the row is written,
 * reads of the table are corrected from memory; after a crash, from the journal.
 *
 * `decide` and `write` run inside the caller's unit of work; the caller then calls `settle` after a commit, else `revert`.
 *
 * Why: docs/DECISIONS.md#decided-transactions-are-written-behind
 */
export class DecidedTransactions {
  readonly #isPending: StatementSync;
  readonly #update: StatementSync;
  readonly #inJournal: StatementSync;
  readonly #unwritten = new Map<string, Decided>();
  readonly #staged: Decided[] = [];
  #isWritten = false;

  constructor(database: DatabaseSync) {
    const one = "user_id = ? AND transaction_id = ? AND status = 'pending'";
    this.#isPending = database.prepare(`SELECT 1 FROM transactions WHERE ${one}`);
    this.#update = database.prepare(
      `UPDATE transactions SET status = ?, decided_at = ?, decided_version = ?, reason = ? WHERE ${one}`,
    );
    // CROSS JOIN fixes the order: entries first, and only bodies of users with a pending transaction are parsed.
    this.#inJournal = database.prepare(
      `SELECT j.user_id, t.transaction_id, j.version, j.at, substr(j.type, 13), coalesce(j.body ->> '$.reason', '')
      FROM journal AS j CROSS JOIN transactions AS t
      WHERE j.position > ? AND j.type IN ('transaction.approved', 'transaction.refused', 'transaction.expired', 'transaction.cancelled')
        AND t.status = 'pending' AND t.user_id = j.user_id AND t.transaction_id = j.body ->> '$.transaction.id'`,
      { returnArrays: true },
    );
  }

  /** How many updates the table does not have yet. */
  get size(): number {
    return this.#unwritten.size;
  }

  /** The updates that the table does not have yet. */
  rows(): readonly Decided[] {
    return [...this.#unwritten.values()];
  }

  /** How many transactions the caller's unit of work has decided so far. */
  get staged(): number {
    return this.#staged.length;
  }

  /** Reads the decisions after a journal position up to which the table is complete. */
  complete(position: number): void {
    for (const found of this.#inJournal.all(position) as unknown as readonly FoundInJournal[]) {
      const [userId, transactionId, decidedVersion, decidedAt, status, reason] = found;
      const row: Decided = {
        ...{ kind: 'transaction.update', userId, transactionId, status, decidedAt, decidedVersion, reason },
      };
      this.#unwritten.set(idOf(row), row);
    }
  }

  /**
   * Decides a transaction. The row is written later when the entry holds all of it, else at once.
   * @throws when there is no such pending transaction
   */
  decide(row: Decided, entry: Entry): void {
    const { userId, transactionId } = row;
    if (this.#unwritten.has(idOf(row))) throw new Error(NOT_THERE);
    const isInEntry = holdsAll(entry, row);
    const waits = isInEntry
      ? this.#isPending.get(userId, transactionId) !== undefined
      : this.#write(row) === 1;
    if (!waits) throw new Error(NOT_THERE);
    if (isInEntry) this.#staged.push(row);
  }

  /** Keeps the first `count` decisions of this unit of work and drops the rest. */
  unstage(count: number): void {
    this.#staged.length = count;
  }

  /** Writes the updates once there are enough of them. */
  writeMany(): void {
    if (this.#unwritten.size + this.#staged.length >= WRITTEN_TOGETHER) this.write();
  }

  /** Writes all updates. At most once in a unit of work, after its decisions. */
  write(): void {
    if (this.#isWritten) return;
    const rows = [...this.#unwritten.values(), ...this.#staged];
    rows.sort((a, b) => (a.transactionId < b.transactionId ? -1 : 1));
    for (const row of rows) this.#write(row);
    this.#isWritten = true;
  }

  settle(): void {
    if (this.#isWritten) this.#unwritten.clear();
    else for (const row of this.#staged) this.#unwritten.set(idOf(row), row);
    this.revert();
  }

  revert(): void {
    this.#staged.length = 0;
    this.#isWritten = false;
  }

  /** The row with its decision, whether or not the table has it already. */
  correct(row: TransactionRow): TransactionRow {
    const decided = this.#unwritten.get(idOf(row));
    if (!decided) return row;
    const { status, decidedAt, decidedVersion, reason } = decided;
    return { ...row, status, decidedAt, decidedVersion, reason };
  }

  #write({ status, decidedAt, decidedVersion, reason, userId, transactionId }: Decided): number {
    const { changes } = this.#update.run(status, decidedAt, decidedVersion, reason, userId, transactionId);
    return Number(changes);
  }
}

const NOT_THERE = 'a decision changes a row that is not there';

/** Whether `complete` can restore the row from this entry. */
function holdsAll({ type, at, version, body }: Entry, row: Decided): boolean {
  return (
    type === `transaction.${row.status}` &&
    row.decidedAt === at &&
    row.decidedVersion === version &&
    body.includes(`"id":"${row.transactionId}"`)
  );
}

function idOf({
  userId,
  transactionId,
}: {
  readonly userId: UserId;
  readonly transactionId: string;
}): string {
  return `${userId}/${transactionId}`;
}
