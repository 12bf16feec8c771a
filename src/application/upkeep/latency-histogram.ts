/** Upper edges in ms, each a quarter more than the one before: a quantile is at most that much too high. */
const EDGES: readonly number[] = Array.from({ length: 64 }, (_, index) => 0.05 * 1.25 ** index);

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How long something took, counted in buckets that grow: a fixed size, however much is counted. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(EDGES.length);
  #max = 0;

  record(ms: number, times = 1): void {
    let low = 0;
    let high = EDGES.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((EDGES[middle] ?? 0) < ms) low = middle + 1;
      else high = middle;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + times;
    this.#max = Math.max(this.#max, ms);
  }

  /** Of all of them together. */
  static summarise(parts: readonly LatencyHistogram[]): LatencySummary {
    const counts = EDGES.map((_, index) => parts.reduce((sum, part) => sum + (part.#counts[index] ?? 0), 0));
    const count = counts.reduce((sum, value) => sum + value, 0);
    const max = Math.max(0, ...parts.map((part) => part.#max));
    const quantile = (q: number) => {
      let below = 0;
      for (const [index, value] of counts.entries()) {
        below += value;
        if (count > 0 && below >= q * count) return rounded(Math.min(EDGES[index] ?? max, max));
      }
      return rounded(max);
    };
    return {
      count,
      p50Ms: quantile(0.5),
      p95Ms: quantile(0.95),
      p99Ms: quantile(0.99),
      maxMs: rounded(max),
    };
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
