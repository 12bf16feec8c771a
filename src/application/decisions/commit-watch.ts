import type { UserId } from '../../ports/store.ts';
import type { Decider } from './decider.ts';

const watches = new WeakMap<Decider, CommitWatch>();

export interface CommitWait {
  /** Resolves at the commit, when the time is over, or at `cancel`. */
  readonly ended: Promise<void>;
  readonly cancel: () => void;
}

/** Wakes those who wait for the next entry about a user, by whatever server: one listener of the decider for however many wait. */
export class CommitWatch {
  readonly #waiting = new Map<UserId, Set<() => void>>();
  readonly #all = new Set<() => void>();

  private constructor(decider: Decider) {
    decider.subscribeCommits((entries) => {
      if (this.#waiting.size > 0) {
        for (const { userId } of entries) for (const wake of this.#waiting.get(userId) ?? []) wake();
      }
      for (const wake of this.#all) wake();
    });
    decider.subscribeChanges((users) => {
      const told = users === 'all' ? [...this.#waiting.keys()] : users;
      for (const userId of told) for (const wake of this.#waiting.get(userId) ?? []) wake();
      for (const wake of this.#all) wake();
    });
  }

  static of(decider: Decider): CommitWatch {
    const known = watches.get(decider);
    if (known) return known;
    const made = new CommitWatch(decider);
    watches.set(decider, made);
    return made;
  }

  /**
   * Listens from now on, so that no entry falls between a read that follows and the wait for the next one.
   * @param userId undefined: any user's
   */
  waitForNext(userId: UserId | undefined, waitMs: number, signal?: AbortSignal): CommitWait {
    const place = this.#placeOf(userId);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const cancel = () => {
      clearTimeout(timer);
      place.delete(cancel);
      if (userId !== undefined && place.size === 0) this.#waiting.delete(userId);
      signal?.removeEventListener('abort', cancel);
      resolve();
    };
    const timer = setTimeout(cancel, waitMs);
    place.add(cancel);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    return { ended, cancel };
  }

  #placeOf(userId: UserId | undefined): Set<() => void> {
    if (userId === undefined) return this.#all;
    const known = this.#waiting.get(userId);
    if (known) return known;
    const made = new Set<() => void>();
    this.#waiting.set(userId, made);
    return made;
  }
}
