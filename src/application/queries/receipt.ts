import type { RecordedTransaction } from '../../domain/journal.ts';
import { GENESIS_HASH } from '../../domain/journal.ts';
import type { Proof } from '../../domain/policy.ts';
import type { Context } from '../context.ts';
import { signReceipt } from '../receipts.ts';
import type { TransactionView } from './transactions.ts';

/**
 * The receipt of an approved transaction, signed now: what it states is read from the journal.
 * @returns undefined where the transaction is not approved
 */
export async function receiptOf(context: Context, view: TransactionView): Promise<string | undefined> {
  if (view.status !== 'approved' || view.version === undefined) return undefined;
  const [entry, before] = await context.store.readUserJournal(view.userId, {
    below: view.version + 1,
    limit: 2,
  });
  if (!entry || entry.version !== view.version)
    throw new Error('the journal has no entry of an approved transaction');
  const body = JSON.parse(entry.body) as {
    transaction: RecordedTransaction;
    user: string;
    detail?: { proofs?: string };
  };
  return signReceipt(context, {
    transaction: body.transaction,
    username: body.user,
    at: entry.at,
    proofs: (body.detail?.proofs ?? 'session').split(' ') as Proof[],
    version: entry.version,
    hash: entry.hash,
    previous: before?.hash ?? GENESIS_HASH,
  });
}
