import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';

/** Reads a list page by page, in the server's order. `data` holds the items of every page read so far. */
export function useList<Page extends { readonly next_cursor: string | null }, Item>({
  queryKey,
  read,
  itemsOf,
  keepPrevious = false,
}: {
  readonly queryKey: readonly unknown[];
  readonly read: (next: { readonly cursor?: string }, signal: AbortSignal) => Promise<Page>;
  readonly itemsOf: (page: Page) => readonly Item[];
  /** Shows the previous list until the first page of a changed one arrives. */
  readonly keepPrevious?: boolean;
}) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === '' ? {} : { cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    select: ({ pages }) => pages.flatMap(itemsOf),
    ...(keepPrevious ? { placeholderData: keepPreviousData } : {}),
  });
}
