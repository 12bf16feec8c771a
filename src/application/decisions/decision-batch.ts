import type { NonceSet } from '../../domain/challenge/nonce-set.ts';
import type { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { refuse } from '../../domain/errors.ts';
import type { Random } from '../../ports/random.ts';
import type { AppendOutcome, Decision, IdempotencyRecord, SideRow, UserId } from '../../ports/store.ts';
import { type User, withRows } from '../users/user.ts';
import { asError } from './batch-evidence.ts';
import { chainEntry } from './chain-entry.ts';
import type { EntryQuota } from './entry-quota.ts';
import { type Evidence, type Macs, NO_EVIDENCE } from './evidence.ts';
import type { ChainedEntry, Facts, Job, PendingJob, Proposal } from './job.ts';

/** What a job decided, to be settled once the batch is appended. */
export interface Proposed {
  readonly pending: PendingJob;
  readonly result: unknown;
  readonly entry: ChainedEntry | undefined;
  /** The user as the entry leaves them. */
  readonly user: User | undefined;
  /** The entry's index in `decisions`. */
  readonly decision: number | undefined;
  /** The version of a cached user about whom the result has no entry: it is final only if that is still the latest. */
  readonly basedOnVersion?: number;
}

/** One batch of jobs: decides them in order, each on its user as the decisions before left them. */
export class DecisionBatch {
  /** To append. */
  readonly decisions: Decision[] = [];
  readonly proposals: Proposed[] = [];
  /** Jobs to decide again whatever the outcome of the append. */
  readonly retries: PendingJob[] = [];
  readonly at: number;
  readonly #jobs: readonly PendingJob[];
  readonly #users: Map<UserId, User>;
  readonly #loaded: ReadonlySet<UserId>;
  readonly #idempotencyRecords: Map<string, IdempotencyRecord>;
  readonly #spentInBatch: NonceSet;
  readonly #usersWithEntry = new Set<UserId>();
  /** Users whose MAC key a decision of this batch replaced: MACs that were computed before are of the old one. */
  readonly #usersWithNewMacKey = new Set<UserId>();
  readonly #facts: Facts;
  readonly #entryQuota: EntryQuota;
  readonly #random: Random;
  /** The users about whom an entry was refused by the quota, one for each such entry. */
  readonly overQuota: UserId[] = [];

  constructor(parts: {
    /** The time of the decisions, ms since 1970. */
    readonly at: number;
    readonly jobs: readonly PendingJob[];
    readonly users: Map<UserId, User>;
    /** The users who were read from the store for this batch; the others were cached and may be stale. */
    readonly loaded: ReadonlySet<UserId>;
    /** By `recordId`. */
    readonly idempotencyRecords: Map<string, IdempotencyRecord>;
    readonly spentChallenges: SpentChallenges;
    /** Empty: for the challenges that this batch spends. */
    readonly spentInBatch: NonceSet;
    readonly entryQuota: EntryQuota;
    readonly random: Random;
  }) {
    const { at, spentChallenges, spentInBatch } = parts;
    this.at = at;
    this.#jobs = parts.jobs;
    this.#entryQuota = parts.entryQuota;
    this.#random = parts.random;
    this.#users = parts.users;
    this.#loaded = parts.loaded;
    this.#idempotencyRecords = parts.idempotencyRecords;
    this.#spentInBatch = spentInBatch;
    const isSpent = (nonce: string) => spentInBatch.has(nonce) || spentChallenges.has(nonce);
    this.#facts = { at, isSpent, idempotencyRecord: undefined };
  }

  /** Asks each job for the MACs it needs. @returns for each what it needs, or what it threw: a fault fails its caller alone */
  gatherEvidence(): readonly (Evidence | Error)[] {
    return this.#jobs.map(({ job }) => {
      const user = job.evidence && this.#users.get(job.userId);
      if (!user) return NO_EVIDENCE;
      try {
        return job.evidence?.(user, this.#factsFor(job)) ?? NO_EVIDENCE;
      } catch (error) {
        return asError(error);
      }
    });
  }

  /** @param evidence for each job its MACs, or the error that fails it */
  decide(evidence: readonly (Macs | Error)[]): void {
    for (let index = 0; index < this.#jobs.length; index++) {
      const pending = this.#jobs[index] as PendingJob;
      const macs = evidence[index] as Macs | Error;
      if (macs instanceof Error) pending.reject(macs);
      else this.#decideJob(pending, macs);
    }
  }

  #decideJob(pending: PendingJob, macs: Macs): void {
    const { job } = pending;
    const maybeStale = job.newUser === undefined && !this.#loaded.has(job.userId);
    // The key may have been wrapped again since the user was loaded: load them once more before it counts as damaged.
    const ofOldMacKey = macs.length > 0 && this.#usersWithNewMacKey.has(job.userId);
    if (ofOldMacKey || ((maybeStale || pending.attempts === 0) && macs.includes(undefined))) {
      this.retries.push(pending);
      return;
    }
    const user = this.#users.get(job.userId);
    let proposal: Proposal<unknown>;
    let decision: { readonly entry: ChainedEntry; readonly rows: readonly SideRow[] } | undefined;
    try {
      proposal = job.decide(user, this.#factsFor(job), macs);
      if (user && proposal.draft) {
        // A job that is decided again has its token already.
        const waitMs = pending.attempts === 0 ? this.#entryQuota.take(user, proposal.draft, job.origin) : 0;
        if (waitMs > 0) return void this.#refuseEntry(pending, user, waitMs);
        const entry = chainEntry(user, proposal.draft, this.at, this.#random);
        const { rows = NO_ROWS, rowsOfEntry } = proposal.draft;
        decision = { entry, rows: rowsOfEntry ? [...rows, ...rowsOfEntry(entry)] : rows };
      }
    } catch (error) {
      // A fault in one decision fails its caller alone.
      pending.reject(error);
      return;
    }
    const { result, draft } = proposal;
    if (!draft || !user || !decision) {
      const without = { pending, result, entry: undefined, user: undefined, decision: undefined };
      this.proposals.push(maybeStale && user ? { ...without, basedOnVersion: user.version } : without);
      return;
    }
    const { entry, rows } = decision;
    const next: User = {
      ...(rows.length === 0 ? user : withRows(user, rows)),
      version: entry.version,
      at: entry.at,
      hash: entry.hash,
      state: draft.state,
    };
    this.#users.set(user.id, next);
    this.#usersWithEntry.add(user.id);
    if (entry.challenge) this.#spentInBatch.add(entry.challenge);
    for (const row of rows) {
      if (row.kind === 'user.update' && row.macKey !== undefined) this.#usersWithNewMacKey.add(user.id);
      if (row.kind === 'idempotency.insert') this.#idempotencyRecords.set(recordId(row.userId, row.key), row);
    }
    this.proposals.push({ pending, result, entry, user: next, decision: this.decisions.length });
    this.decisions.push(decision);
  }

  #refuseEntry(pending: PendingJob, user: User, retryAfterMs: number): void {
    this.overQuota.push(user.id);
    const result = refuse('rate_limited', { retryAfterMs });
    this.proposals.push({ pending, result, entry: undefined, user: undefined, decision: undefined });
  }

  #factsFor(job: Job<unknown>): Facts {
    if (job.idempotencyKey === undefined) return this.#facts;
    return {
      ...this.#facts,
      idempotencyRecord: this.#idempotencyRecords.get(recordId(job.userId, job.idempotencyKey)),
    };
  }

  /** Whether `decisions` has an entry about the user: its outcome tells whether the user was stale. */
  hasEntryAbout(id: UserId): boolean {
    return this.#usersWithEntry.has(id);
  }

  /** Lists the cached users about whom there are results and no entry: nothing in the append tells whether they were stale. */
  usersWithoutEntry(): UserId[] {
    const ids = new Set<UserId>();
    for (const { basedOnVersion, pending } of this.proposals) {
      const id = pending.job.userId;
      if (basedOnVersion !== undefined && !this.#usersWithEntry.has(id)) ids.add(id);
    }
    return [...ids];
  }

  /** Returns the users with an entry that was superseded or in conflict. */
  usersNotAppended(outcomes: readonly AppendOutcome[]): ReadonlySet<UserId> {
    const ids = new Set<UserId>();
    outcomes.forEach((outcome, index) => {
      const decision = this.decisions[index];
      if (outcome !== 'appended' && decision) ids.add(decision.entry.userId);
    });
    return ids;
  }
}

const NO_ROWS: readonly SideRow[] = Object.freeze([]);

/** Identifies an idempotency record across users. */
export function recordId(userId: UserId, key: string): string {
  return `${userId}/${key}`;
}
