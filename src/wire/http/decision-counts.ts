import type { ChainedEntry } from '../../application/decisions/job.ts';

/** The types that are counted by their reason as well. */
const REFUSED = /\.(refused|locked|cancelled|expired|ended)$/;

interface DecisionCount {
  readonly type: string;
  readonly reason: string;
  count: number;
}

/** Counts committed entries by type and reason, and the lock-outs among them by factor. */
export class DecisionCounts {
  readonly #decisions = new Map<string, DecisionCount>();
  readonly #lockOuts = new Map<string, number>();

  get decisions(): Iterable<Readonly<DecisionCount>> {
    return this.#decisions.values();
  }

  /** By factor. */
  get lockOuts(): ReadonlyMap<string, number> {
    return this.#lockOuts;
  }

  add(entries: readonly ChainedEntry[]): void {
    for (const { type, reason: given = '', detail } of entries) {
      const refused = REFUSED.test(type);
      const reason = refused ? given : '';
      const id = reason === '' ? type : `${type} ${reason}`;
      const known = this.#decisions.get(id);
      if (known) known.count++;
      else this.#decisions.set(id, { type, reason, count: 1 });
      if (!refused || detail?.locked_ms === undefined || typeof detail.factor !== 'string') continue;
      this.#lockOuts.set(detail.factor, (this.#lockOuts.get(detail.factor) ?? 0) + 1);
    }
  }
}
