import { setImmediate } from 'node:timers/promises';
import type { EntryType, RecordedTransaction } from '../../domain/journal/entry.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { CommitWatch } from '../decisions/commit-watch.ts';

/** A transaction as its user or its service sees it. Times in ms since 1970. */
export interface TransactionView {
  readonly userId: UserId;
  readonly id: string;
  readonly status: TransactionStatus;
  readonly amount: string;
  readonly currency: string;
  readonly payee: string;
  readonly payer: string;
  readonly challenge: string;
  readonly requestedAt: number;
  /** Where it waited for its user. */
  readonly expiresAt?: number;
  readonly decidedAt?: number;
  readonly reason?: string;
  /** The version of the user's entry that decided it. */
  readonly version?: number;
}

const STATUS_OF: Partial<Record<EntryType, TransactionStatus>> = {
  'transaction.requested': 'pending',
  'transaction.approved': 'approved',
  'transaction.refused': 'refused',
  'transaction.expired': 'expired',
  'transaction.cancelled': 'cancelled',
};

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function viewOfRow(row: TransactionRow): TransactionView {
  const { userId, transactionId: id, status, amount, currency, payee, payer, challenge } = row;
  const { requestedAt, expiresAt, decidedAt, decidedVersion, reason } = row;
  return {
    ...{ userId, id, status, amount, currency, payee, payer, challenge, requestedAt, expiresAt },
    ...(status === 'pending' ? {} : { decidedAt, version: decidedVersion }),
    ...(reason === '' ? {} : { reason }),
  };
}

/** What an entry says of a transaction, without what other entries say of it. */
export function viewOfEntry(entry: JournalEntry): TransactionView | undefined {
  const status = STATUS_OF[entry.type];
  if (!status) return undefined;
  const { transaction, reason } = JSON.parse(entry.body) as {
    transaction: RecordedTransaction;
    reason?: string;
  };
  const { id, amount, currency, payee, payer, challenge } = transaction;
  return {
    ...{ userId: entry.userId, id, status, amount, currency, payee, payer, challenge },
    requestedAt: timeOfId(id) ?? entry.at,
    ...(status === 'pending' ? {} : { decidedAt: entry.at, version: entry.version }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function timeOfId(id: string): number | undefined {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/** One of the user's: requested, or approved or refused at once. */
export async function findTransaction(
  { store }: Context,
  userId: UserId,
  id: string,
): Promise<TransactionView | undefined> {
  const at = timeOfId(id);
  if (at === undefined) return undefined;
  const row = await store.findTransaction({ userId, transactionId: id });
  if (row) return viewOfRow(row);
  for (const entry of await store.findEntriesAt(userId, at)) {
    const view = viewOfEntry(entry);
    if (view?.id === id) return view;
  }
  return undefined;
}

/** One that the service asked for. */
export async function findServiceTransaction(
  { store }: Context,
  serviceId: string,
  id: string,
): Promise<TransactionView | undefined> {
  const row = await store.findServiceTransaction({ serviceId, transactionId: id });
  return row && viewOfRow(row);
}

export interface TransactionPage {
  readonly transactions: readonly TransactionView[];
  /** Where the next page begins, where there is one. */
  readonly next?: number;
}

const ENTRIES_PER_READ = 256;
/** A page may come short when few of the entries are of the status asked for: the next one goes on from there. */
const ENTRIES_PER_PAGE_MAX = 4_096;

/** A user's, newest first, from the journal: entries below `below`, each transaction as its latest entry left it. */
export async function listTransactions(
  { store }: Context,
  userId: UserId,
  page: {
    readonly below: number;
    readonly limit: number;
    readonly status?: TransactionStatus;
    /** A part of it. */
    readonly payee?: string;
  },
): Promise<TransactionPage> {
  const transactions: TransactionView[] = [];
  let below = page.below;
  for (let read = 0; read < ENTRIES_PER_PAGE_MAX; read += ENTRIES_PER_READ) {
    // A store in this process answers without a pause: others get their turn between two reads.
    if (read > 0) await setImmediate();
    const entries = await store.readUserJournal(userId, { below, limit: ENTRIES_PER_READ });
    for (const entry of entries) {
      below = entry.version;
      const view = viewOfEntry(entry);
      if (!view || (page.status && view.status !== page.status)) continue;
      if (page.payee !== undefined && !view.payee.includes(page.payee)) continue;
      if (view.status === 'pending') {
        // Listed by the entry that decided it, unless it still waits.
        const row = await store.findTransaction({ userId, transactionId: view.id });
        if (row?.status !== 'pending') continue;
        transactions.push(viewOfRow(row));
      } else {
        transactions.push(view);
      }
      if (transactions.length === page.limit)
        return below > 1 ? { transactions, next: below } : { transactions };
    }
    if (entries.length < ENTRIES_PER_READ) return { transactions };
  }
  return { transactions, next: below };
}

const POLL_MS = 1_000;

/**
 * Waits until one of the user's transactions is decided, at most `waitMs`. Told at once of decisions made here, soon of
 * those that another server made; asks each second besides.
 */
export async function waitForDecision(
  context: Context,
  userId: UserId,
  find: () => Promise<TransactionView | undefined>,
  { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal },
): Promise<TransactionView | undefined> {
  const watch = CommitWatch.of(context);
  const until = performance.now() + waitMs;
  for (;;) {
    const told = watch.waitForNext(userId, Math.min(Math.max(0, until - performance.now()), POLL_MS), signal);
    let view: TransactionView | undefined;
    try {
      view = await find();
    } catch (error) {
      told.cancel();
      throw error;
    }
    if (view?.status !== 'pending' || performance.now() >= until || signal?.aborted) {
      told.cancel();
      return view;
    }
    await told.ended;
  }
}
