import type { RecordedBody } from '../../domain/journal/entry.ts';
import { compareAmounts } from '../../domain/search/amount-range.ts';
import type { EntryFilter } from '../../domain/search/entry-filter.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { TransactionStatus, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { assertIntact } from '../journal/intact-entry.ts';
import { findTransaction, listServiceTransactions } from '../transactions/find-transactions.ts';
import { type TransactionView, viewOfEntry, viewOfRow } from '../transactions/transaction-view.ts';
import { type FoundPage, findEntries, type SearchOrder } from './find-entries.ts';

/** An expired transaction is recorded as such within this time. */
const EXPIRED_WITHIN_MS = 600_000;

export type FoundTransaction = TransactionView & { readonly username: string };

/** What transactions are looked for. Times are those of the entry that lists them: the decision, or the request while they wait. */
export type TransactionFilter = Pick<
  EntryFilter,
  'userId' | 'from' | 'to' | 'payee' | 'text' | 'amountMin' | 'amountMax' | 'currency'
> & { readonly status?: TransactionStatus };

export interface TransactionSearch {
  readonly filter: TransactionFilter;
  readonly order: SearchOrder;
  /** A position, as `findEntries` gives it. */
  readonly cursor: number | undefined;
  readonly limit: number;
  readonly timeMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Searches transactions. Each is listed once, at the entry that decided it, or at its request while it is pending.
 * @throws ContradictedRow when what would be listed is not what the journal's hashes cover
 */
export function searchTransactions(
  context: Context,
  { filter: { status, ...filter }, ...search }: TransactionSearch,
): Promise<FoundPage<FoundTransaction>> {
  const { decider, settings, store } = context;
  const oldestPending = decider.now() - settings.keys.challengeTtlMs - EXPIRED_WITHIN_MS;
  const isPendingOnly = status === 'pending';
  const type = isPendingOnly ? 'requested' : (status ?? '*');
  return findEntries(store, {
    ...search,
    filter: {
      ...filter,
      types: [`transaction.${type}`],
      ...(isPendingOnly ? { from: Math.max(oldestPending, filter.from ?? 0) } : {}),
    },
    take: async (entry, { user }: RecordedBody) => {
      const listed = await listedAt(context, entry, oldestPending);
      return listed && { ...listed, username: user };
    },
  });
}

/** The transaction that is listed at this entry, if one is. */
async function listedAt(
  context: Context,
  entry: JournalEntry,
  oldestPending: number,
): Promise<TransactionView | undefined> {
  const view = entry.body === '' ? undefined : viewOfEntry(entry);
  if (!view) return undefined;
  if (view.status !== 'pending') {
    await assertIntact(context, entry);
    return view;
  }
  // A request is listed only while the transaction is pending, which an older one is not.
  if (entry.at < oldestPending) return undefined;
  const now = await findTransaction(context, view.userId, view.id);
  return now?.status === 'pending' ? now : undefined;
}

export interface ServiceTransactionPage {
  readonly found: readonly FoundTransaction[];
  /** The id that the page ended with; undefined: everything was searched. */
  readonly next: string | undefined;
  readonly reachedAt: number | undefined;
}

/** Rows read for one page, so that a rare match does not read all that a service asked for. */
const ROWS_MAX = 1_024;
const ROWS_PER_READ = 128;

/** The same of what one service asked for, newest request first. Times are those of the request. */
export async function searchServiceTransactions(
  context: Context,
  {
    serviceId,
    filter,
    below,
    limit,
  }: {
    readonly serviceId: string;
    readonly filter: Omit<TransactionFilter, 'text'>;
    readonly below: string | undefined;
    readonly limit: number;
  },
): Promise<ServiceTransactionPage> {
  const { status } = filter;
  const found: FoundTransaction[] = [];
  let [next, reachedAt] = [below, undefined as number | undefined];
  for (let read = 0; read < ROWS_MAX; read += ROWS_PER_READ) {
    const rows = await listServiceTransactions(context, {
      ...{ serviceId, limit: ROWS_PER_READ },
      ...(next === undefined ? {} : { below: next }),
      ...(status === undefined ? {} : { status }),
    });
    const users = await context.store.load(
      [...new Set(rows.map(({ userId }) => userId))],
      Number.MAX_SAFE_INTEGER,
    );
    const names = new Map<UserId, string>();
    for (const user of users) if (user) names.set(user.userId, user.username);
    for (const row of rows) {
      next = row.transactionId;
      reachedAt = row.requestedAt;
      const view = viewOfRow(row);
      if (!isAsked(filter, view)) continue;
      found.push({ ...view, username: names.get(view.userId) ?? '' });
      if (found.length === limit) return { found, next, reachedAt };
    }
    if (rows.length < ROWS_PER_READ) return { found, next: undefined, reachedAt };
  }
  return { found, next, reachedAt };
}

function isAsked(
  { userId, from, to, payee, amountMin, amountMax, currency }: TransactionFilter,
  view: TransactionView,
): boolean {
  return (
    (userId === undefined || userId === view.userId) &&
    (from === undefined || view.requestedAt >= from) &&
    (to === undefined || view.requestedAt < to) &&
    (payee === undefined || view.payee.includes(payee)) &&
    (amountMin === undefined || compareAmounts(view.amount, amountMin) >= 0) &&
    (amountMax === undefined || compareAmounts(view.amount, amountMax) <= 0) &&
    (currency === undefined || view.currency === currency)
  );
}
