import { setImmediate } from 'node:timers/promises';
import { decodeBody, type EntryType } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { TransactionStatus, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findTransaction, listTransactions } from '../transactions/find-transactions.ts';
import { type TransactionView, viewOfEntry } from '../transactions/transaction-view.ts';
import { assertIntact } from './intact-entry.ts';

const ENTRIES_PER_READ = 256;
/** An expired transaction is recorded as such within this time. */
const EXPIRED_WITHIN_MS = 600_000;

export interface SearchPage<T> {
  readonly found: readonly T[];
  /** The `below` of the next page, if there may be one: a position or a version, as for the first page. */
  readonly next?: number;
}

/**
 * Reads the journal below a position, or one user's entries below a version, newest first, and collects the results of
 * `take` that are not undefined. A page reads at most `journalSearchEntriesMax` entries, so it may have fewer results
 * than `limit`.
 */
async function search<T>(
  { store }: Context,
  { below, limit, userId }: { readonly below: number; readonly limit: number; readonly userId?: UserId },
  take: (entry: JournalEntry) => T | undefined | Promise<T | undefined>,
): Promise<SearchPage<T>> {
  const found: T[] = [];
  let next = below;
  for (let read = 0; read < LIMITS.journalSearchEntriesMax; read += ENTRIES_PER_READ) {
    // SQLite answers synchronously, so other work gets its turn between two reads.
    if (read > 0) await setImmediate();
    const page = { below: next, limit: ENTRIES_PER_READ };
    const entries =
      userId === undefined
        ? await store.readJournalBackwards(page)
        : await store.readUserJournal(userId, page);
    for (const entry of entries) {
      next = userId === undefined ? entry.position : entry.version;
      const taken = await take(entry);
      if (taken === undefined) continue;
      found.push(taken);
      if (found.length === limit) return next > 1 ? { found, next } : { found };
    }
    if (entries.length < ENTRIES_PER_READ) return { found };
  }
  return { found, next };
}

/** Searches the entries of all users (`below` is a position) or of one (`below` is a version), newest first. */
export function searchEntries(
  context: Context,
  page: {
    readonly below: number;
    readonly limit: number;
    readonly type?: string;
    readonly userId?: UserId;
  },
): Promise<SearchPage<JournalEntry>> {
  return search(context, page, (entry) =>
    page.type === undefined || entry.type === page.type ? entry : undefined,
  );
}

export type FoundTransaction = TransactionView & { readonly username: string };

export interface TransactionSearch {
  readonly below: number;
  readonly limit: number;
  readonly status?: TransactionStatus;
  /** Exact match. */
  readonly username?: string;
  /** Matches a part of the payee. */
  readonly payee?: string;
}

/**
 * Searches transactions, newest first. Each is listed once, at the entry that decided it, or at its request while it is
 * pending. For one user the search reads that user's entries, and `below` is a version.
 * @throws ContradictedRow when what would be listed is not what the journal's hashes cover
 */
export async function searchTransactions(
  context: Context,
  page: TransactionSearch,
): Promise<SearchPage<FoundTransaction>> {
  const { username, ...rest } = page;
  if (username !== undefined) {
    const user = await context.store.findUser(username);
    if (!user) return { found: [] };
    const { transactions, next } = await listTransactions(context, user.userId, rest);
    const found = transactions.map((view) => ({ ...view, username }));
    return next === undefined ? { found } : { found, next };
  }
  const { decider, settings } = context;
  const oldestPending = decider.now() - settings.keys.challengeTtlMs - EXPIRED_WITHIN_MS;
  return search(context, page, async (entry) => {
    if (!entry.type.startsWith('transaction.')) return undefined;
    const view = viewOfEntry(entry);
    if (!view || (page.payee !== undefined && !view.payee.includes(page.payee))) return undefined;
    const { user: username } = decodeBody(entry.body);
    if (page.status !== undefined && page.status !== view.status) return undefined;
    if (view.status !== 'pending') {
      await assertIntact(context, entry);
      return { ...view, username };
    }
    // A request is listed only while the transaction is pending, which an older one is not.
    if (entry.at < oldestPending) return undefined;
    const now = await findTransaction(context, view.userId, view.id);
    return now?.status === 'pending' ? { ...now, username } : undefined;
  });
}

export interface TransactionStory {
  readonly transaction: TransactionView;
  /** Every entry that names the transaction, oldest first: its request, each refusal, its decision. */
  readonly entries: readonly JournalEntry[];
}

const NAMING: ReadonlySet<EntryType> = new Set<EntryType>([
  'transaction.requested',
  'transaction.approved',
  'transaction.refused',
  'transaction.expired',
  'transaction.cancelled',
  'code.refused',
  'code.accepted',
]);

/** The history of one of a user's transactions. @returns undefined when the user has no transaction with this id */
export async function transactionStory(
  context: Context,
  userId: UserId,
  id: string,
): Promise<TransactionStory | undefined> {
  const transaction = await findTransaction(context, userId, id);
  if (!transaction) return undefined;
  const { store } = context;
  const entries: JournalEntry[] = [];
  let below = Number.POSITIVE_INFINITY;
  for (let read = 0; read < LIMITS.journalSearchEntriesMax; read += ENTRIES_PER_READ) {
    if (read > 0) await setImmediate();
    const page = await store.readUserJournal(userId, { below, limit: ENTRIES_PER_READ });
    for (const entry of page) {
      below = entry.version;
      if (NAMING.has(entry.type) && names(entry, id)) entries.push(entry);
    }
    const last = page.at(-1);
    if (page.length < ENTRIES_PER_READ || (last && last.at < transaction.requestedAt)) break;
  }
  return { transaction, entries: entries.reverse() };
}

function names({ body }: JournalEntry, id: string): boolean {
  if (!body.includes(id)) return false;
  const { transaction } = decodeBody(body);
  return transaction?.id === id;
}
