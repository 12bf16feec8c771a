import type { ChainedEntry } from '../../application/decisions/job.ts';

/** Entries that nothing was refused by carry no reason worth reading. */
const REFUSED = /\.(refused|locked|cancelled|expired|ended)$/;
const REASON = /"reason":"([a-z_]{1,40})"/;
const LOCKED = /"factor":"([a-z]{1,16})","failures":\d+,"locked_ms":/;

interface DecisionCount {
  readonly type: string;
  readonly reason: string;
  count: number;
}

/** Entries committed, by type and reason, and the lock-outs among them. */
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
    for (const { type, body } of entries) {
      const refused = REFUSED.test(type);
      const reason = refused ? (REASON.exec(body)?.[1] ?? '') : '';
      const id = reason === '' ? type : `${type} ${reason}`;
      const known = this.#decisions.get(id);
      if (known) known.count++;
      else this.#decisions.set(id, { type, reason, count: 1 });
      const factor = refused ? LOCKED.exec(body)?.[1] : undefined;
      if (factor !== undefined) this.#lockOuts.set(factor, (this.#lockOuts.get(factor) ?? 0) + 1);
    }
  }
}
