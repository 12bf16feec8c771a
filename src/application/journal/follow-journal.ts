import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { CommitWatch } from '../decisions/commit-watch.ts';
import { assertFollows } from './intact-entry.ts';

const ENTRIES_PER_READ = 256;
/** The fallback interval. Commits are announced at once, but on PostgreSQL an entry may get its position later. */
const POLL_MS = 1_000;

/** Yields a user's entries above a version as they are committed, oldest first and without a gap, until `signal` aborts. */
export async function* followUser(
  context: Context,
  userId: UserId,
  afterVersion: number,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalEntry[]> {
  const { store } = context;
  const watch = CommitWatch.of(context);
  let after = afterVersion;
  while (!signal.aborted) {
    const next = watch.waitForNext(userId, POLL_MS, signal);
    // One more than is sent: the hash of each covers that of the one before.
    const entries = await store.readUserJournal(userId, {
      below: after + 1 + ENTRIES_PER_READ,
      limit: ENTRIES_PER_READ + 1,
    });
    for (const [index, entry] of entries.entries()) {
      if (entry.version > after) assertFollows(context, entry, entries[index + 1]);
    }
    const newEntries = entries.filter((entry) => entry.version > after).reverse();
    if (newEntries.length === 0) {
      await next.ended;
      continue;
    }
    next.cancel();
    after = newEntries.at(-1)?.version ?? after;
    yield newEntries;
  }
}

/** Yields all entries after a position as they are committed, in the journal's order, until `signal` aborts. */
export async function* followJournal(
  context: Context,
  afterPosition: number,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalEntry[]> {
  const { store } = context;
  const watch = CommitWatch.of(context);
  let after = afterPosition;
  while (!signal.aborted) {
    const next = watch.waitForNext(undefined, POLL_MS, signal);
    const newEntries = await store.readJournal({ after, limit: ENTRIES_PER_READ });
    if (newEntries.length === 0) {
      await next.ended;
      continue;
    }
    next.cancel();
    after = newEntries.at(-1)?.position ?? after;
    yield newEntries;
  }
}
