import { NonceSet } from '../../domain/challenge/nonce-set.ts';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyVault, MacRequest } from '../../ports/key-vault.ts';
import type { Random } from '../../ports/random.ts';
import type { AppendOutcome, IdempotencyRecord, Store, UserId, UserRecord } from '../../ports/store.ts';
import type { User } from '../users/user.ts';
import { asError, computeEvidence } from './batch-evidence.ts';
import { DecisionBatch, recordId } from './decision-batch.ts';
import type { EntryQuota } from './entry-quota.ts';
import type { Macs } from './evidence.ts';
import type { ChainedEntry, Decided, Job, PendingJob } from './job.ts';
import { JobQueue } from './job-queue.ts';
import type { UserCache } from './user-cache.ts';

export type CommitListener = (entries: readonly ChainedEntry[]) => void;
export type OverQuotaListener = (userId: UserId) => void;
export type BatchListener = (batch: BatchReport) => void;

export interface BatchReport {
  readonly jobs: number;
  /** From the start of the batch until its last job was answered. */
  readonly durationMs: number;
  /** All its jobs were rejected: the users could not be loaded, or the append failed. */
  readonly failed: boolean;
}

/** What the decider counts, for the metrics. */
export interface DeciderCounters {
  batches: number;
  jobs: number;
  entries: number;
  superseded: number;
}

interface IdempotencyKey {
  readonly userId: UserId;
  readonly key: string;
}

/** The latest entries of users in the store, or why they could not be read. */
type LatestRecords = ReadonlyMap<UserId, UserRecord | undefined> | Error;

/**
 * Decides jobs in batches. While one batch commits, the next one gathers. A batch:
 *
 * 1. Gather: `submit` queues jobs (`JobQueue`); those that arrived by the end of this turn of the event loop form the
 *    batch.
 * 2. Load the jobs' users, from the cache or the store, and the idempotency records that the jobs name.
 * 3. Gather evidence: each job lists the MACs that it needs.
 * 4. Compute all MACs in one call of the vault; a second call computes those of the jobs whose likely MACs did not settle
 *    them (`LikelyFirst`).
 * 5. Decide the jobs in the queue's order, each on its user as the decisions before left them.
 * 6. Append all entries in one call of the store. In parallel, read the latest versions of cached users about whom a
 *    job has a result but no entry.
 * 7. Settle: answer the jobs, cache their users, call the listeners; queue again the jobs that were superseded.
 *
 * A cached user may be stale. The store's guard makes that safe for a decision with an entry: if it is not based on the
 * user's latest entry, the append is superseded, and the job is decided again on the user in the store. A result without
 * an entry meets no guard, so step 6 compares the user's version with the store's before the result is final.
 *
 * Why: docs/DECISIONS.md#one-batch-at-a-time
 */
export class Decider {
  readonly counters: DeciderCounters = { batches: 0, jobs: 0, entries: 0, superseded: 0 };
  readonly #store: Store;
  readonly #vault: KeyVault;
  readonly #clock: Clock;
  readonly #userCache: UserCache;
  readonly #commitListeners = new Set<CommitListener>();
  readonly #batchListeners = new Set<BatchListener>();
  readonly #overQuotaListeners = new Set<OverQuotaListener>();
  readonly #entryQuota: EntryQuota;
  readonly #random: Random;
  readonly #queue = new JobQueue();
  readonly #spentInBatch = new NonceSet();
  #running: Promise<void> | undefined;

  constructor(parts: {
    readonly store: Store;
    readonly vault: KeyVault;
    readonly clock: Clock;
    readonly userCache: UserCache;
    readonly entryQuota: EntryQuota;
    readonly random: Random;
  }) {
    this.#entryQuota = parts.entryQuota;
    this.#random = parts.random;
    this.#store = parts.store;
    this.#vault = parts.vault;
    this.#clock = parts.clock;
    this.#userCache = parts.userCache;
  }

  get queueLength(): number {
    return this.#queue.length;
  }

  now(): number {
    return this.#clock.now();
  }

  /**
   * Calls the listener after each commit with the entries, in the order of their append. It must not throw and must
   * return quickly. @returns a function that ends the subscription
   */
  subscribeCommits(listener: CommitListener): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  /**
   * Calls the listener after each batch. It must not throw and must return quickly.
   * @returns a function that ends the subscription
   */
  subscribeBatches(listener: BatchListener): () => void {
    this.#batchListeners.add(listener);
    return () => this.#batchListeners.delete(listener);
  }

