import type { AppendOutcome, Decision, UserId } from '../../ports/store.ts';

/** Consecutive versions of one user in one call, by index among its decisions. */
export interface Run {
  readonly userId: UserId;
  indexes: number[];
}

/** What one call appends: its decisions by user, and what became of each so far. */
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
        // It does not follow the one before it: it lost, and so does whatever comes after.
        expected.set(userId, -1);
      }
    });
  }

  /** The entry of one of a run's decisions. */
  entryAt({ indexes }: Run, place: number): Decision['entry'] {
    const decision = this.decisions[indexes[place] ?? -1];
    if (!decision) throw new RangeError('a run has no such decision');
    return decision.entry;
  }

  /** In order of user: whoever locks rows locks them in this order. */
  runs(): Run[] {
    return [...this.#runs.values()].sort((a, b) => a.userId - b.userId);
  }

  /** The index is left out with what stands on it. */
  cut(run: Run, from: number, outcome: 'superseded' | 'conflict'): void {
    const index = run.indexes[from];
    if (index !== undefined) this.outcomes[index] = outcome;
    run.indexes = run.indexes.slice(0, from);
    if (run.indexes.length === 0) this.#runs.delete(run.userId);
  }
}
