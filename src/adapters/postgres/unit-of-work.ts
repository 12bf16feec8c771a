import type { Decision, UserId } from '../../ports/store.ts';
import type { Batch, Run } from './batch.ts';
import type { Connection } from './connection.ts';
import { isConnectionLost, isFromServer } from './errors.ts';
import type { KnownHeads } from './known-heads.ts';
import type { Lanes } from './lane.ts';
import { type BatchResult, PipelinedBatch } from './pipelined-batch.ts';
import { commitDurably, confirm } from './synchronous-commit.ts';

/** A unit of work whose COMMIT was sent but not answered, and one of its entries. */
interface Doubt {
  readonly lane: number;
  readonly seq: number;
  readonly userId: UserId;
  readonly version: number;
}

const WRITER = {
  name: 'journal_writer',
  text: 'SELECT lane, seq FROM journal WHERE user_id = $1 AND version = $2',
};

/**
 * Writes one call's decisions, in as many attempts as it takes.
 *
 * Why: docs/DECISIONS.md#an-append-is-two-pipelined-batches
 */
export class UnitOfWork {
  readonly #batch: Batch;
  readonly #heads: KnownHeads;
  readonly #lanes: Lanes;
  readonly #partition: number;
  #doubt: Doubt | undefined;

  /** @param partition in which the sharded engine keeps all the batch's users */
  constructor(batch: Batch, heads: KnownHeads, lanes: Lanes, partition: number) {
    this.#batch = batch;
    this.#heads = heads;
    this.#lanes = lanes;
    this.#partition = partition;
  }

  /** Whether an earlier attempt may have been committed. */
  get inDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /**
   * Makes one attempt.
   * @returns whether the call is done; if not, losers were removed and the rest needs another attempt
   * @throws errors of the server or the driver; a bug of the caller, for a decision that changes a row that does not exist
   */
  async tryOn(connection: Connection): Promise<boolean> {
    const runs = this.#batch.runs();
    if (runs.length === 0) return true;
    const { era } = this.#heads;
    const lane = this.#lanes.take(era, this.#partition);
    const pipelined = new PipelinedBatch(this.#batch, runs, this.#heads, lane);
    let keeps: boolean;
    let result: BatchResult;
    try {
      result = await pipelined.send(connection);
      if (this.#doubt && (await this.#wasCommitted(connection, this.#doubt, result))) {
        this.#lanes.giveBack(lane, this.#partition);
        this.#conclude(runs, era);
        return true;
      }
      keeps = removeLosers(this.#batch, runs, result);
    } catch (error) {
      await rollback(connection, error);
      // COMMIT was not sent: this attempt will never be committed, whatever became of the connection.
      this.#lanes.giveBack(lane, this.#partition);
      throw error;
    }
    const [first] = runs.filter(({ indexes }) => indexes.length > 0);
    if (!keeps || !first) {
      await connection.run('ROLLBACK');
      this.#lanes.giveBack(lane, this.#partition);
      return !first;
    }
    const { userId, version } = this.#batch.entryAt(first, 0);
    this.#doubt = { lane: lane.number, seq: lane.nextSeq, userId, version };
    // A lane whose COMMIT has no answer is not given back: nothing may follow in it.
    await commitDurably(connection);
    lane.nextSeq++;
    this.#lanes.giveBack(lane, this.#partition);
    this.#conclude(runs, era);
    return true;
  }

  #conclude(runs: readonly Run[], era: number): void {
    this.#doubt = undefined;
    for (const run of runs) {
      for (const index of run.indexes) this.#batch.outcomes[index] = 'appended';
      if (run.indexes.length > 0)
        this.#heads.learn(era, run.userId, this.#batch.entryAt(run, run.indexes.length - 1).version);
    }
  }

  /**
   * Finds out whether the unit of work in doubt was committed. Inserting its entry again has waited for it if it was
   * still running, so by now it either was committed, and the entry has its lane and number, or it never will be.
   */
  async #wasCommitted(connection: Connection, doubt: Doubt, { inserted }: BatchResult): Promise<boolean> {
    const { lane, seq, userId, version } = doubt;
    if (!inserted(userId, version)) {
      const { rows } = await connection.run(WRITER, [userId, version]);
      if (rows[0]?.[0] === lane && rows[0][1] === seq) {
        await connection.run('ROLLBACK');
        await confirm(connection);
        return true;
      }
    }
    this.#doubt = undefined;
    return false;
  }
}

/**
 * Removes from the batch the decisions that lost.
 * @returns whether the unit of work may be committed as it is: the losers wrote nothing
 * @throws for a decision that changes a row that does not exist
 */
function removeLosers(batch: Batch, runs: readonly Run[], { inserted, gaps, written }: BatchResult): boolean {
  let keeps = true;
  let lost = false;
  for (const run of runs) {
    const isInserted = (index: number) => {
      const { userId, version } = batch.entryAt(run, index);
      return inserted(userId, version);
    };
    const { length } = run.indexes;
    let firstLost = 0;
    if (!gaps.has(run.userId)) while (firstLost < length && isInserted(firstLost)) firstLost++;
    if (firstLost === length) continue;
    lost = true;
    for (let index = firstLost; index < length; index++) {
      const { rows } = batch.decisions[run.indexes[index] as number] as Decision;
      if (rows.length > 0 || isInserted(index)) keeps = false;
    }
    batch.cut(run, firstLost, 'superseded');
  }
  // A row may be taken by another one that is rolled back now, so conflicts are judged in the next attempt.
  if (lost && !keeps) return false;
  for (const run of runs) {
    const firstLost = run.indexes.findIndex((index) => (written.get(index) ?? 'written') !== 'written');
    if (firstLost < 0) continue;
    if (written.get(run.indexes[firstLost] as number) === 'missing') {
      throw new Error('a decision changes a row that is not there');
    }
    batch.cut(run, firstLost, 'conflict');
    keeps = false;
  }
  return keeps;
}

async function rollback(connection: Connection, error: unknown): Promise<void> {
  if (connection.lost || (isFromServer(error) && isConnectionLost(error))) return;
  try {
    await connection.run('ROLLBACK');
  } catch {
    // The connection cannot be used again.
    connection.destroy();
  }
}
