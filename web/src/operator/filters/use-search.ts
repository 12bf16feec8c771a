import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { useList } from '../../session/use-list.ts';

interface SearchedPage {
  readonly next_cursor: string | null;
  readonly searched_to?: string | undefined;
}

/** A list that is searched for, and how far back the search has come. */
export function useSearch<Page extends SearchedPage, Item>(options: {
  readonly queryKey: readonly unknown[];
  readonly read: (next: { readonly cursor?: string }, signal: AbortSignal) => Promise<Page>;
  readonly itemsOf: (page: Page) => readonly Item[];
}) {
  const client = useQueryClient();
  const query = useList({ ...options, keepPrevious: true });
  const pages = client.getQueryData<InfiniteData<Page>>(options.queryKey)?.pages;
  return { query, searchedTo: pages?.at(-1)?.searched_to };
}

/** The filters that are set, in the order of their names. */
export function given<Filters extends Readonly<Record<string, string | undefined>>>(
  filters: Filters,
): { [Name in keyof Filters]?: string } {
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [Name in keyof Filters]?: string };
}
