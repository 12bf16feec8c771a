import { ContradictedRow } from '../../domain/errors.ts';

/** Counts and reports rows that the journal contradicts. */
export class RowContradictions {
  /** For the metrics. */
  count = 0;
  readonly #report: (reason: string) => void;

  /** @param report called at each contradiction; it must not throw */
  constructor(report: (reason: string) => void) {
    this.#report = report;
  }

  /** Counts and reports a contradiction. @returns the error to throw: the caller must not be told what the row says */
  found(reason: string): ContradictedRow {
    this.count++;
    this.#report(reason);
    return new ContradictedRow(`${reason}; run sello audit verify`);
  }
}