  /** Calls the listener for each entry that the quota refused. It must not throw and must return quickly. */
  subscribeOverQuota(listener: OverQuotaListener): void {
    this.#overQuotaListeners.add(listener);
  }

  /**
   * @throws StoreUnavailable when the decision could not be committed or its outcome is unknown, or the queue has no
   * place for the job (`JobQueue`): nothing was written
   * @throws VaultUnavailable when the evidence could not be computed: nothing was written
   */
  submit<T>(job: Job<T>): Promise<Decided<T>> {
    return new Promise<Decided<T>>((resolve, reject) => {
      const expiresAt = performance.now() + LIMITS.decisionTimeMs;
      const pending = { job, resolve: resolve as PendingJob['resolve'], reject, attempts: 0, expiresAt };
      this.#queue.push(pending)?.reject(new StoreUnavailable('more decisions wait than the server takes'));
      this.#running ??= this.#run();
    });
  }

  /** Resolves when every submitted job has been answered. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // After the poll phase: jobs from the other sockets that were ready in this turn join the batch.
      await new Promise(setImmediate);
      const startedAt = performance.now();
      const jobs = rejectExpired(this.#queue.take(LIMITS.batchMax), startedAt);
      if (jobs.length === 0) continue;
      const ids = [...new Set(jobs.map(({ job }) => job.userId))];
      this.#userCache.openFence(ids);
      try {
        await this.#decideBatch(jobs);
        this.#reportBatch(jobs.length, startedAt, false);
      } catch (error) {
        // The outcome may be unknown, so the cached users may be from before or after the commit: drop them.
        for (const pending of jobs) {
          this.#userCache.evict(pending.job.userId);
          pending.reject(error);
        }
        this.#reportBatch(jobs.length, startedAt, true);
      } finally {
        this.#userCache.closeFence(ids);
      }
    }
    this.#running = undefined;
  }

  async #decideBatch(jobs: readonly PendingJob[]): Promise<void> {
    this.counters.batches++;
    this.counters.jobs += jobs.length;
    const at = this.#userCache.decisionTime();
    const { users, missing } = this.#cachedUsers(jobs);
    if (missing.size > 0) {
      for (const [id, user] of await this.#userCache.load([...missing])) users.set(id, user);
    }
    const keys = idempotencyKeysOf(jobs);
    const idempotencyRecords = keys.length === 0 ? new Map() : await this.#findIdempotencyRecords(keys);
    const { spentChallenges } = this.#userCache;
    this.#spentInBatch.clear();
    const batch = new DecisionBatch({
      at,
      jobs,
      users,
      loaded: missing,
      idempotencyRecords,
      spentChallenges,
      spentInBatch: this.#spentInBatch,
      entryQuota: this.#entryQuota,
      random: this.#random,
    });
    batch.decide(await computeEvidence(batch.gatherEvidence(), (requests) => this.#computeMacs(requests)));
    const unconfirmed = batch.usersWithoutEntry();
    const [outcomes, latest] = await Promise.all([
      batch.decisions.length === 0 ? [] : this.#store.append(batch.decisions),
      unconfirmed.length === 0 ? NO_RECORDS : this.#readLatest(unconfirmed),
    ]);
    this.#settle(batch, outcomes, latest);
  }

  /** Returns the jobs' users that are new or cached, and the ids of the others. */
  #cachedUsers(jobs: readonly PendingJob[]): { users: Map<UserId, User>; missing: ReadonlySet<UserId> } {
    const users = new Map<UserId, User>();
    const missing = new Set<UserId>();
    for (const { job } of jobs) {
      if (users.has(job.userId)) continue;
      const user = job.newUser ?? this.#userCache.getMaybeStale(job.userId);
      if (user) users.set(job.userId, user);
      else missing.add(job.userId);
    }
    return { users, missing };
  }

  async #findIdempotencyRecords(keys: readonly IdempotencyKey[]): Promise<Map<string, IdempotencyRecord>> {
    const records = new Map<string, IdempotencyRecord>();
    const found = await this.#store.findIdempotencyRecords(keys);
    keys.forEach(({ userId, key }, index) => {
      const record = found[index];
      if (record) records.set(recordId(userId, key), record);
    });
    return records;
  }

  /** Returns the vault's error instead of throwing it: jobs that need no MAC are decided without the vault. */
  async #computeMacs(requests: readonly MacRequest[]): Promise<Macs | Error> {
    try {
      return await this.#vault.computeMacs(requests);
    } catch (error) {
      return asError(error);
    }
  }

  /**
   * Reads the users' latest versions, without the spent challenges.
   *
   * Why: docs/DECISIONS.md#results-without-an-entry-are-checked
   */
  async #readLatest(ids: readonly UserId[]): Promise<LatestRecords> {
    try {
      const records = await this.#store.load(ids, Number.POSITIVE_INFINITY);
      return new Map(ids.map((id, index) => [id, records[index]]));
    } catch (error) {
      // Fails these users' jobs alone: the entries of the others may have been appended.
      return asError(error);
    }
  }

  #settle(batch: DecisionBatch, outcomes: readonly AppendOutcome[], latest: LatestRecords): void {
    const committed: ChainedEntry[] = [];
    const stale = new Set<UserId>();
    const retries: PendingJob[] = [...batch.retries];
    const lost = batch.usersNotAppended(outcomes);
    for (const { pending, result, entry, user, decision, basedOnVersion } of batch.proposals) {
      const { job } = pending;
      const id = job.userId;
      if (basedOnVersion !== undefined) {
        if (batch.hasEntryAbout(id)) {
          if (lost.has(id)) stale.add(id);
        } else if (latest instanceof Error) {
          pending.reject(latest);
          continue;
        } else if (latest.get(id)?.version !== basedOnVersion) stale.add(id);
      }
      const outcome = decision === undefined ? 'appended' : outcomes[decision];
      if (stale.has(id) || outcome === 'superseded') {
        // Later decisions of this batch about the user were based on the entry that lost.
        stale.add(id);
        retries.push(pending);
      } else if (outcome === 'conflict') {
        stale.add(id);
        if (job.conflict) pending.resolve({ result: job.conflict(), entry: undefined });
        else pending.reject(new Error('a row of the decision is taken'));
      } else {
        if (entry && user) {
          this.counters.entries++;
          committed.push(entry);
          this.#userCache.put(user);
          if (entry.challenge) this.#userCache.spentChallenges.add(entry.challenge, batch.at);
        }
        pending.resolve({ result, entry });
      }
    }
    for (const id of batch.overQuota) for (const listener of this.#overQuotaListeners) listener(id);
    for (const id of stale) this.#userCache.evict(id);
    // A retry is decided on the user in the store, whatever else this batch decided about them.
    for (const { job } of batch.retries) this.#userCache.evict(job.userId);
    this.#requeue(retries);
    if (committed.length > 0) for (const listener of this.#commitListeners) listener(committed);
  }

  /** Puts superseded jobs at the head of the queue. */
  #requeue(retries: readonly PendingJob[]): void {
    const kept: PendingJob[] = [];
    for (const pending of retries) {
      this.counters.superseded++;
      if (++pending.attempts < LIMITS.attemptsPerDecisionMax) kept.push(pending);
      else pending.reject(new StoreUnavailable('the user is being decided about elsewhere without a pause'));
    }
    this.#queue.putBack(kept);
  }

  #reportBatch(jobs: number, startedAt: number, failed: boolean): void {
    const report = { jobs, durationMs: performance.now() - startedAt, failed };
    for (const listener of this.#batchListeners) listener(report);
  }
}

const NO_RECORDS: LatestRecords = new Map();

/**
 * Returns the jobs that are still within their time, and rejects the others.
 *
 * Why: docs/DECISIONS.md#decisions-expire-after-ten-seconds
 */
function rejectExpired(jobs: readonly PendingJob[], now: number): readonly PendingJob[] {
  if (jobs.every(({ expiresAt }) => expiresAt > now)) return jobs;
  return jobs.filter(({ expiresAt, reject }) => {
    if (expiresAt > now) return true;
    reject(new StoreUnavailable('the decision could not be made in time: nothing was written'));
    return false;
  });
}

function idempotencyKeysOf(jobs: readonly PendingJob[]): IdempotencyKey[] {
  const keys: IdempotencyKey[] = [];
  for (const { job } of jobs) {
    if (job.idempotencyKey !== undefined) keys.push({ userId: job.userId, key: job.idempotencyKey });
  }
  return keys;
}
