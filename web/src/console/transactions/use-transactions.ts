import type { TransactionStatus } from '../../account/transaction-status.ts';
import { api } from '../../session/server.ts';
import { useList } from '../../session/use-list.ts';

const PAGE_SIZE = 20;

/** The user's transactions page by page, the newest first. */
export function useTransactions(status?: TransactionStatus, limit = PAGE_SIZE) {
  return useList({
    queryKey: ['transactions', status ?? 'all', limit],
    read: (next, signal) =>
      api(
        'GET /v1/transactions',
        { query: { limit, ...(status === undefined ? {} : { status }), ...next } },
        { signal },
      ),
    itemsOf: ({ transactions }) => transactions,
  });
}
