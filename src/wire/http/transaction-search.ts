import Type, { type Static, type TObject, type TProperties } from 'typebox';
import type { FoundPage, SearchOrder } from '../../application/search/find-entries.ts';
import {
  type FoundTransaction,
  searchServiceTransactions,
  searchTransactions,
  type TransactionFilter,
} from '../../application/search/search-transactions.ts';
import type { RequestedBy } from '../../application/transactions/requested-by.ts';
import { isRefusal } from '../../domain/errors.ts';
import type { HttpDependencies } from './dependencies.ts';
import { ENTRY_FILTERS, entryFilterOf } from './entry-search.ts';
import { closed, named, Username } from './schema.ts';
import { Status, Transaction, transactionView } from './transaction-view.ts';

export const FoundView = named('UserTransaction', closed({ ...Transaction.properties, user: Username }));

export function foundView(found: FoundTransaction, requestedBy?: RequestedBy) {
  const { challenge: _, ...view } = transactionView(found, { requestedBy });
  return { ...view, user: found.username };
}

/** The filters by which transactions are searched. */
export const TRANSACTION_FILTERS = {
  status: Type.Optional(Status),
  user: ENTRY_FILTERS.user,
  payee: ENTRY_FILTERS.payee,
  text: ENTRY_FILTERS.text,
  amount_min: ENTRY_FILTERS.amount_min,
  amount_max: ENTRY_FILTERS.amount_max,
  currency: ENTRY_FILTERS.currency,
  service: Type.Optional({
    ...ENTRY_FILTERS.service,
    description:
      'That this service asked for: its id. In the order of their requests, the newest first, and times are those of the requests; not together with `text` or the oldest first.',
  }),
  from: ENTRY_FILTERS.from,
  to: ENTRY_FILTERS.to,
} satisfies TProperties;

export type TransactionFilters = Static<TObject<typeof TRANSACTION_FILTERS>>;

export interface TransactionRequest {
  readonly filter: TransactionFilter;
  readonly serviceId: string | undefined;
}

/** Reads the filters of a request. @returns undefined where nobody has the user's name: there is nothing to find */
export async function transactionSearchOf(
  dependencies: HttpDependencies,
  { status, service, ...filters }: TransactionFilters,
): Promise<TransactionRequest | undefined> {
  const filter = await entryFilterOf(dependencies, filters);
  if (isRefusal(filter)) return undefined;
  return { filter: { ...filter, ...(status === undefined ? {} : { status }) }, serviceId: service };
}

export type TransactionPage = Omit<FoundPage<FoundTransaction>, 'next'> & {
  readonly next: string | undefined;
};

export async function searchTransactionPage(
  { context }: HttpDependencies,
  request: TransactionRequest | undefined,
  page: {
    readonly order: SearchOrder;
    readonly limit: number;
    readonly sortKey: string | undefined;
    readonly timeMs?: number;
    readonly signal?: AbortSignal;
  },
): Promise<TransactionPage> {
  if (!request) return { found: [], next: undefined, reachedAt: undefined, indexedTo: 0 };
  const { filter, serviceId } = request;
  const { sortKey, ...rest } = page;
  if (serviceId !== undefined) {
    const found = await searchServiceTransactions(context, {
      ...{ serviceId, filter, below: sortKey, limit: page.limit },
    });
    return { ...found, indexedTo: 0 };
  }
  const cursor = sortKey === undefined ? undefined : Number(sortKey);
  const { next, ...found } = await searchTransactions(context, { ...rest, filter, cursor });
  return { ...found, next: next === undefined ? undefined : `${next}` };
}
