import type { AppendOutcome, Decision, UserId } from '../../ports/store.ts';

/** Consecutive versions of one user in one call, as indexes into the call's decisions. */
export interface Run {
  readonly userId: UserId;
  indexes: number[];
}

/** The decisions of one call, grouped by user, with their outcomes so far. */
export class Batch {
  readonly decisions: readonly Decision[];
  readonly outcomes: AppendOutcome[];
  readonly #runs = new Map<UserId, Run>();

  constructor(decisions: readonly Decision[]) {
    this.decisions = decisions;
    this.outcomes = new Array<AppendOutcome>(decisions.length).fill('superseded');
    const expected = new Map<UserId, number>();
    decisions.forEach(({ entry: { userId, version } }, index) => {
      const run = this.#runs.get(userId);
      if (!run) {
        this.#runs.set(userId, { userId, indexes: [index] });
        expected.set(userId, version + 1);
      } else if (expected.get(userId) === version) {
        run.indexes.push(index);
        expected.set(userId, version + 1);
      } else {
        // A gap: this decision lost, and so do the user's later ones.
        expected.set(userId, -1);
      }
    });
  }

  /** @param indexInRun which of the run's decisions */
  entryAt({ indexes }: Run, indexInRun: number): Decision['entry'] {
    const decision = this.decisions[indexes[indexInRun] ?? -1];
    if (!decision) throw new RangeError('a run has no such decision');
    return decision.entry;
  }

  /** In order of user id. All writers lock rows in this order, which avoids deadlocks. */
  runs(): Run[] {
    return [...this.#runs.values()].sort((a, b) => a.userId - b.userId);
  }

  /** Removes a run's decisions from `from` on, since each needs the one before it. */
  cut(run: Run, from: number, outcome: 'superseded' | 'conflict'): void {
    const index = run.indexes[from];
    if (index !== undefined) this.outcomes[index] = outcome;
    run.indexes = run.indexes.slice(0, from);
    if (run.indexes.length === 0) this.#runs.delete(run.userId);
  }
}
