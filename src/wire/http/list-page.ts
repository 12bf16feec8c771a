import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Cursors } from './cursor.ts';

export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
}

/**
 * A page of a list that is in memory as a whole, in ascending order of `placeOf`: printable ASCII, unique in the list and
 * the same for as long as the item is there. What comes or goes between two pages moves nothing else.
 * @param list the list and its caller, for the cursor
 * @throws VaultUnavailable
 */
export async function pageOf<Item>(
  cursors: Cursors,
  list: readonly string[],
  items: readonly Item[],
  query: { readonly limit?: number; readonly cursor?: string },
  placeOf: (item: Item) => string,
): Promise<ListPage<Item> | Refusal> {
  const after = await cursors.read(list, query.cursor);
  if (isRefusal(after)) return after;
  const { limit = LIMITS.pageSize } = query;
  const left = items
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => after === undefined || place > after)
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const page = left.slice(0, limit);
  const last = page.at(-1);
  const next = left.length > limit && last ? await cursors.write(list, last.place) : null;
  return { items: page.map(({ item }) => item), next };
}

const TIME_DIGITS = 16;

/** The place of an item by its time (ms since 1970), the oldest first. */
export function oldestFirst(at: number, id: string): string {
  return `${String(at).padStart(TIME_DIGITS, '0')}/${id}`;
}

/** The same, the newest first. */
export function newestFirst(at: number, id: string): string {
  return oldestFirst(Number.MAX_SAFE_INTEGER - at, id);
}
