import { skeleton } from '../../domain/look-alikes/skeleton.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type TransactionView, viewOfEntry } from './transaction-view.ts';

/**
 * Finds, for each pending transaction of the user, a payee whom the user paid before and whose account looks like this
 * one's but is another (UTS 39), the latest first. Names of ASCII are compared as well (`1` for `l`). Looks at the user's
 * latest `payeeEntriesMax` entries alone; a payee who is among them is known and resembles nobody. It is a hint: the entries
 * are NOT checked against their hashes.
 * @returns the known payees, by id of the transaction
 *
 * Why: docs/DECISIONS.md#payees-that-look-alike-are-pointed-out
 */
export async function resembledPayees(
  { store }: Context,
  userId: UserId,
  transactions: readonly TransactionView[],
): Promise<ReadonlyMap<string, string>> {
  const resembled = new Map<string, string>();
  const pending = transactions.filter(({ status }) => status === 'pending');
  if (pending.length === 0) return resembled;
  const page = { below: Number.POSITIVE_INFINITY, limit: LIMITS.payeeEntriesMax };
  const known = new Set<string>();
  for (const entry of await store.readUserJournal(userId, page)) {
    const view = viewOfEntry(entry);
    if (view?.status === 'approved') known.add(view.payee);
  }
  const bySkeleton = new Map<string, string>();
  for (const payee of known) {
    const key = skeleton(payee);
    if (!bySkeleton.has(key)) bySkeleton.set(key, payee);
  }
  for (const { id, payee } of pending) {
    const like = known.has(payee) ? undefined : bySkeleton.get(skeleton(payee));
    if (like !== undefined) resembled.set(id, like);
  }
  return resembled;
}
