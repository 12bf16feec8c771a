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

/** So many are written together, in the order in which they were asked for: then many share a page. */
const WRITTEN_TOGETHER = 256;

/**
 * What became of transactions, written behind the journal: rows of transactions that are decided together stand on pages
 * of their own, and three such pages a decision would be most of its commit. The entry says all that the row will; until
 * it is written, what is read of the table is corrected from memory, and after a crash from the journal.
 *
 * `decide` and `write` run inside the caller's unit of work; `settle` or `revert` follow its end.
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
    // CROSS JOIN: entries first, and of those only the ones about users with something that waits are looked into.
    this.#inJournal = database.prepare(
      `SELECT j.user_id, t.transaction_id, j.version, j.at, substr(j.type, 13), coalesce(j.body ->> '$.reason', '')
      FROM journal AS j CROSS JOIN transactions AS t
      WHERE j.position > ? AND j.type IN ('transaction.approved', 'transaction.refused', 'transaction.expired', 'transaction.cancelled')
        AND t.status = 'pending' AND t.user_id = j.user_id AND t.transaction_id = j.body ->> '$.transaction.id'`,
      { returnArrays: true },
    );
  }

  /** How many the table does not have yet. */
  get size(): number {
    return this.#unwritten.size;
  }

  /** Those. */
  rows(): readonly Decided[] {
    return [...this.#unwritten.values()];
  }

  /** How many the caller's unit of work decides so far. */
  get staged(): number {
    return this.#staged.length;
  }

  /** Takes in what the journal says of transactions beyond a position up to which the table is complete. */
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
   * Decides a transaction: behind the journal where the entry tells of it, else at once.
   * @throws when there is no such transaction that waits
   */
  decide(row: Decided, entry: Entry): void {
    const { userId, transactionId } = row;
    if (this.#unwritten.has(idOf(row))) throw new Error(NOT_THERE);
    const told = isTold(row, entry);
    const waits = told ? this.#isPending.get(userId, transactionId) !== undefined : this.#write(row) === 1;
    if (!waits) throw new Error(NOT_THERE);
    if (told) this.#staged.push(row);
  }

  /** Takes back those beyond the first `count` of this unit of work. */
  unstage(count: number): void {
    this.#staged.length = count;
  }

  /** Writes those of earlier units of work and of this one, where they are enough. */
  writeMany(): void {
    if (this.#unwritten.size + this.#staged.length >= WRITTEN_TOGETHER) this.write();
  }

  /** Writes them all, once in a unit of work: after its decisions. */
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

  /** The row as it is, whatever the table has. */
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

/** Whether `complete` finds it in the journal. */
function isTold(row: Decided, { type, at, version, body }: Entry): boolean {
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
