import type { Store } from '../ports/store.ts';
import type { RecordedEntry } from './target.ts';

const ENTRIES_MAX = 8_192;

/** The last 8,192 entries of a user, oldest first, read from the database and not asked of the server. */
export async function recordedEntries(
  journal: Pick<Store, 'findUser' | 'readUserJournal'>,
  username: string,
): Promise<readonly RecordedEntry[]> {
  const user = await journal.findUser(username);
  if (!user) return [];
  const newestFirst = await journal.readUserJournal(user.userId, {
    below: Number.POSITIVE_INFINITY,
    limit: ENTRIES_MAX,
  });
  return newestFirst.map(({ body }) => JSON.parse(body) as RecordedEntry).reverse();
}
