import { StoreUnavailable } from '../domain/errors.ts';
import { SpentChallenges } from '../domain/spent-challenges.ts';
import { LIMITS } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { AppendOutcome, IdempotentAnswer, Store, UserId } from '../ports/store.ts';
import type { ChainedEntry, Decided, Job } from './job.ts';
import { answerId, gatherEvidence, NO_MACS, type Pending, Round } from './round.ts';
import { type User, userFrom } from './user.ts';
import { UserCache } from './user-cache.ts';

export type CommitListener = (entries: readonly ChainedEntry[]) => void;

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
 * made again on what is.
 */
export class Decider {
  readonly counters: DeciderCounters = { batches: 0, jobs: 0, entries: 0, superseded: 0 };
  readonly #store: Store;
  readonly #vault: KeyVault;
  readonly #clock: Clock;
  readonly #challengeTtlMs: number;
  readonly #users: UserCache;
  readonly #spent: SpentChallenges;
  readonly #listeners = new Set<CommitListener>();
  #queue: Pending[] = [];
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
    this.#users = new UserCache(parts.usersCachedMax ?? LIMITS.usersCachedMax);
    this.#spent = new SpentChallenges(parts.challengeTtlMs);
  }

  /** Told of entries once they are committed, in the order of their append. Must not throw, and not take long. */
  subscribe(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
      this.#queue.push({ job, resolve: resolve as Pending['resolve'], reject, attempts: 0 });
      this.#running ??= this.#run();
    });
  }

  /** The user as last known here: for reads, and for refusing early. Only a decision is certain. */
  async peek(id: UserId): Promise<User | undefined> {
    return this.#users.get(id) ?? (await this.#load([id])).get(id);
  }

  /**
   * The user as the store has them: for what would be refused on what is in memory and may be of before. Anyone can
   * make a server ask this of anyone, so the challenges spent, of which a busy user has thousands, are read only
   * where there is a newer entry.
   */
  async reread(id: UserId): Promise<User | undefined> {
    const known = this.#users.get(id);
    if (!known) return this.peek(id);
    const [record] = await this.#store.load([id], Number.POSITIVE_INFINITY);
    if (record?.version !== known.version) {
      this.#users.delete(id);
      return this.peek(id);
    }
    const user = userFrom(record);
    if (this.#users.get(id) === known) this.#users.set(id, user);
    return user;
  }

  /** The user if they are in memory: for the hot path, which does without a promise. */
  cached(id: UserId): User | undefined {
    return this.#users.get(id);
  }

  /** Forgets users, so that they are read again: their rows were changed outside a decision. */
  forget(ids?: Iterable<UserId>): void {
    if (!ids) this.#users.clear();
    else for (const id of ids) this.#users.delete(id);
  }

  /** Resolves when all that was submitted has been answered. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // After the poll phase: what the other sockets had ready in this turn rides along.
      await new Promise(setImmediate);
      const batch = this.#queue.splice(0, LIMITS.batchMax);
      try {
        await this.#decideBatch(batch);
      } catch (error) {
        // The outcome may be unknown: nothing remembered about these users is to be trusted.
        for (const pending of batch) {
          this.#users.delete(pending.job.userId);
          pending.reject(error);
        }
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
    // With margins: the server that wrote an entry may have another idea of now, and this one's may step back.
    const spentSince = this.#decisionTime() - this.#challengeTtlMs - 2 * LIMITS.clockSkewMs;
    const stepsBack = this.#clockStepsBack;
    const records = await this.#store.load(ids, spentSince);
    if (stepsBack !== this.#clockStepsBack) return this.#load(ids);
    const users = new Map<UserId, User>();
    for (const record of records) {
      if (!record) continue;
      for (const nonce of record.spentChallenges) this.#spent.add(nonce, this.now());
      const known = this.#users.get(record.userId);
      // A decision may have been committed while this was read.
      const user = known && known.version >= record.version ? known : userFrom(record);
      this.#users.set(user.id, user);
      users.set(user.id, user);
    }
    return users;
  }

  async #decideBatch(batch: readonly Pending[]): Promise<void> {
    this.counters.batches++;
    this.counters.jobs += batch.length;
    const at = this.#decisionTime();
    const { users, read } = await this.#usersOf(batch);
    const answers = await this.#answersOf(batch);
    const round = new Round(at, users, answers, this.#spent);
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
      const pending = batch[index] as Pending;
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
      if (maybeStale && own.includes(undefined)) round.redo(pending);
      else round.decide(pending, own, maybeStale);
    }

    const outcomes = round.decisions.length === 0 ? [] : await this.#store.append(round.decisions);
    this.#settle(round, outcomes);
  }

  #settle(round: Round, outcomes: readonly AppendOutcome[]): void {
    const at = round.at;
    const committed: ChainedEntry[] = [];
    const stale = new Set<UserId>();
    const again: Pending[] = [...round.again];
    for (const { pending, result, entry, user, decision } of round.proposals) {
      const id = pending.job.userId;
      const outcome = decision === undefined ? 'appended' : outcomes[decision];
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
          this.#users.set(id, user);
          if (entry.challenge) this.#spent.add(entry.challenge, at);
        }
        pending.resolve({ result, entry });
      }
    }
    for (const id of stale) this.#users.delete(id);
    // Whatever was decided about them beside: what is to be decided again is decided on what the store has.
    for (const { job } of round.again) this.#users.delete(job.userId);
    this.#requeue(again);
    if (committed.length > 0) for (const listener of this.#listeners) listener(committed);
  }

  #requeue(again: readonly Pending[]): void {
    const kept: Pending[] = [];
    for (const pending of again) {
      this.counters.superseded++;
      if (++pending.attempts < LIMITS.attemptsPerDecisionMax) kept.push(pending);
      else pending.reject(new StoreUnavailable('the user is being decided about elsewhere without a pause'));
    }
    if (kept.length > 0) this.#queue = kept.concat(this.#queue);
  }

  /** `read`: whom of them the store was asked for just now. */
  async #usersOf(
    batch: readonly Pending[],
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

  async #answersOf(batch: readonly Pending[]): Promise<Map<string, IdempotentAnswer>> {
    const answers = new Map<string, IdempotentAnswer>();
    const keys: { userId: UserId; key: string }[] = [];
    for (const { job } of batch) {
      if (job.answerKey !== undefined) keys.push({ userId: job.userId, key: job.answerKey });
    }
    if (keys.length === 0) return answers;
    const found = await this.#store.findAnswers(keys);
    keys.forEach(({ userId, key }, index) => {
      const answer = found[index];
      if (answer) answers.set(answerId(userId, key), answer);
    });
    return answers;
  }
}
