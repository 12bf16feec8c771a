import { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { AppendOutcome, IdempotencyRecord, Store, UserId, UserRecord } from '../../ports/store.ts';
import { type User, userFrom } from '../users/user.ts';
import { DecisionBatch, gatherEvidence, NO_MACS, type PendingJob, recordId } from './decision-batch.ts';
import { GenerationalCache } from './generational-cache.ts';
import type { ChainedEntry, Decided, Job } from './job.ts';
import { VersionFence } from './version-fence.ts';

export type CommitListener = (entries: readonly ChainedEntry[]) => void;
/** Users about whom other servers appended entries; `all`: it is not known about whom. */
export type ChangeListener = (users: readonly UserId[] | 'all') => void;
/** `ms`: from the beginning of the batch until all in it was committed and answered. */
export type BatchListener = (jobs: number, ms: number) => void;

/** What the decider counts, for the metrics. */
export interface DeciderCounters {
  batches: number;
  jobs: number;
  entries: number;
  superseded: number;
}

/**
 * Decides in batches: all that arrived in this turn of the event loop, in order of arrival per user, on the users'
 * latest entries; one append commits them, and only then is anyone answered. While one batch commits the next gathers.
 *
 * The store's guard makes it safe: a decision made on an entry that is no longer the latest is superseded, and is
 * made again on what is. A result without an entry meets no guard: before it is final on a user in memory, the store is
 * asked whether that is still their latest entry.
 */
export class Decider {
  readonly counters: DeciderCounters = { batches: 0, jobs: 0, entries: 0, superseded: 0 };
  readonly #store: Store;
  readonly #vault: KeyVault;
  readonly #clock: Clock;
  readonly #challengeTtlMs: number;
  readonly #users: GenerationalCache;
  readonly #spent: SpentChallenges;
  readonly #listeners = new Set<CommitListener>();
  readonly #changeListeners = new Set<ChangeListener>();
  /** Users who are being read or decided about: what is news of them meanwhile counts against what comes of it. */
  readonly #inFlight = new VersionFence();
  /** ms of `performance.now()` until which users in memory are believed. */
  #believedUntil = Number.POSITIVE_INFINITY;
  #batchListener: ((size: number) => void) | undefined;
  readonly #batchListeners = new Set<BatchListener>();
  #queue: PendingJob[] = [];
  #running: Promise<void> | undefined;
  /** The latest time decided at: what had expired by then is forgotten, also what was spent of it. */
  #latestAt = 0;
  #clockStepsBack = 0;

  constructor(parts: {
    store: Store;
    vault: KeyVault;
    clock: Clock;
    challengeTtlMs: number;
    usersCachedMax?: number;
  }) {
    this.#store = parts.store;
    this.#vault = parts.vault;
    this.#clock = parts.clock;
    this.#challengeTtlMs = parts.challengeTtlMs;
    this.#users = new GenerationalCache(parts.usersCachedMax ?? LIMITS.usersCachedMax);
    this.#spent = new SpentChallenges(parts.challengeTtlMs);
  }

  /** Told of entries once they are committed, in the order of their append. Must not throw, and not take long. */
  subscribeCommits(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told of users about whom other servers decided, once that is known here. Must not throw, and not take long. */
  subscribeChanges(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /**
   * What the store says of entries by whatever server: who is in memory with an older one is forgotten.
   * @param users with their latest version; `all`: anyone may have changed
   */
  learn(users: readonly { readonly userId: UserId; readonly version: number }[] | 'all'): void {
    if (users === 'all') {
      this.#inFlight.changeAll();
      this.#users.clear();
      for (const listener of this.#changeListeners) listener('all');
      return;
    }
    const news: UserId[] = [];
    for (const { userId, version } of users) {
      this.#inFlight.change(userId, version);
      const known = this.#users.peek(userId);
      if (known && known.version >= version) continue;
      this.#users.delete(userId);
      news.push(userId);
    }
    if (news.length > 0) for (const listener of this.#changeListeners) listener(news);
  }

  /** Until then users in memory may be believed, for what other servers did is known; ms of `performance.now()`. */
  believeUntil(until: number): void {
    this.#believedUntil = until;
  }

  /** Told of each batch once it has been decided. Must not throw, and not take long. */
  subscribeBatches(listener: BatchListener): () => void {
    this.#batchListeners.add(listener);
    return () => this.#batchListeners.delete(listener);
  }

  /** Told of the number of jobs in each batch. */
  onBatch(listener: (size: number) => void): void {
    this.#batchListener = listener;
  }

  get queueLength(): number {
    return this.#queue.length;
  }

  get usersCached(): number {
    return this.#users.size;
  }

  now(): number {
    return this.#clock.now();
  }

  /**
   * @throws StoreUnavailable when the decision could not be committed or its outcome is unknown, or the queue is full
   * @throws VaultUnavailable when the evidence could not be computed: nothing was written
   */
  submit<T>(job: Job<T>): Promise<Decided<T>> {
    if (this.#queue.length >= LIMITS.pendingJobsMax) {
      return Promise.reject(new StoreUnavailable('more decisions wait than the server takes'));
    }
    return new Promise<Decided<T>>((resolve, reject) => {
      const expiresAt = performance.now() + LIMITS.decisionTimeMs;
      this.#queue.push({ job, resolve: resolve as PendingJob['resolve'], reject, attempts: 0, expiresAt });
      this.#running ??= this.#run();
    });
  }

  /** The user as last known here: for reads, and for refusing early. Only a decision is certain. */
  async peek(id: UserId): Promise<User | undefined> {
    return this.cached(id) ?? this.reread(id);
  }

  /**
   * The user as the store has them: for what would be refused on what is in memory and may be of before. Anyone can
   * make a server ask this of anyone, so the challenges spent, of which a busy user has thousands, are read only
   * where there is a newer entry.
   */
  async reread(id: UserId): Promise<User | undefined> {
    const known = this.#users.get(id);
    if (!known) return (await this.#load([id])).get(id);
    const [record] = await this.#store.load([id], Number.POSITIVE_INFINITY);
    if (record?.version !== known.version) {
      if (this.#users.get(id) === known) this.#users.delete(id);
      return (await this.#load([id])).get(id);
    }
    const user = userFrom(record);
    if (this.#users.get(id) === known) this.#users.set(id, user);
    return user;
  }

  /**
   * The user if they are in memory, and it is known what other servers did up to a second ago: for the hot path, which
   * does without a promise.
   */
  cached(id: UserId): User | undefined {
    return performance.now() <= this.#believedUntil ? this.#users.get(id) : undefined;
  }

  /** Forgets users, so that they are read again: their rows were changed outside a decision. */
  forget(ids?: Iterable<UserId>): void {
    if (!ids) {
      this.#inFlight.changeAll();
      this.#users.clear();
      return;
    }
    for (const id of ids) {
      this.#inFlight.change(id, Number.POSITIVE_INFINITY);
      this.#users.delete(id);
    }
  }

  /** Resolves when all that was submitted has been answered. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // After the poll phase: what the other sockets had ready in this turn rides along.
      await new Promise(setImmediate);
      const startedAt = performance.now();
      const batch = inTime(this.#queue.splice(0, LIMITS.batchMax), startedAt);
      if (batch.length === 0) continue;
      const ids = [...new Set(batch.map(({ job }) => job.userId))];
      this.#inFlight.begin(ids);
      try {
        await this.#decideBatch(batch);
        for (const listener of this.#batchListeners) listener(batch.length, performance.now() - startedAt);
      } catch (error) {
        // The outcome may be unknown: nothing remembered about these users is to be trusted.
        for (const pending of batch) {
          this.#users.delete(pending.job.userId);
          pending.reject(error);
        }
      } finally {
        this.#inFlight.end(ids);
      }
    }
    this.#running = undefined;
  }

  /**
   * Now. When the clock was put back, challenges that had expired live again, and those spent among them are
   * forgotten: then every user is read again, with what they spent. A step within `clockSkewMs` is in the margins.
   */
  #decisionTime(): number {
    const at = this.#clock.now();
    if (at > this.#latestAt) this.#latestAt = at;
    else if (at < this.#latestAt - LIMITS.clockSkewMs) {
      this.#latestAt = at;
      this.#clockStepsBack++;
      this.#users.clear();
    }
    return at;
  }

  async #load(ids: readonly UserId[]): Promise<Map<UserId, User>> {
    this.#inFlight.begin(ids);
    try {
      return await this.#loadAll(ids);
    } finally {
      this.#inFlight.end(ids);
    }
  }

  async #loadAll(ids: readonly UserId[]): Promise<Map<UserId, User>> {
    // With margins: the server that wrote an entry may have another idea of now, and this one's may step back.
    const spentSince = this.#decisionTime() - this.#challengeTtlMs - 2 * LIMITS.clockSkewMs;
    const stepsBack = this.#clockStepsBack;
    const records = await this.#store.load(ids, spentSince);
    if (stepsBack !== this.#clockStepsBack) return this.#loadAll(ids);
    const users = new Map<UserId, User>();
    for (const record of records) {
      if (!record) continue;
      for (const nonce of record.spentChallenges) this.#spent.add(nonce, this.now());
      const known = this.#users.get(record.userId);
      // A decision may have been committed while this was read.
      const user = known && known.version >= record.version ? known : userFrom(record);
      this.#remember(user);
      users.set(user.id, user);
    }
    return users;
  }

  /** Unless it is known already that they are not this any more. */
  #remember(user: User): void {
    if (this.#inFlight.changedTo(user.id) <= user.version) this.#users.set(user.id, user);
    else this.#users.delete(user.id);
  }

  async #decideBatch(batch: readonly PendingJob[]): Promise<void> {
    this.counters.batches++;
    this.counters.jobs += batch.length;
    this.#batchListener?.(batch.length);
    const at = this.#decisionTime();
    const { users, read } = await this.#usersOf(batch);
    const idempotencyRecords = await this.#idempotencyRecordsOf(batch);
    const round = new DecisionBatch(at, users, idempotencyRecords, this.#spent);
    const { requests, spans, failed } = gatherEvidence(batch, round);
    let macs = NO_MACS;
    let vaultError: unknown;
    if (requests.length > 0) {
      try {
        macs = await this.#vault.computeMacs(requests);
      } catch (error) {
        // What needs no MAC goes on without the vault.
        vaultError = error;
      }
    }

    for (let index = 0; index < batch.length; index++) {
      const pending = batch[index] as PendingJob;
      const from = spans[index] as number;
      const to = spans[index + 1] as number;
      if (failed.has(pending)) continue;
      if (vaultError !== undefined && from !== to) {
        pending.reject(vaultError);
        continue;
      }
      const own = from === to ? NO_MACS : macs.slice(from, to);
      const { userId, newUser } = pending.job;
      const maybeStale = newUser === undefined && !read.has(userId);
      // The key may have been wrapped again since the user was read: read once more before it counts as damaged.
      if ((maybeStale || pending.attempts === 0) && own.includes(undefined)) round.retry(pending);
      else round.decide(pending, own, maybeStale);
    }

    const [outcomes, latest] = await Promise.all([
      round.decisions.length === 0 ? [] : this.#store.append(round.decisions),
      this.#latestOf(round),
    ]);
    this.#settle(round, outcomes, latest);
  }

  /**
   * The latest entries of users in memory about whom something is to be answered without an entry. Those who also get
   * one need not be asked for: its outcome tells. One read a batch, without the challenges spent.
   */
  async #latestOf(round: DecisionBatch): Promise<ReadonlyMap<UserId, UserRecord | undefined> | Error> {
    const ids = round.unguarded();
    if (ids.length === 0) return NOBODY;
    try {
      const records = await this.#store.load(ids, Number.POSITIVE_INFINITY);
      return new Map(ids.map((id, index) => [id, records[index]]));
    } catch (error) {
      // Theirs alone: the others' entries may have been appended.
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #settle(
    round: DecisionBatch,
    outcomes: readonly AppendOutcome[],
    latest: ReadonlyMap<UserId, UserRecord | undefined> | Error,
  ): void {
    const at = round.at;
    const committed: ChainedEntry[] = [];
    const stale = new Set<UserId>();
    const again: PendingJob[] = [...round.retries];
    const lost = round.superseded(outcomes);
    for (const { pending, result, entry, user, decision, basedOnVersion } of round.proposals) {
      const id = pending.job.userId;
      const outcome = decision === undefined ? 'appended' : outcomes[decision];
      if (basedOnVersion !== undefined && !round.isGuarded(id)) {
        if (latest instanceof Error) {
          pending.reject(latest);
          continue;
        }
        if (latest.get(id)?.version !== basedOnVersion) stale.add(id);
      } else if (basedOnVersion !== undefined && lost.has(id)) stale.add(id);
      if (stale.has(id) || outcome === 'superseded') {
        // What was decided later in this batch stood on the entry that lost.
        stale.add(id);
        again.push(pending);
      } else if (outcome === 'conflict') {
        stale.add(id);
        if (pending.job.conflict) pending.resolve({ result: pending.job.conflict(), entry: undefined });
        else pending.reject(new Error('a row of the decision is taken'));
      } else {
        if (entry && user) {
          this.counters.entries++;
          committed.push(entry);
          this.#remember(user);
          if (entry.challenge) this.#spent.add(entry.challenge, at);
        }
        pending.resolve({ result, entry });
      }
    }
    for (const id of stale) this.#users.delete(id);
    // Whatever was decided about them beside: what is to be decided again is decided on what the store has.
    for (const { job } of round.retries) this.#users.delete(job.userId);
    this.#requeue(again);
    if (committed.length > 0) for (const listener of this.#listeners) listener(committed);
  }

  #requeue(again: readonly PendingJob[]): void {
    const kept: PendingJob[] = [];
    for (const pending of again) {
      this.counters.superseded++;
      if (++pending.attempts < LIMITS.attemptsPerDecisionMax) kept.push(pending);
      else pending.reject(new StoreUnavailable('the user is being decided about elsewhere without a pause'));
    }
    if (kept.length > 0) this.#queue = kept.concat(this.#queue);
  }

  /** `read`: whom of them the store was asked for just now. */
  async #usersOf(
    batch: readonly PendingJob[],
  ): Promise<{ users: Map<UserId, User>; read: ReadonlySet<UserId> }> {
    const users = new Map<UserId, User>();
    const missing = new Set<UserId>();
    for (const { job } of batch) {
      if (users.has(job.userId)) continue;
      const user = job.newUser ?? this.#users.get(job.userId);
      if (user) users.set(job.userId, user);
      else missing.add(job.userId);
    }
    if (missing.size > 0) {
      for (const [id, user] of await this.#load([...missing])) users.set(id, user);
    }
    return { users, read: missing };
  }

  async #idempotencyRecordsOf(batch: readonly PendingJob[]): Promise<Map<string, IdempotencyRecord>> {
    const idempotencyRecords = new Map<string, IdempotencyRecord>();
    const keys: { userId: UserId; key: string }[] = [];
    for (const { job } of batch) {
      if (job.idempotencyKey !== undefined) keys.push({ userId: job.userId, key: job.idempotencyKey });
    }
    if (keys.length === 0) return idempotencyRecords;
    const found = await this.#store.findIdempotencyRecords(keys);
    keys.forEach(({ userId, key }, index) => {
      const record = found[index];
      if (record) idempotencyRecords.set(recordId(userId, key), record);
    });
    return idempotencyRecords;
  }
}

const NOBODY: ReadonlyMap<UserId, UserRecord | undefined> = new Map();

/** Those who have not waited too long; the others are told so. */
function inTime(batch: readonly PendingJob[], now: number): readonly PendingJob[] {
  if (batch.every(({ expiresAt }) => expiresAt > now)) return batch;
  return batch.filter(({ expiresAt, reject }) => {
    if (expiresAt > now) return true;
    reject(new StoreUnavailable('the decision could not be made in time: nothing was written'));
    return false;
  });
}
