import type { Overview } from '../../api/operations.ts';

type Minute = Overview['minutes'][number];

/** Decisions of one minute, by the parts of its bar. */
export interface MinuteShares {
  readonly at: number;
  readonly approved: number;
  readonly refused: number;
  readonly other: number;
}

export function sharesOf({ at, approved, refused, requested, log_ins: logIns, other }: Minute): MinuteShares {
  return { at: Date.parse(at), approved, refused, other: requested + logIns + other };
}

/** Returns times (s), then the heights of the stacked bars: the total first, so that the others are drawn over it. */
export function stacked(minutes: readonly Minute[]): [number[], number[], number[], number[]] {
  const shares = minutes.map(sharesOf);
  return [
    shares.map(({ at }) => at / 1000),
    shares.map(({ approved, refused, other }) => approved + refused + other),
    shares.map(({ approved, refused }) => approved + refused),
    shares.map(({ approved }) => approved),
  ];
}

export interface LatencySample {
  readonly at: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const SAMPLES_MAX = 300;

/** Appends the newest figures and drops the oldest. A minute without decisions leaves a gap. */
export function withSample(
  samples: readonly (LatencySample | { readonly at: number })[],
  { at, latency_ms: latency }: Overview,
): readonly (LatencySample | { readonly at: number })[] {
  const time = Date.parse(at);
  if (samples.some((sample) => sample.at === time)) return samples;
  const { requests, p50, p95, p99 } = latency;
  const sample = requests === 0 ? { at: time } : { at: time, p50, p95, p99 };
  return [...samples, sample].slice(-SAMPLES_MAX);
}

/** Returns times (s), then each percentile, null where none was measured. */
export function percentiles(
  samples: readonly (LatencySample | { readonly at: number })[],
): [number[], (number | null)[], (number | null)[], (number | null)[]] {
  const measured = (pick: (sample: LatencySample) => number) =>
    samples.map((sample) => ('p50' in sample ? pick(sample) : null));
  return [
    samples.map(({ at }) => at / 1000),
    measured(({ p50 }) => p50),
    measured(({ p95 }) => p95),
    measured(({ p99 }) => p99),
  ];
}
