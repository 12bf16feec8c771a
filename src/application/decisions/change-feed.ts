import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { Store } from '../../ports/store.ts';
import type { Decider } from './decider.ts';

/**
 * Tells the decider what other servers did, so that who is in memory is right within a second: a session that ended
 * elsewhere, a lock, a role. While the store does not tell, nobody in memory is believed.
 */
export class ChangeFeed {
  readonly #store: Store;
  readonly #decider: Decider;
  readonly #onError: (error: unknown) => void;
  readonly #stopped = new AbortController();
  #cursor: string | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: {
    readonly store: Store;
    readonly decider: Decider;
    /** Told of the first of several failures in a row. */
    readonly onError: (error: unknown) => void;
  }) {
    this.#store = parts.store;
    this.#decider = parts.decider;
    this.#onError = parts.onError;
  }

  /** Resolves once it is known where to go on from. A store of one process has nothing to tell. @throws StoreUnavailable */
  async start(): Promise<void> {
    if (!this.#store.changedSince) return;
    await this.#ask();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #ask(): Promise<void> {
    const askedAt = performance.now();
    const changes = await this.#store.changedSince?.(this.#cursor);
    if (!changes) return;
    this.#cursor = changes.cursor;
    if (changes.users === 'all' || changes.users.length > 0) this.#decider.learn(changes.users);
    this.#decider.believeUntil(askedAt + LIMITS.changesLateMs);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failing = false;
    while (!signal.aborted) {
      await delay(LIMITS.changesPeriodMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#ask();
        failing = false;
      } catch (error) {
        if (!failing && !signal.aborted) this.#onError(error);
        failing = true;
      }
    }
  }
}
