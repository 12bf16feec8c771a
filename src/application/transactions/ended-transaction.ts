import type { RecordedTransaction } from '../../domain/journal/entry.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import type { TransactionRow, TransactionStatus } from '../../ports/store.ts';
import type { Draft, Proposal } from '../decisions/job.ts';

/** A transaction as it was decided. `repeated`: a repeat of an idempotency key, nothing was decided again. */
export type EndedTransaction = TransactionRow & { readonly repeated?: boolean };

/**
 * The end of a transaction's wait: its entry, and the row with the entry's time and version. That it is pending, and that
 * this decision may end it, is NOT checked.
 */
export function endedProposal(
  transaction: TransactionRow,
  at: number,
  status: Exclude<TransactionStatus, 'pending'>,
  draft: Draft,
): Proposal<EndedTransaction> {
  const { userId, transactionId, serviceId } = transaction;
  const detail = serviceId === '' ? draft.detail : { ...draft.detail, service: serviceId };
  const reason = draft.reason ?? '';
  const result: { -readonly [K in keyof TransactionRow]: TransactionRow[K] } = {
    ...transaction,
    status,
    decidedAt: at,
    reason,
  };
  return {
    result,
    draft: {
      ...draft,
      ...(detail ? { detail } : {}),
      transaction: recordedOf(transaction),
      // Spent by any end, so that the same transaction is not decided once more.
      challenge: transaction.challenge,
      rowsOfEntry: ({ version: decidedVersion, at: decidedAt }) => {
        result.decidedVersion = decidedVersion;
        result.decidedAt = decidedAt;
        const kind = 'transaction.update';
        return [{ kind, userId, transactionId, status, decidedAt, decidedVersion, reason }];
      },
    },
  };
}

/** As its bound code covers it. */
export function canonicalOf({
  amount,
  challenge,
  currency,
  payee,
  payer,
}: TransactionRow): CanonicalTransaction {
  return { amount, challenge, currency, payee, payer, v: 1 };
}

/** As entries record it. */
export function recordedOf(transaction: TransactionRow): RecordedTransaction {
  return { ...canonicalOf(transaction), id: transaction.transactionId };
}
