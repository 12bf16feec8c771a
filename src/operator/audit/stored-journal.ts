import {
  type ExpectedHead,
  type JournalVerdict,
  type UnverifiedEntry,
  verifyJournal,
} from '../../application/journal/verify-journal.ts';
import type { AuditReader, JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';

const PAGE = 1_024;
const USER_ENTRIES_HELD_MAX = 8_192;

/** Every entry in the journal's order, up to the last one there when the reading reaches it. */
export async function* allEntries(journal: AuditReader): AsyncGenerator<JournalEntry> {
  let after = 0;
  for (;;) {
    const page = await journal.readJournal({ after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.position;
  }
}

/**
 * One user's entries, oldest first. A store pages from the newest: up to 8,192 entries are reversed in memory; of a user
 * with more, the whole journal is read and filtered.
 */
export async function* entriesOf(journal: AuditReader, userId: UserId): AsyncGenerator<JournalEntry> {
  const newestFirst = await journal.readUserJournal(userId, {
    below: Number.POSITIVE_INFINITY,
    limit: USER_ENTRIES_HELD_MAX,
  });
  if ((newestFirst.at(-1)?.version ?? 1) === 1) {
    yield* newestFirst.toReversed();
    return;
  }
  for await (const entry of allEntries(journal)) if (entry.userId === userId) yield entry;
}

/**
 * Checks every entry of a store and where each user's entries end, while a server may be appending. Entries appended
 * during the check are not checked. `onEntry` is called with each entry before it is verified. Does NOT check the pages of the database: `verifyIntegrity` of the reader does.
 */
export function verifyStoredJournal(
  journal: AuditReader,
  onEntry: (entry: JournalEntry) => void = () => undefined,
): Promise<JournalVerdict> {
  let lastPosition = 0;
  async function* entries(): AsyncGenerator<UnverifiedEntry> {
    for await (const entry of allEntries(journal)) {
      const { position, userId, body, hash, at, type, version } = entry;
      lastPosition = position;
      onEntry(entry);
      yield { body, hash, form: 'bytes', chain: String(userId), columns: { at, type, version } };
    }
  }
  /** Read after the entries. A user whose newest entry came later than the last one checked is left out. */
  async function* heads(): AsyncGenerator<ExpectedHead> {
    let after = -1;
    for (;;) {
      const page = await journal.heads({ after, limit: PAGE });
      for (const { userId, version, position } of page) {
        if (position <= lastPosition) yield { user: `#${userId}`, chain: String(userId), version };
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = last.userId;
    }
  }
  return verifyJournal(entries(), heads());
}
