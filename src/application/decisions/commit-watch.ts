import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Decider } from './decider.ts';

/** The parts of the context that report commits: those of this server and those of others. */
type CommitSources = Pick<Context, 'decider' | 'userCache'>;

const watches = new WeakMap<Decider, CommitWatch>();

export interface CommitWait {
  /** Resolves at the commit, when the time is over, or at `cancel`. */
  readonly ended: Promise<void>;
  readonly cancel: () => void;
}

/** Wakes callers that wait for the next entry about a user, by any server. One subscription serves all that wait. */
export class CommitWatch {
  readonly #waitingByUser = new Map<UserId, Set<() => void>>();
  readonly #waitingForAny = new Set<() => void>();

  private constructor({ decider, userCache }: CommitSources) {
    decider.subscribeCommits((entries) => {
      if (this.#waitingByUser.size > 0) for (const { userId } of entries) this.#wake(userId);
      for (const wake of this.#waitingForAny) wake();
    });
    userCache.subscribeChanges((users) => {
      for (const userId of users === 'all' ? [...this.#waitingByUser.keys()] : users) this.#wake(userId);
      for (const wake of this.#waitingForAny) wake();
    });
  }

  /** Returns the watch of a server, made at the first call. */
  static of(sources: CommitSources): CommitWatch {
    const known = watches.get(sources.decider);
    if (known) return known;
    const made = new CommitWatch(sources);
    watches.set(sources.decider, made);
    return made;
  }

  /**
   * Starts to wait for the next entry. Call it before reading the entries so far, so that none falls between that read
   * and the wait.
   * @param userId undefined: any user's
   */
  waitForNext(userId: UserId | undefined, waitMs: number, signal?: AbortSignal): CommitWait {
    const waiting = this.#waitingFor(userId);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const cancel = () => {
      clearTimeout(timer);
      waiting.delete(cancel);
      if (userId !== undefined && waiting.size === 0) this.#waitingByUser.delete(userId);
      signal?.removeEventListener('abort', cancel);
      resolve();
    };
    const timer = setTimeout(cancel, waitMs);
    waiting.add(cancel);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    return { ended, cancel };
  }

  #wake(userId: UserId): void {
    for (const wake of this.#waitingByUser.get(userId) ?? []) wake();
  }

  #waitingFor(userId: UserId | undefined): Set<() => void> {
    if (userId === undefined) return this.#waitingForAny;
    const known = this.#waitingByUser.get(userId);
    if (known) return known;
    const made = new Set<() => void>();
    this.#waitingByUser.set(userId, made);
    return made;
  }
}
