import type { EntryType, RecordedBody, RecordedTransaction } from '../../domain/journal/entry.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';

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
  /** Whether a service asked for it (`requested-by.ts` tells which). */
  readonly byService: boolean;
  /** Set for a transaction that is or was pending. */
  readonly expiresAt?: number;
  readonly decidedAt?: number;
  readonly reason?: string;
  /** The version of the user's entry that decided it. */
  readonly version?: number;
}

/** The status that an entry of this type gives its transaction. */
export const STATUS_OF: Partial<Record<EntryType, TransactionStatus>> = {
  'transaction.requested': 'pending',
  'transaction.approved': 'approved',
  'transaction.refused': 'refused',
  'transaction.expired': 'expired',
  'transaction.cancelled': 'cancelled',
};

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function viewOfRow(row: TransactionRow): TransactionView {
  const { userId, transactionId: id, status, amount, currency, payee, payer, challenge } = row;
  const { requestedAt, expiresAt, decidedAt, decidedVersion, reason, serviceId } = row;
  return {
    ...{ userId, id, status, amount, currency, payee, payer, challenge, requestedAt, expiresAt },
    byService: serviceId !== '',
    ...(status === 'pending' ? {} : { decidedAt, version: decidedVersion }),
    ...(reason === '' ? {} : { reason }),
  };
}

/**
 * A transaction as one entry states it; other entries may state more.
 * @returns undefined where the entry is about no transaction, or its body is not here
 */
export function viewOfEntry(entry: JournalEntry): TransactionView | undefined {
  const status = STATUS_OF[entry.type];
  if (!status || entry.body === '') return undefined;
  const { transaction, reason, detail } = JSON.parse(entry.body) as {
    transaction: RecordedTransaction;
    detail?: RecordedBody['detail'];
    reason?: string;
  };
  const { id, amount, currency, payee, payer, challenge } = transaction;
  return {
    ...{ userId: entry.userId, id, status, amount, currency, payee, payer, challenge },
    requestedAt: timeOfId(id) ?? entry.at,
    byService: detail?.service !== undefined,
    ...(status === 'pending' ? {} : { decidedAt: entry.at, version: entry.version }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The time of request that an id carries, ms since 1970. @returns undefined where it is no id of ours */
export function timeOfId(id: string): number | undefined {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}
