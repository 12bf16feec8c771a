import type { Context } from '../context.ts';
import { requestedTransaction } from './recorded-transaction.ts';
import type { RequestedBy } from './requested-by.ts';
import type { TransactionView } from './transaction-view.ts';

/** Finds who asked for each transaction, as its intact entry of request says. @returns by id of the transaction */
export async function findRequesters(
  context: Context,
  transactions: readonly TransactionView[],
): Promise<ReadonlyMap<string, RequestedBy>> {
  const found = new Map<string, RequestedBy>();
  for (const { id, userId, byService } of transactions) {
    if (!byService) continue;
    const requestedBy = (await requestedTransaction(context, userId, id))?.requestedBy;
    if (requestedBy) found.set(id, requestedBy);
  }
  return found;
}
