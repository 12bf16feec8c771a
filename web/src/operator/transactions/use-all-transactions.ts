import type { TransactionStatus } from '../../account/transaction-status.ts';
import { api } from '../../session/server.ts';
import { given, useSearch } from '../filters/use-search.ts';

const PAGE_SIZE = 25;

export interface TransactionFilters {
  readonly status: TransactionStatus | undefined;
  readonly user: string;
  readonly payee: string;
  readonly text?: string | undefined;
  readonly service?: string | undefined;
  readonly amount_min?: string | undefined;
  readonly amount_max?: string | undefined;
  readonly currency?: string | undefined;
  readonly from?: string;
  readonly to?: string;
}

/** Every user's matching transactions, the newest first. A page may hold few matches or none although more follow. */
export function useAllTransactions({ status, ...filters }: TransactionFilters) {
  const asked = { ...given(filters), ...(status === undefined ? {} : { status }) };
  return {
    asked,
    ...useSearch({
      queryKey: ['operator', 'transactions', asked],
      read: (next, signal) =>
        api('GET /v1/admin/transactions', { query: { limit: PAGE_SIZE, ...asked, ...next } }, { signal }),
      itemsOf: ({ transactions }) => transactions,
    }),
  };
}
