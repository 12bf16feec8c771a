import { setImmediate } from 'node:timers/promises';
import type { TransactionStatus, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type TransactionView, timeOfId, viewOfEntry, viewOfRow } from './transaction-view.ts';

/**
 * Finds one of the user's transactions: one that waits or waited, or one that was decided at once.
 *
 * Why: docs/DECISIONS.md#no-query-folder
 */
export async function findTransaction(
  { store }: Context,
  userId: UserId,
  id: string,
): Promise<TransactionView | undefined> {
  const at = timeOfId(id);
  if (at === undefined) return undefined;
  const row = await store.findTransaction({ userId, transactionId: id });
  if (row) return viewOfRow(row);
  for (const entry of await store.findEntriesAt(userId, at)) {
    const view = viewOfEntry(entry);
    if (view?.id === id) return view;
  }
  return undefined;
}

/** Finds a transaction that the service requested. */
export async function findServiceTransaction(
  { store }: Context,
  serviceId: string,
  id: string,
): Promise<TransactionView | undefined> {
  const row = await store.findServiceTransaction({ serviceId, transactionId: id });
  return row && viewOfRow(row);
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
 */
export async function listTransactions(
  { store }: Context,
  userId: UserId,
  page: {
    readonly below: number;
    readonly limit: number;
    readonly status?: TransactionStatus;
    /** Any part of the payee's account. */
    readonly payee?: string;
  },
): Promise<TransactionPage> {
  const transactions: TransactionView[] = [];
  let below = page.below;
  for (let read = 0; read < ENTRIES_PER_PAGE_MAX; read += ENTRIES_PER_READ) {
    // A store in this process reads synchronously: let other work run between two reads.
    if (read > 0) await setImmediate();
    const entries = await store.readUserJournal(userId, { below, limit: ENTRIES_PER_READ });
    for (const entry of entries) {
      below = entry.version;
      const view = viewOfEntry(entry);
      if (!view || (page.status && view.status !== page.status)) continue;
      if (page.payee !== undefined && !view.payee.includes(page.payee)) continue;
      if (view.status === 'pending') {
        // One that has been decided is listed by the entry that decided it.
        const row = await store.findTransaction({ userId, transactionId: view.id });
        if (row?.status !== 'pending') continue;
        transactions.push(viewOfRow(row));
      } else {
        transactions.push(view);
      }
      if (transactions.length === page.limit)
        return below > 1 ? { transactions, next: below } : { transactions };
    }
    if (entries.length < ENTRIES_PER_READ) return { transactions };
  }
  return { transactions, next: below };
}
