import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { AppendOutcome, Decision, UserId } from '../../ports/store.ts';
import { Batch } from './batch.ts';
import { codeOf, isConnectionLost, isContention, storeError } from './errors.ts';
import type { KnownHeads } from './known-heads.ts';
import type { Pool } from './pool.ts';
import { UnitOfWork } from './unit-of-work.ts';

export interface AppenderOptions {
  /** How long a call is tried again. */
  readonly answerMs: number;
  /** Where a sharded engine keeps a user: no unit of work spans two. One place for all on PostgreSQL itself. */
  readonly partitionOf?: (userId: UserId) => number;
}

/**
 * Appends decisions by `INSERT … ON CONFLICT DO NOTHING`: what was inserted has won. All statements are sent in one
 * flight, then it is looked at, then COMMIT is sent. Only what lost and left something behind (a row beside the entry, a
 * later version) is taken back, and the rest written again.
 *
 * Where a COMMIT is not answered, the outcome is found out: the same entries are written again, which waits for the
 * first unit of work if that is still under way, and whose the entry then is tells what became of it.
 */
export class Appender {
  readonly #pool: Pool;
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
    if (!partitionOf) return this.#appendBatch(decisions);
    const parts = Map.groupBy(decisions.keys(), (index) =>
      partitionOf((decisions[index] as Decision).entry.userId),
    );
    const outcomes = new Array<AppendOutcome>(decisions.length).fill('superseded');
    await Promise.all(
      [...parts.values()].map(async (indexes) => {
        const part = await this.#appendBatch(indexes.map((index) => decisions[index] as Decision));
        indexes.forEach((index, place) => {
          outcomes[index] = part[place] as AppendOutcome;
        });
      }),
    );
    return outcomes;
  }

  async #appendBatch(decisions: readonly Decision[]): Promise<readonly AppendOutcome[]> {
    const batch = new Batch(decisions);
    const unit = new UnitOfWork(batch, this.#heads);
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
        if (isLast || !isWorthAnotherTry(error)) throw told(error, unit);
        await delay(1 + Math.random() * Math.min(100, 5 * 2 ** attempt));
      }
    }
  }
}

/** Nothing of the try stays, or what stays is found out by the next one. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof StoreUnavailable || !(storeError(error) instanceof StoreUnavailable)) return false;
  if (isContention(error) || isConnectionLost(error)) return true;
  // The rows are locked by a unit of work that may be one of this server's own, cut off.
  return codeOf(error) === '55P03' || codeOf(error) === '57014';
}

function told(error: unknown, unit: UnitOfWork): unknown {
  const seen = storeError(error);
  if (!unit.inDoubt || !(seen instanceof StoreUnavailable)) return seen;
  return new StoreUnavailable(`the outcome is unknown: ${seen.message}`, { cause: error });
}
