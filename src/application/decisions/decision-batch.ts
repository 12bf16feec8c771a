import type { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { encodeBody } from '../../domain/journal/entry.ts';
import { chainHash } from '../../domain/journal/hash-chain.ts';
import { encodeState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { AppendOutcome, Decision, IdempotencyRecord, SideRow, UserId } from '../../ports/store.ts';
import { type User, withRows } from '../users/user.ts';
import type { ChainedEntry, Decided, Draft, Facts, Job, Proposal } from './job.ts';

/** A job that somebody waits for. */
export interface PendingJob {
  readonly job: Job<unknown>;
  readonly resolve: (decided: Decided<unknown>) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
  /** ms of `performance.now()`: after that it is not decided any more. */
  readonly expiresAt: number;
}

export const NO_MACS: readonly (Uint8Array | undefined)[] = Object.freeze([]);

export interface Proposed {
  readonly pending: PendingJob;
  readonly result: unknown;
  readonly entry: ChainedEntry | undefined;
  readonly user: User | undefined;
  /** Index among the decisions to append. */
  readonly decision: number | undefined;
  /** Without an entry, on a user who was in memory: the version that must still be their latest. */
  readonly basedOnVersion?: number;
}

interface Chained {
  readonly entry: ChainedEntry;
  readonly rows: readonly SideRow[];
}

/** One batch in the making: users as the decisions made so far leave them. */
export class DecisionBatch {
  readonly decisions: Decision[] = [];
  readonly proposals: Proposed[] = [];
  readonly retries: PendingJob[] = [];
  readonly at: number;
  readonly #users: Map<UserId, User>;
  readonly #idempotencyRecords: Map<string, IdempotencyRecord>;
  readonly #spent: SpentChallenges;
  readonly #spentHere = new Set<string>();
  readonly #guarded = new Set<UserId>();
  readonly #facts: Facts;

  constructor(
    at: number,
    users: Map<UserId, User>,
    idempotencyRecords: Map<string, IdempotencyRecord>,
    spent: SpentChallenges,
  ) {
    this.at = at;
    this.#users = users;
    this.#idempotencyRecords = idempotencyRecords;
    this.#spent = spent;
    const isSpent = (nonce: string) => this.#spentHere.has(nonce) || this.#spent.has(nonce);
    this.#facts = { at, isSpent, idempotencyRecord: undefined };
  }

  user(id: UserId): User | undefined {
    return this.#users.get(id);
  }

  factsFor(job: Job<unknown>): Facts {
    if (job.idempotencyKey === undefined) return this.#facts;
    return {
      ...this.#facts,
      idempotencyRecord: this.#idempotencyRecords.get(recordId(job.userId, job.idempotencyKey)),
    };
  }

  retry(pending: PendingJob): void {
    this.retries.push(pending);
  }

  /** @param maybeStale the user was in memory, and may have changed on another server since */
  decide(pending: PendingJob, macs: readonly (Uint8Array | undefined)[], maybeStale: boolean): void {
    const { job } = pending;
    const user = this.user(job.userId);
    let proposal: Proposal<unknown>;
    let chained: Chained | undefined;
    try {
      proposal = job.decide(user, this.factsFor(job), macs);
      chained = user && proposal.draft && this.#entryAndRows(user, proposal.draft);
    } catch (error) {
      // A fault in one decision is that caller's alone.
      pending.reject(error);
      return;
    }
    const { result, draft } = proposal;
    if (!draft || !user || !chained) {
      const without = { pending, result, entry: undefined, user: undefined, decision: undefined };
      // No entry is appended that could turn out to be superseded.
      this.proposals.push(maybeStale && user ? { ...without, basedOnVersion: user.version } : without);
      return;
    }
    const { entry, rows } = chained;
    const next: User = {
      ...(rows.length === 0 ? user : withRows(user, rows)),
      version: entry.version,
      at: entry.at,
      hash: entry.hash,
      state: draft.state,
    };
    this.#users.set(user.id, next);
    if (entry.challenge) this.#spentHere.add(entry.challenge);
    for (const row of rows) {
      if (row.kind === 'idempotency.insert') this.#idempotencyRecords.set(recordId(row.userId, row.key), row);
    }
    this.proposals.push({ pending, result, entry, user: next, decision: this.decisions.length });
    this.decisions.push(chained);
    this.#guarded.add(user.id);
  }

  /** Whether an entry about the user is among the decisions: its outcome tells of what it was decided on as well. */
  isGuarded(id: UserId): boolean {
    return this.#guarded.has(id);
  }

  /** Users in memory about whom there are results without any entry. */
  unguarded(): UserId[] {
    const ids = new Set<UserId>();
    for (const { basedOnVersion, pending } of this.proposals) {
      if (basedOnVersion !== undefined && !this.#guarded.has(pending.job.userId)) ids.add(pending.job.userId);
    }
    return [...ids];
  }

  /** Users of whom an entry was not the next one. */
  superseded(outcomes: readonly AppendOutcome[]): ReadonlySet<UserId> {
    const ids = new Set<UserId>();
    outcomes.forEach((outcome, index) => {
      const decision = this.decisions[index];
      if (outcome !== 'appended' && decision) ids.add(decision.entry.userId);
    });
    return ids;
  }

  #entryAndRows(user: User, draft: Draft): Chained {
    const entry = this.#chain(user, draft);
    const { rows = NO_ROWS } = draft;
    return { entry, rows: typeof rows === 'function' ? rows(entry) : rows };
  }

  #chain(user: User, draft: Draft): ChainedEntry {
    const version = user.version + 1;
    // A clock that was put back does not turn a user's history round.
    const at = Math.max(this.at, user.at);
    const { type, reason, detail, transaction } = draft;
    const body = encodeBody({ at, detail, reason, transaction, type, user: user.username, version });
    return {
      userId: user.id,
      version,
      at,
      type,
      state: encodeState(draft.state),
      body,
      previous: user.hash,
      hash: chainHash(user.hash, body),
      challenge: draft.challenge,
      reason,
      detail,
    };
  }
}

const NO_ROWS: readonly SideRow[] = Object.freeze([]);

export function recordId(userId: UserId, key: string): string {
  return `${userId}/${key}`;
}

/**
 * The MACs that the batch needs in one list; those of job n are from `spans[n]` to `spans[n + 1]`. `failed`: jobs that
 * threw and were answered so; a fault in one is that caller's alone.
 */
export function gatherEvidence(
  batch: readonly PendingJob[],
  round: DecisionBatch,
): { requests: MacRequest[]; spans: number[]; failed: ReadonlySet<PendingJob> } {
  const requests: MacRequest[] = [];
  const spans: number[] = [0];
  const failed = new Set<PendingJob>();
  for (const pending of batch) {
    const { job } = pending;
    const user = job.evidence && round.user(job.userId);
    try {
      if (user) for (const request of job.evidence?.(user, round.factsFor(job)) ?? []) requests.push(request);
    } catch (error) {
      failed.add(pending);
      pending.reject(error);
    }
    spans.push(requests.length);
  }
  return { requests, spans, failed };
}
