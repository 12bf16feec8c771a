/** The buckets' upper edges in ms. Each is 25 % above the one before, so a quantile is at most 25 % too high. */
const UPPER_EDGES_MS: readonly number[] = Array.from({ length: 64 }, (_, index) => 0.05 * 1.25 ** index);

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Counts latencies in buckets of growing width. Its size is fixed, however many it counts. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(UPPER_EDGES_MS.length);
  #max = 0;

  record(ms: number, times = 1): void {
    let low = 0;
    let high = UPPER_EDGES_MS.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((UPPER_EDGES_MS[middle] ?? 0) < ms) low = middle + 1;
      else high = middle;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + times;
    this.#max = Math.max(this.#max, ms);
  }

  /** Summarises several histograms as one. */
  static summarise(parts: readonly LatencyHistogram[]): LatencySummary {
    const counts = UPPER_EDGES_MS.map((_, index) =>
      parts.reduce((sum, part) => sum + (part.#counts[index] ?? 0), 0),
    );
    const count = counts.reduce((sum, value) => sum + value, 0);
    const max = Math.max(0, ...parts.map((part) => part.#max));
    const quantile = (q: number) => {
      let below = 0;
      for (const [index, value] of counts.entries()) {
        below += value;
        if (count > 0 && below >= q * count) return rounded(Math.min(UPPER_EDGES_MS[index] ?? max, max));
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
