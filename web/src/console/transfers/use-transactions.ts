import { useInfiniteQuery } from '@tanstack/react-query';
import type { Transaction } from '../../api/operations.ts';
import { api } from '../../session/server.ts';

export type Status = Transaction['status'];

const PAGE_SIZE = 20;

/** The person's transfers by pages, the newest first. */
export function useTransactions(status?: Status, limit = PAGE_SIZE) {
  return useInfiniteQuery({
    queryKey: ['transactions', status ?? 'all', limit],
    queryFn: ({ pageParam, signal }) =>
      api(
        'GET /v1/transactions',
        {
          query: {
            limit,
            ...(status === undefined ? {} : { status }),
            ...(pageParam === '' ? {} : { cursor: pageParam }),
          },
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ transactions }) => transactions),
  });
}
