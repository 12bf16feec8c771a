import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { CommitWatch } from '../decisions/commit-watch.ts';

const ENTRIES_PER_READ = 256;
/** Entries are told of as they are committed, here or elsewhere; what was not final by then is looked for this often. */
const POLL_MS = 1_000;

/** A user's entries above a version, oldest first and without a gap, as they are committed, until `signal` aborts. */
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
    const told = watch.waitForNext(userId, POLL_MS, signal);
    const entries = await store.readUserJournal(userId, {
      below: after + 1 + ENTRIES_PER_READ,
      limit: ENTRIES_PER_READ,
    });
    const news = entries.filter((entry) => entry.version > after).reverse();
    if (news.length === 0) {
      await told.ended;
      continue;
    }
    told.cancel();
    after = news.at(-1)?.version ?? after;
    yield news;
  }
}

/** All entries after a position, in the journal's order. */
export async function* followJournal(
  context: Context,
  afterPosition: number,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalEntry[]> {
  const { store } = context;
  const watch = CommitWatch.of(context);
  let after = afterPosition;
  while (!signal.aborted) {
    const told = watch.waitForNext(undefined, POLL_MS, signal);
    const news = await store.readJournal({ after, limit: ENTRIES_PER_READ });
    if (news.length === 0) {
      await told.ended;
      continue;
    }
    told.cancel();
    after = news.at(-1)?.position ?? after;
    yield news;
  }
}
