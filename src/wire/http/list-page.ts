import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Cursors } from './cursor.ts';

export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** The next page's cursor; null on the last page. */
  readonly next: string | null;
}

/**
 * A page of a list that is in memory as a whole, in ascending order of `sortKeyOf`. Items that come or go between two
 * pages do not shift the others.
 * @param list the list's name and its caller, for the cursor
 * @param sortKeyOf printable ASCII, unique in the list and constant for an item
 * @throws VaultUnavailable
 */
export async function pageOf<Item>(
  cursors: Cursors,
  list: readonly string[],
  items: readonly Item[],
  query: { readonly limit?: number; readonly cursor?: string },
  sortKeyOf: (item: Item) => string,
): Promise<ListPage<Item> | Refusal> {
  const after = await cursors.read(list, query.cursor);
  if (isRefusal(after)) return after;
  const { limit = LIMITS.pageSize } = query;
  const left = items
    .map((item) => ({ item, sortKey: sortKeyOf(item) }))
    .filter(({ sortKey }) => after === undefined || sortKey > after)
    .sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
  const page = left.slice(0, limit);
  const last = page.at(-1);
  const next = left.length > limit && last ? await cursors.write(list, last.sortKey) : null;
  return { items: page.map(({ item }) => item), next };
}

const TIME_DIGITS = 16;

/** A sort key that sorts the oldest item first. @param at ms since 1970 */
export function oldestFirst(at: number, id: string): string {
  return `${String(at).padStart(TIME_DIGITS, '0')}/${id}`;
}

/** A sort key that sorts the newest item first. @param at ms since 1970 */
export function newestFirst(at: number, id: string): string {
  return oldestFirst(Number.MAX_SAFE_INTEGER - at, id);
}
