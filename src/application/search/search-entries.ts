import type { EntryFilter } from '../../domain/search/entry-filter.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type FoundPage, findEntries, type SearchOrder } from './find-entries.ts';

export interface EntryPageRequest {
  readonly filter: EntryFilter;
  readonly order: SearchOrder;
  readonly cursor: number | undefined;
  readonly limit: number;
  readonly timeMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Searches entries by any filter. Those of one user, and nothing else asked, are read along that user's own list, newest first,
 * whose cursors are versions.
 */
export async function searchEntries(
  context: Context,
  request: EntryPageRequest,
): Promise<FoundPage<JournalEntry>> {
  const { filter, order, cursor, limit } = request;
  const { userId } = filter;
  if (isOfUserAlone(filter, order)) {
    return userPage(context, userId ?? 0, cursor ?? Number.POSITIVE_INFINITY, limit);
  }
  return findEntries(context.store, { ...request, take: (entry) => entry });
}

/** Whether a search is for one user's entries, newest first, and for nothing else. */
export function isOfUserAlone({ userId, ...others }: EntryFilter, order: SearchOrder): boolean {
  return (
    userId !== undefined && order === 'newest' && Object.values(others).every((value) => value === undefined)
  );
}

async function userPage(
  { store }: Context,
  userId: UserId,
  below: number,
  limit: number,
): Promise<FoundPage<JournalEntry>> {
  const found = await store.readUserJournal(userId, { below, limit });
  const last = found.at(-1);
  return {
    found,
    next: found.length === limit && last && last.version > 1 ? last.version : undefined,
    reachedAt: last?.at,
    indexedTo: 0,
  };
}
