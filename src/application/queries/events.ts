import type { JournalEntry, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';

const ENTRIES_PER_READ = 256;
/** Another server's entries are looked for this often; those made here are told at once. */
const POLL_MS = 1_000;

/** A user's entries above a version, oldest first and without a gap, as they are committed, until `signal` aborts. */
export async function* followUser(
  context: Context,
  userId: UserId,
  afterVersion: number,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalEntry[]> {
  const { store } = context;
  let after = afterVersion;
  while (!signal.aborted) {
    const told = commitOf(context, signal, (id) => id === userId);
    const entries = await store.readUserJournal(userId, {
      below: after + 1 + ENTRIES_PER_READ,
      limit: ENTRIES_PER_READ,
    });
    const news = entries.filter((entry) => entry.version > after).reverse();
    if (news.length === 0) {
      await told.heard;
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
  let after = afterPosition;
  while (!signal.aborted) {
    const told = commitOf(context, signal, () => true);
    const news = await context.store.readJournal({ after, limit: ENTRIES_PER_READ });
    if (news.length === 0) {
      await told.heard;
      continue;
    }
    told.cancel();
    after = news.at(-1)?.position ?? after;
    yield news;
  }
}

/** Listens before the journal is read, so that no entry falls between reading and waiting. */
function commitOf({ decider }: Context, signal: AbortSignal, concerns: (userId: UserId) => boolean) {
  let cancel = () => {};
  const heard = new Promise<void>((resolve) => {
    const unsubscribe = decider.subscribe((entries) => {
      if (entries.some((entry) => concerns(entry.userId))) cancel();
    });
    const timer = setTimeout(() => cancel(), POLL_MS);
    cancel = () => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', cancel);
      resolve();
    };
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
  });
  return { heard, cancel: () => cancel() };
}
