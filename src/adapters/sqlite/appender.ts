import { LIMITS } from '../../limits.ts';
import type { AppendOutcome, Decision } from '../../ports/store.ts';
import type { Connection } from './connection.ts';
import type { DecidedTransactions } from './decided-transactions.ts';
import { denseVersions, type Guard } from './guard.ts';
import { HeadWriter } from './head-writer.ts';
import type { JournalIndex } from './journal-index.ts';
import { JournalWriter } from './journal-writer.ts';
import type { NameClaims } from './name-claims.ts';
import type { RecentHashes } from './recent-hashes.ts';
import { SideRows } from './side-rows.ts';
import { assertSpace } from './space.ts';
import type { OnStep, Step } from './step.ts';

/** For tests. Production passes none of them. */
export interface AppenderOptions {
  readonly guard?: Guard;
  readonly onStep?: OnStep;
  readonly sweepEntriesMin?: number;
}

/** What an append writes or notes beside the journal. */
interface Beside {
  readonly decided: DecidedTransactions;
  readonly names: NameClaims;
  readonly recent: RecentHashes;
}

/** Appends decisions, and writes the heads after them. It is synchronous, so appends are never interleaved. */
export class Appender {
  readonly #connection: Connection;
  readonly #index: JournalIndex;
  readonly #guard: Guard;
  readonly #onStep: OnStep | undefined;
  readonly #journal: JournalWriter;
  readonly #rows: SideRows;
  readonly #decided: DecidedTransactions;
  readonly #recent: RecentHashes;
  readonly #sweep: HeadWriter;
  /** Set by a failed write. Whether that write was committed must be read from the journal. */
  #outcomeUnknown = false;
  /** Whether the last append failed. */
  #hasFailed = false;
  #idleTimer: NodeJS.Timeout | undefined;
  #appends = 0;
  #appendsSeen = 0;

  constructor(
    connection: Connection,
    index: JournalIndex,
    { decided, names, recent }: Beside,
    { guard, onStep, sweepEntriesMin }: AppenderOptions,
  ) {
    this.#connection = connection;
    this.#index = index;
    this.#guard = guard ?? denseVersions;
    this.#onStep = onStep;
    this.#journal = new JournalWriter(connection.database);
    this.#decided = decided;
    this.#recent = recent;
    this.#rows = new SideRows(connection.database, decided, names, (userId) => index.heads.version(userId));
    const beforeRaise = () => decided.write();
    this.#sweep = new HeadWriter(connection.database, index, { onStep, sweepEntriesMin, beforeRaise });
    this.#wakeWhenIdle();
  }

  append(decisions: readonly Decision[]): AppendOutcome[] {
    this.#connection.assertOpen();
    if (this.#outcomeUnknown) this.#recover();
    const outcomes = new Array<AppendOutcome>(decisions.length).fill('superseded');
    if (!decisions.some((decision) => this.#admits(decision))) return outcomes;
    this.#appends++;
    this.#step('append.begin');
    // Until the write is done; a failure throws and leaves it so.
    this.#hasFailed = true;
    this.#write(() => {
      this.#step('append.begun');
      let entries = 0;
      decisions.forEach((decision, index) => {
        if (!this.#admits(decision)) return;
        if (decision.rows.length > 0 && !this.#writeRows(decision)) {
          outcomes[index] = 'conflict';
          return;
        }
        this.#stage(decision);
        outcomes[index] = 'appended';
        entries++;
      });
      if (entries === 0) return false;
      this.#journal.flush();
      this.#step('append.entries_written');
      this.#decided.writeMany();
      this.#sweep.write(this.#sweep.share(entries));
      this.#step('append.heads_written');
      return true;
    }, 'append.committed');
    this.#hasFailed = false;
    this.#wakeWhenIdle();
    return outcomes;
  }

  /**
   * Since an append failed, and until one succeeds, it also wants space for a batch: the log's pages that are free for
   * reuse take a small write on a full disk.
   * @throws StoreUnavailable when the file does not take a change now
   */
  ping(): void {
    if (this.#outcomeUnknown) this.#recover();
    if (this.#hasFailed) assertSpace(this.#connection.database);
    this.#connection.write(() => undefined);
  }

  /** Runs a unit of work that appends no entry. */
  change<T>(work: () => T): T {
    if (this.#outcomeUnknown) this.#recover();
    return this.#connection.write(work);
  }

  /** Writes all heads, so that the next start need not read the journal. */
  finish(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    if (this.#outcomeUnknown) this.#recover();
    if (!this.#sweep.isComplete) this.#writeHeads(() => this.#sweep.writeAll());
  }

  #admits({ entry }: Decision): boolean {
    return this.#guard.admits(this.#index.heads.version(entry.userId), entry.version);
  }

  #writeRows(decision: Decision): boolean {
    const written = this.#rows.write(decision);
    this.#step('append.row_written');
    return written;
  }

  #stage({ entry }: Decision): void {
    const { heads } = this.#index;
    const position = ++this.#index.last;
    this.#journal.stage(entry, position, heads.position(entry.userId));
    this.#recent.put(position, entry.hash);
    heads.advance(entry.userId, entry.version, position);
  }

  #writeHeads(write: () => void): void {
    this.#write(() => {
      this.#step('sweep.begun');
      write();
      this.#step('sweep.written');
      return true;
    }, 'sweep.committed');
  }

  /** Restores memory to its state before the call when anything fails. `work` returns whether there is something to commit. */
  #write(work: () => boolean, committed: Step): void {
    const { last } = this.#index;
    try {
      const isWritten = this.#connection.write(work, (isWorth) => isWorth);
      if (!isWritten) return;
    } catch (error) {
      this.#outcomeUnknown = true;
      this.#index.heads.revert();
      this.#index.last = last;
      this.#journal.discard();
      this.#sweep.revert();
      this.#decided.revert();
      throw error;
    }
    this.#step(committed);
    this.#index.heads.settle();
    this.#sweep.settle();
    this.#decided.settle();
  }

  /** A COMMIT that failed may be in the file nevertheless, so memory is completed from the journal. */
  #recover(): void {
    this.#connection.read(() => {
      this.#decided.complete(this.#index.last);
      this.#index.complete();
    });
    this.#connection.write(() => this.#sweep.touch());
    this.#outcomeUnknown = false;
  }

  #step(step: Step): void {
    this.#onStep?.(step, this.#connection.database);
  }

  #wakeWhenIdle(): void {
    if (this.#idleTimer || this.#sweep.isComplete) return;
    this.#idleTimer = setTimeout(() => this.#idleTurn(), LIMITS.headsIdleTimeMs).unref();
  }

  /** Writes a slice of the heads in each turn without appends, until all are written. */
  #idleTurn(): void {
    this.#idleTimer = undefined;
    const idle = this.#appends === this.#appendsSeen;
    this.#appendsSeen = this.#appends;
    if (idle) {
      try {
        if (this.#outcomeUnknown) this.#recover();
        this.#writeHeads(() => this.#sweep.write(LIMITS.headBlocksPerTurnMax));
      } catch {
        // Nothing is lost: the next append tries again and reports a failure to its caller.
        return;
      }
    }
    this.#wakeWhenIdle();
  }
}
