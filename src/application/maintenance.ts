import type { Context } from './context.ts';

const PERIOD_MS = 60_000;
const ROWS_MAX = 1_000;

/** What nobody waits for: each minute, a bounded number of expired sessions and idempotency answers is deleted. */
export class Maintenance {
  readonly #context: Context;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context, onError: (error: unknown) => void) {
    this.#context = context;
    this.#onError = onError;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.run().catch(this.#onError), PERIOD_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async run(): Promise<void> {
    const { store, decider, settings } = this.#context;
    const now = decider.now();
    await store.prune({ answers: now - settings.idempotencyTtlMs, sessions: now, limit: ROWS_MAX });
  }
}
