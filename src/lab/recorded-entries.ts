import type { JournalReader } from '../compose.ts';
import type { RecordedEntry } from './target.ts';

const ENTRIES_MAX = 8_192;

/** A user's entries, oldest first: read beside the server, not asked of it. */
export async function recordedEntries(
  journal: Pick<JournalReader, 'findUser' | 'readUserJournal'>,
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
