import type { RecordedTransaction } from '../../../domain/journal/entry.ts';
import type { TransactionRow } from '../../../ports/store.ts';

/** How a requested transaction stands, as its row and the entries both say it. */
export function outcomeOf({
  status,
  decidedAt,
  decidedVersion,
  reason,
}: Pick<TransactionRow, 'status' | 'decidedAt' | 'decidedVersion' | 'reason'>): string {
  return JSON.stringify([status, decidedAt, decidedVersion, reason]);
}

/** What an entry of an earlier version says of a request: all but when it was made and until when it may be approved. */
export function transactionInPart(
  { amount, challenge, currency, id, payee, payer }: RecordedTransaction,
  serviceId: unknown,
): string {
  return JSON.stringify([
    ...[amount, challenge, currency, id, payee, payer],
    typeof serviceId === 'string' ? serviceId : '',
  ]);
}
