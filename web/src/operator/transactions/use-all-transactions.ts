import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { Transaction } from '../../api/operations.ts';
import { api } from '../../session/server.ts';

export const STATUSES = [
  'pending',
  'approved',
  'refused',
  'expired',
  'cancelled',
] as const satisfies readonly Transaction['status'][];

const PAGE_SIZE = 25;

export interface TransactionFilters {
  readonly status: Transaction['status'] | undefined;
  readonly user: string;
  readonly payee: string;
}

/** Everybody's transfers that fit, the newest first. A page may come short, even empty, and there is more. */
export function useAllTransactions({ status, user, payee }: TransactionFilters) {
  return useInfiniteQuery({
    queryKey: ['operator', 'transactions', status ?? '', user, payee],
    queryFn: ({ pageParam, signal }) =>
      api(
        'GET /v1/admin/transactions',
        {
          query: {
            limit: PAGE_SIZE,
            ...(status === undefined ? {} : { status }),
            ...(user === '' ? {} : { user }),
            ...(payee === '' ? {} : { payee }),
            ...(pageParam === '' ? {} : { cursor: pageParam }),
          },
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ transactions }) => transactions),
    placeholderData: keepPreviousData,
  });
}
