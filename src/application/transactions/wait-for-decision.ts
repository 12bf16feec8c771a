import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { CommitWatch } from '../decisions/commit-watch.ts';
import type { TransactionView } from './transaction-view.ts';

const POLL_MS = 1_000;

/**
 * Waits until the transaction that `find` reads is decided, at most `waitMs`. Reads it again at each decision about the
 * user: at once after one made here, soon after one by another server; and every second besides.
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
