import type { Decision, UserId } from '../../ports/store.ts';
import type { Batch, Run } from './batch.ts';
import type { Connection } from './connection.ts';
import { commitDurably, confirm } from './durable.ts';
import { isConnectionLost, isFromServer } from './errors.ts';
import type { KnownHeads } from './known-heads.ts';
import { type Found, PipelinedBatch } from './pipelined-batch.ts';

/** A unit of work whose COMMIT was sent and not answered, and one of its entries. */
interface Doubt {
  readonly xid: string;
  readonly userId: UserId;
  readonly version: number;
}

const WRITER = {
  name: 'journal_writer',
  text: 'SELECT xid::text FROM journal WHERE user_id = $1 AND version = $2',
};

/** One call's decisions on their way into the database, however many tries it takes. */
export class UnitOfWork {
  readonly #batch: Batch;
  readonly #heads: KnownHeads;
  #doubt: Doubt | undefined;

  constructor(batch: Batch, heads: KnownHeads) {
    this.#batch = batch;
    this.#heads = heads;
  }

  /** Whether an earlier try may have been committed. */
  get inDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /**
   * @returns whether it is done; else something was left out, and the rest is to be tried again
   * @throws what the server or the driver says; a mistake of the caller's, for a decision that changes what is not there
   */
  async tryOn(connection: Connection): Promise<boolean> {
    const runs = this.#batch.runs();
    if (runs.length === 0) return true;
    const { era } = this.#heads;
    const flight = new PipelinedBatch(this.#batch, runs, this.#heads);
    let keeps: boolean;
    let found: Found;
    try {
      found = await flight.send(connection);
      if (this.#doubt && (await this.#wasCommitted(connection, this.#doubt, found))) {
        this.#conclude(runs, era);
        return true;
      }
      keeps = judge(this.#batch, runs, found);
    } catch (error) {
      await rollback(connection, error);
      throw error;
    }
    const [first] = runs.filter(({ indexes }) => indexes.length > 0);
    if (!keeps || !first) {
      await connection.run('ROLLBACK');
      return !first;
    }
    const { userId, version } = this.#batch.entryAt(first, 0);
    this.#doubt = { xid: found.xid, userId, version };
    await commitDurably(connection);
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
   * Writing its entry again has waited for the unit of work in doubt, if that was still under way. By now it was
   * committed, and the entry is its own, or it never will be.
   */
  async #wasCommitted(connection: Connection, doubt: Doubt, { inserted }: Found): Promise<boolean> {
    const { xid, userId, version } = doubt;
    if (!inserted(userId, version)) {
      const { rows } = await connection.run(WRITER, [userId, version]);
      if (rows[0]?.[0] === xid) {
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
 * Leaves out what lost.
 * @returns whether what was written may be committed as it is
 * @throws for a decision that changes what is not there
 */
function judge(batch: Batch, runs: readonly Run[], { inserted, gaps, written }: Found): boolean {
  let keeps = true;
  let lost = false;
  for (const run of runs) {
    const isThere = (place: number) => {
      const { userId, version } = batch.entryAt(run, place);
      return inserted(userId, version);
    };
    const { length } = run.indexes;
    let place = 0;
    if (!gaps.has(run.userId)) while (place < length && isThere(place)) place++;
    if (place === length) continue;
    lost = true;
    for (let index = place; index < length; index++) {
      const { rows } = batch.decisions[run.indexes[index] as number] as Decision;
      if (rows.length > 0 || isThere(index)) keeps = false;
    }
    batch.cut(run, place, 'superseded');
  }
  // Whether a row is taken may be due to one that is now taken back: that is seen in the next try.
  if (lost && !keeps) return false;
  for (const run of runs) {
    const place = run.indexes.findIndex((index) => (written.get(index) ?? 'written') !== 'written');
    if (place < 0) continue;
    if (written.get(run.indexes[place] as number) === 'missing') {
      throw new Error('a decision changes a row that is not there');
    }
    batch.cut(run, place, 'conflict');
    keeps = false;
  }
  return keeps;
}

async function rollback(connection: Connection, error: unknown): Promise<void> {
  if (connection.lost || (isFromServer(error) && isConnectionLost(error))) return;
  try {
    await connection.run('ROLLBACK');
  } catch {
    // Then the connection is of no use, and whoever has it next finds that out.
    connection.destroy();
  }
}
