import { LIMITS } from '../limits.ts';
import type { Context } from './context.ts';
import { decideTransaction } from './decide-transaction.ts';

const PRUNE_PERIOD_MS = 60_000;
const EXPIRY_PERIOD_MS = 1_000;
const ROWS_MAX = 1_000;

/**
 * What no request asks for: each second, transactions whose time is over expire; each minute, a bounded number of
 * expired sessions and idempotency answers is deleted.
 */
export class Maintenance {
  readonly #context: Context;
  readonly #onError: (error: unknown) => void;
  #timers: NodeJS.Timeout[] = [];
  #expiring: Promise<void> | undefined;

  constructor(context: Context, onError: (error: unknown) => void) {
    this.#context = context;
    this.#onError = onError;
  }

  start(): void {
    const every = (ms: number, task: () => Promise<void>) =>
      setInterval(() => void task().catch(this.#onError), ms).unref();
    this.#timers = [every(PRUNE_PERIOD_MS, () => this.prune()), every(EXPIRY_PERIOD_MS, () => this.expire())];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  async prune(): Promise<void> {
    const { store, decider, settings } = this.#context;
    const now = decider.now();
    await store.prune({ answers: now - settings.idempotencyTtlMs, sessions: now, limit: ROWS_MAX });
  }

  /** One run at a time: what the one before left is met by the next. */
  expire(): Promise<void> {
    this.#expiring ??= this.#expireDue().finally(() => {
      this.#expiring = undefined;
    });
    return this.#expiring;
  }

  async #expireDue(): Promise<void> {
    const before = this.#context.decider.now();
    const due = await this.#context.store.listExpiredTransactions({
      before,
      limit: LIMITS.expiredPerTurnMax,
    });
    const decisions = due.map(({ userId, transactionId }) =>
      decideTransaction(this.#context, { decision: 'expire', userId, transactionId }),
    );
    await Promise.all(decisions);
  }
}
