import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { Store } from '../../ports/store.ts';
import type { UserCache } from './user-cache.ts';

/**
 * Polls the store for the users about whom other servers appended entries, and applies that to the user cache: a session
 * that ended elsewhere, a lock or a changed role counts here within a second. While the store does not answer, the
 * cache's staleness bound passes, and reads go to the store.
 */
export class ChangeFeed {
  readonly #store: Store;
  readonly #userCache: UserCache;
  readonly #onError: (error: unknown) => void;
  readonly #stopped = new AbortController();
  #cursor: string | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: {
    readonly store: Store;
    readonly userCache: UserCache;
    /** Called with the first of several errors in a row. */
    readonly onError: (error: unknown) => void;
  }) {
    this.#store = parts.store;
    this.#userCache = parts.userCache;
    this.#onError = parts.onError;
  }

  /** Resolves after the first poll. Does nothing for a store of one process. @throws StoreUnavailable */
  async start(): Promise<void> {
    if (!this.#store.changedSince) return;
    await this.#poll();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #poll(): Promise<void> {
    const polledAt = performance.now();
    const changes = await this.#store.changedSince?.(this.#cursor);
    if (!changes) return;
    this.#cursor = changes.cursor;
    if (changes.users === 'all' || changes.users.length > 0) this.#userCache.applyChanges(changes.users);
    this.#userCache.setFreshUntil(polledAt + LIMITS.changesLateMs);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failing = false;
    while (!signal.aborted) {
      await delay(LIMITS.changesPeriodMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#poll();
        failing = false;
      } catch (error) {
        if (!failing && !signal.aborted) this.#onError(error);
        failing = true;
      }
    }
  }
}
