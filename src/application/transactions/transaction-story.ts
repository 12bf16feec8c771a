import { setImmediate } from 'node:timers/promises';
import { decodeBody, type EntryType } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findTransaction } from './find-transactions.ts';
import type { TransactionView } from './transaction-view.ts';

const ENTRIES_PER_READ = 256;

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
  for (let read = 0; read < LIMITS.storyEntriesMax; read += ENTRIES_PER_READ) {
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
