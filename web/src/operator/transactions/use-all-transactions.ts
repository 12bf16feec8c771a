import type { TransactionStatus } from '../../account/transaction-status.ts';
import { api } from '../../session/server.ts';
import { useList } from '../../session/use-list.ts';

const PAGE_SIZE = 25;

export interface TransactionFilters {
  readonly status: TransactionStatus | undefined;
  readonly user: string;
  readonly payee: string;
}

/** Every user's matching transactions, the newest first. A page may hold few matches or none although more follow. */
export function useAllTransactions({ status, user, payee }: TransactionFilters) {
  return useList({
    queryKey: ['operator', 'transactions', status ?? '', user, payee],
    read: (next, signal) =>
      api(
        'GET /v1/admin/transactions',
        {
          query: {
            limit: PAGE_SIZE,
            ...(status === undefined ? {} : { status }),
            ...(user === '' ? {} : { user }),
            ...(payee === '' ? {} : { payee }),
            ...next,
          },
        },
        { signal },
      ),
    itemsOf: ({ transactions }) => transactions,
    keepPrevious: true,
  });
}
