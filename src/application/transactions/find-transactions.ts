import { setImmediate } from 'node:timers/promises';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { Store, TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { assertFollows, bodyElsewhere, isIntact } from '../journal/intact-entry.ts';
import { readChecked } from './recorded-transaction.ts';
import { type TransactionView, timeOfId, viewOfEntry, viewOfRow } from './transaction-view.ts';

/**
 * Finds one of the user's transactions: one that waits or waited, or one that was decided at once.
 * @throws ContradictedRow when the row or the entry is not what the journal's hashes cover
 * @throws StoreUnavailable where an entry that may be it is in a file of the archive that is not here
 *
 * Why: docs/DECISIONS.md#no-query-folder
 */
export async function findTransaction(
  context: Context,
  userId: UserId,
  id: string,
): Promise<TransactionView | undefined> {
  const at = timeOfId(id);
  if (at === undefined) return undefined;
  const { store } = context;
  const row = await readChecked(context, () => store.findTransaction({ userId, transactionId: id }));
  if (row) return viewOfRow(row);
  const entries = await store.findEntriesAt(userId, at);
  for (const entry of entries) {
    const view = viewOfEntry(entry);
    if (view?.id === id) return decidedView(context, entry, view, entry.previous);
  }
  if (entries.some(({ type, body }) => body === '' && type.startsWith('transaction.'))) throw bodyElsewhere();
  return undefined;
}

/** Finds a transaction that the service requested. @throws ContradictedRow */
export async function findServiceTransaction(
  context: Context,
  serviceId: string,
  id: string,
): Promise<TransactionView | undefined> {
  const key = { serviceId, transactionId: id };
  const row = await readChecked(context, () => context.store.findServiceTransaction(key));
  return row && viewOfRow(row);
}

/** Lists the transactions that the service requested, newest first. @throws ContradictedRow */
export async function listServiceTransactions(
  context: Context,
  page: Parameters<Store['listServiceTransactions']>[0],
): Promise<readonly TransactionRow[]> {
  const rows: TransactionRow[] = [];
  for (const row of await context.store.listServiceTransactions(page)) {
    const { userId, transactionId } = row;
    let first: TransactionRow | undefined = row;
    const read = async () => {
      const known = first;
      first = undefined;
      return known ?? (await context.store.findTransaction({ userId, transactionId }));
    };
    rows.push((await readChecked(context, read)) ?? row);
    // A store in this process reads synchronously: let other work run between two checks.
    await setImmediate();
  }
  return rows;
}

/** The view of an entry that decided a transaction, once its hash was checked. @throws ContradictedRow */
function decidedView(
  { contradictions }: Context,
  entry: JournalEntry,
  view: TransactionView,
  previous: string,
): TransactionView {
  const where = `entry ${entry.version} of user ${entry.userId}`;
  if (!isIntact(entry, previous)) throw contradictions.found(`${where} is not what its hash covers`);
  if (view.status === 'pending')
    throw contradictions.found(`${where} requests a transaction that has no row`);
  return view;
}

export interface TransactionPage {
  readonly transactions: readonly TransactionView[];
  /** `below` of the next page, where there is one. */
  readonly next?: number;
}

const ENTRIES_PER_READ = 256;
/** A page ends here even if it is short, when few entries are of the status asked for. */
const ENTRIES_PER_PAGE_MAX = 4_096;

/**
 * Lists a user's transactions, newest first, from the journal's entries below version `page.below`: each as its latest
 * entry left it.
 * @throws ContradictedRow when an entry or a row is not what the journal's hashes cover
 */
export async function listTransactions(
  context: Context,
  userId: UserId,
  page: {
    readonly below: number;
    readonly limit: number;
    readonly status?: TransactionStatus;
    /** Any part of the payee's account. */
    readonly payee?: string;
  },
): Promise<TransactionPage> {
  const { store } = context;
  const transactions: TransactionView[] = [];
  let below = page.below;
  for (let read = 0; read < ENTRIES_PER_PAGE_MAX; read += ENTRIES_PER_READ) {
    // A store in this process reads synchronously: let other work run between two reads.
    if (read > 0) await setImmediate();
    // One more than is looked at: the hash of each covers that of the one before.
    const entries = await store.readUserJournal(userId, { below, limit: ENTRIES_PER_READ + 1 });
    for (const [index, entry] of entries.slice(0, ENTRIES_PER_READ).entries()) {
      below = entry.version;
      assertFollows(context, entry, entries[index + 1]);
      const view = viewOfEntry(entry);
      if (!view || (page.status && view.status !== page.status)) continue;
      if (page.payee !== undefined && !view.payee.includes(page.payee)) continue;
      if (view.status === 'pending') {
        const found = await findTransaction(context, userId, view.id);
        // One that has been decided is listed by the entry that decided it.
        if (found?.status !== 'pending') continue;
        transactions.push(found);
      } else {
        transactions.push(view);
      }
      if (transactions.length === page.limit)
        return below > 1 ? { transactions, next: below } : { transactions };
    }
    if (entries.length <= ENTRIES_PER_READ) return { transactions };
  }
  return { transactions, next: below };
}
