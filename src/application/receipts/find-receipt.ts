import { StoreUnavailable } from '../../domain/errors.ts';
import type { RecordedTransaction } from '../../domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { Proof } from '../../domain/policy/policy.ts';
import type { Context } from '../context.ts';
import { bodyElsewhere } from '../journal/intact-entry.ts';
import type { TransactionView } from '../transactions/transaction-view.ts';

/**
 * Signs the receipt of an approved transaction now, from what the journal's entry states.
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
  const previous = before?.hash ?? GENESIS_HASH;
  if (entry.body === '') throw bodyElsewhere();
  const body = JSON.parse(entry.body) as {
    at: string;
    type: string;
    transaction: RecordedTransaction;
    user: string;
    detail?: { proofs?: string };
  };
  // Sign only what the entry's hash covers: a changed row could turn a refusal into a receipt.
  const said = body.type === 'transaction.approved' && body.transaction.id === view.id;
  if (!said || chainHash(previous, entry.body) !== entry.hash) {
    throw new StoreUnavailable(
      'the journal is damaged: no receipt can be signed from it; run sello audit verify',
    );
  }
  return context.receiptSigner.sign({
    transaction: body.transaction,
    username: body.user,
    at: Date.parse(body.at),
    proofs: (body.detail?.proofs ?? 'session').split(' ') as Proof[],
    version: entry.version,
    hash: entry.hash,
    previous,
  });
}
