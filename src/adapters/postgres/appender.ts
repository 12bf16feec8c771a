import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { AppendOutcome, Decision, UserId } from '../../ports/store.ts';
import { Batch } from './batch.ts';
import { codeOf, isConnectionLost, isContention, storeError } from './errors.ts';
import type { KnownHeads } from './known-heads.ts';
import { Lanes } from './lane.ts';
import type { Pool } from './pool.ts';
import { UnitOfWork } from './unit-of-work.ts';

export interface AppenderOptions {
  /** For how long a call is retried. */
  readonly answerMs: number;
  /** The partition in which a sharded engine keeps a user; no unit of work spans two. PostgreSQL itself has one partition. */
  readonly partitionOf?: (userId: UserId) => number;
}

/**
 * Appends decisions by `INSERT … ON CONFLICT DO NOTHING`: an entry that was inserted has won. All statements are sent as
 * one pipelined batch; COMMIT is sent after their results are checked. A unit of work is rolled back, and the rest written
 * again, only where a loser left something behind (a row beside the entry, a later version).
 *
 * When a COMMIT gets no answer, the same entries are written again. This waits for the first unit of work if that is
 * still running; the entry's lane and number then tell whether the first one was committed.
 *
 * Why: docs/DECISIONS.md#an-unanswered-commit-is-repeated
 */
export class Appender {
  readonly #pool: Pool;
  readonly #lanes = new Lanes();
  readonly #heads: KnownHeads;
  readonly #answerMs: number;
  readonly #partitionOf: ((userId: UserId) => number) | undefined;

  constructor(pool: Pool, heads: KnownHeads, { answerMs, partitionOf }: AppenderOptions) {
    this.#answerMs = answerMs;
    this.#pool = pool;
    this.#heads = heads;
    this.#partitionOf = partitionOf;
  }

  /** @throws StoreUnavailable when the outcome is unknown or nothing was appended: the message says which */
  async append(decisions: readonly Decision[]): Promise<readonly AppendOutcome[]> {
    const partitionOf = this.#partitionOf;
    if (!partitionOf) return this.#appendBatch(decisions, 0);
    const parts = Map.groupBy(decisions.keys(), (index) =>
      partitionOf((decisions[index] as Decision).entry.userId),
    );
    const outcomes = new Array<AppendOutcome>(decisions.length).fill('superseded');
    const done = await Promise.allSettled(
      [...parts].map(async ([partition, indexes]) => {
        const part = await this.#appendBatch(
          indexes.map((index) => decisions[index] as Decision),
          partition,
        );
        indexes.forEach((index, indexInPart) => {
          outcomes[index] = part[indexInPart] as AppendOutcome;
        });
      }),
    );
    const failed = done.filter((part) => part.status === 'rejected').map(({ reason }) => reason as unknown);
    if (failed.length > 0) throw asWhole(failed, done.length);
    return outcomes;
  }

  async #appendBatch(decisions: readonly Decision[], partition: number): Promise<readonly AppendOutcome[]> {
    const batch = new Batch(decisions);
    const unit = new UnitOfWork(batch, this.#heads, this.#lanes, partition);
    const until = performance.now() + this.#answerMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const done = await this.#pool.use('decisions', (connection) => unit.tryOn(connection));
        if (done) return batch.outcomes;
        if (attempt >= LIMITS.storeAttemptsMax) {
          throw new StoreUnavailable(
            'the database cannot answer: others changed the same rows without a pause',
          );
        }
      } catch (error) {
        const isLast = attempt >= LIMITS.storeAttemptsMax || performance.now() >= until;
        if (isLast || !isWorthAnotherTry(error)) throw withDoubt(error, unit);
        await delay(1 + Math.random() * Math.min(100, 5 * 2 ** attempt));
      }
    }
  }
}

/**
 * The error for the caller of several parts, of which some failed: where any was appended, none may be said not to be.
 *
 * Why: docs/DECISIONS.md#on-citus-a-call-is-cut-by-shard
 */
function asWhole(failed: readonly unknown[], parts: number): unknown {
  const fault = failed.find((error) => !(error instanceof StoreUnavailable));
  if (fault !== undefined || failed.length === parts) return fault ?? failed[0];
  const { message } = failed[0] as StoreUnavailable;
  return new StoreUnavailable(`the outcome is unknown: some shards answered; ${message}`, {
    cause: failed[0],
  });
}

/** Whether the attempt left nothing behind, or the next attempt can find out what it left. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof StoreUnavailable || !(storeError(error) instanceof StoreUnavailable)) return false;
  if (isContention(error) || isConnectionLost(error)) return true;
  // 55P03, 57014: the rows are locked, perhaps by this server's own unit of work on a broken connection.
  return codeOf(error) === '55P03' || codeOf(error) === '57014';
}

/** The error for the caller; it says so when an earlier attempt may have been committed. */
function withDoubt(error: unknown, unit: UnitOfWork): unknown {
  const known = storeError(error);
  if (!unit.inDoubt || !(known instanceof StoreUnavailable)) return known;
  return new StoreUnavailable(`the outcome is unknown: ${known.message}`, { cause: error });
}
