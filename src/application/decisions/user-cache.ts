import { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Changes, Store, UserId } from '../../ports/store.ts';
import { type User, userFrom } from '../users/user.ts';
import { GenerationalCache } from './generational-cache.ts';
import { VersionFence } from './version-fence.ts';

/** Called with the users about whom other servers appended entries; `all`: it is not known about whom. */
export type ChangeListener = (users: readonly UserId[] | 'all') => void;

/**
 * A read-through cache of users over the store, with the challenges that they spent.
 *
 * The decider puts each user here after it commits an entry; the change feed invalidates the users about whom other
 * servers append. A read trusts a cached user only until the staleness bound (`setFreshUntil`). A decision may use any
 * cached user, because the store supersedes a decision that is not based on the latest entry.
 *
 * Why: docs/DECISIONS.md#cached-users-are-believed-for-a-second
 */
export class UserCache {
  /** The challenges that cached users spent within their time to live. */
  readonly spentChallenges: SpentChallenges;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #challengeTtlMs: number;
  readonly #users: GenerationalCache<UserId, User>;
  readonly #fence = new VersionFence();
  readonly #changeListeners = new Set<ChangeListener>();
  /** ms of `performance.now()` */
  #freshUntil = Number.POSITIVE_INFINITY;
  /** The latest decision time: challenges that had expired by then may be gone from `spentChallenges`. */
  #latestAt = 0;
  #clockStepsBack = 0;

  constructor(parts: {
    readonly store: Store;
    readonly clock: Clock;
    readonly challengeTtlMs: number;
    readonly usersMax?: number;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#challengeTtlMs = parts.challengeTtlMs;
    this.#users = new GenerationalCache(parts.usersMax ?? LIMITS.usersCachedMax);
    this.spentChallenges = new SpentChallenges(parts.challengeTtlMs);
  }

  get size(): number {
    return this.#users.size;
  }

  /** Returns the cached user unless the staleness bound has passed. Synchronous, for the hot path. */
  get(id: UserId): User | undefined {
    return performance.now() <= this.#freshUntil ? this.#users.get(id) : undefined;
  }

  /**
   * Returns the cached user within the staleness bound, else the user in the store: for reads, and for refusing early.
   * Only a decision is certain to be based on the latest entry.
   */
  async getOrLoad(id: UserId): Promise<User | undefined> {
    return this.get(id) ?? this.reload(id);
  }

  /**
   * Returns the user in the store: for a request that the cached user, who may be stale, would have refused. Anyone can
   * cause this read about any user. So it reads the spent challenges, of which a busy user has thousands, only if the
   * store has another entry than the cache.
   */
  async reload(id: UserId): Promise<User | undefined> {
    const cached = this.#users.get(id);
    if (!cached) return (await this.load([id])).get(id);
    const [record] = await this.#store.load([id], Number.POSITIVE_INFINITY);
    if (record?.version !== cached.version) {
      if (this.#users.get(id) === cached) this.#users.delete(id);
      return (await this.load([id])).get(id);
    }
    const user = userFrom(record);
    if (this.#users.get(id) === cached) this.#users.set(id, user);
    return user;
  }

  /** Returns the cached user whatever their age: for a decision, which the store supersedes if it is based on a stale one. */
  getMaybeStale(id: UserId): User | undefined {
    return this.#users.get(id);
  }

  /** Reads users and their spent challenges from the store and caches them. */
  async load(ids: readonly UserId[]): Promise<Map<UserId, User>> {
    this.#fence.open(ids);
    try {
      return await this.#loadFenced(ids);
    } finally {
      this.#fence.close(ids);
    }
  }

  async #loadFenced(ids: readonly UserId[]): Promise<Map<UserId, User>> {
    // With margins: the clock of the server that wrote an entry may differ, and this server's may step back.
    const spentSince = this.decisionTime() - this.#challengeTtlMs - 2 * LIMITS.clockSkewMs;
    const stepsBack = this.#clockStepsBack;
    const records = await this.#store.load(ids, spentSince);
    if (stepsBack !== this.#clockStepsBack) return this.#loadFenced(ids);
    const users = new Map<UserId, User>();
    for (const record of records) {
      if (!record) continue;
      for (const nonce of record.spentChallenges) this.spentChallenges.add(nonce, this.#clock.now());
      const cached = this.#users.get(record.userId);
      // A decision may have been committed during the read.
      const user = cached && cached.version >= record.version ? cached : userFrom(record);
      this.put(user);
      users.set(user.id, user);
    }
    return users;
  }

  /** Caches the user, unless the fence knows of a later version. */
  put(user: User): void {
    if (this.#fence.admits(user.id, user.version)) this.#users.set(user.id, user);
    else this.#users.delete(user.id);
  }

  /** Removes a user of a batch whose outcome is unknown or superseded. Does not raise the fence. */
  evict(id: UserId): void {
    this.#users.delete(id);
  }

  /** Removes users whose rows were changed outside a decision, also from loads and batches under way. */
  invalidate(ids: Iterable<UserId>): void {
    for (const id of ids) {
      this.#fence.raise(id, Number.POSITIVE_INFINITY);
      this.#users.delete(id);
    }
  }

  invalidateAll(): void {
    this.#fence.raiseAll();
    this.#users.clear();
  }

  /** Removes the users of whom the store has a later version, and calls the change listeners. */
  applyChanges(changes: Changes['users']): void {
    if (changes === 'all') {
      this.invalidateAll();
      for (const listener of this.#changeListeners) listener('all');
      return;
    }
    const changed: UserId[] = [];
    for (const { userId, version } of changes) {
      this.#fence.raise(userId, version);
      const cached = this.#users.peek(userId);
      if (cached && cached.version >= version) continue;
      this.#users.delete(userId);
      changed.push(userId);
    }
    if (changed.length > 0) for (const listener of this.#changeListeners) listener(changed);
  }

  /** Sets the staleness bound, in ms of `performance.now()`: until then the changes of other servers have been applied. */
  setFreshUntil(until: number): void {
    this.#freshUntil = until;
  }

  /** The listener must not throw and must return quickly. @returns a function that ends the subscription */
  subscribeChanges(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Fences users while a batch decides about them. Call `closeFence` with the same users. */
  openFence(ids: readonly UserId[]): void {
    this.#fence.open(ids);
  }

  closeFence(ids: readonly UserId[]): void {
    this.#fence.close(ids);
  }

  /**
   * Returns the time to decide at, ms since 1970. After a clock is put back, challenges that had expired are valid again,
   * and those spent among them are no longer known: so all users are dropped, to be loaded again with what they spent. A
   * step of up to `clockSkewMs` is within the margins of `load`.
   */
  decisionTime(): number {
    const at = this.#clock.now();
    if (at > this.#latestAt) this.#latestAt = at;
    else if (at < this.#latestAt - LIMITS.clockSkewMs) {
      this.#latestAt = at;
      this.#clockStepsBack++;
      this.#users.clear();
    }
    return at;
  }
}
