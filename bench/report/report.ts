import type { LatencySummary } from './latencies.ts';

/** The results of a run. As JSON, keys are in snake_case. */
export interface Report {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly quick: boolean;
  readonly rows: readonly Row[];
  readonly limits: readonly Limit[];
  readonly startUps: readonly StartUp[];
  readonly memory: readonly Memory[];
  readonly aims: readonly Aim[];
  /** What was not measured because this machine lacks it. */
  readonly skipped: readonly Skipped[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
  /** Other work on the machine when the run began. Above zero, figures are lower than they could be. */
  readonly loadAverage: number;
}

/** The results of one load. CPU times include all threads of a process, per operation. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly operationsPerSecond: number;
  readonly operations: number;
  /** Answers that were not OK. With any of them the row is void. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly serverCpuMicros: number;
  readonly generatorCpuMicros: number;
  readonly latencyMs: LatencySummary;
  /** Decisions per commit, on average. */
  readonly batch: number;
  /** Delay of the server's event loop. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  /** This row's rate as a fraction of each limit's rate, by the limit's name. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** The most that one component can do, measured alone in the same run. */
export interface Limit {
  readonly name: string;
  readonly title: string;
  readonly operationsPerSecond: number;
  readonly cpuMicros: number;
}

export interface StartUp {
  readonly name: string;
  readonly title: string;
  /** From the start of the process until a client is connected; the median of several. */
  readonly ms: number;
}

export interface Memory {
  readonly name: string;
  readonly title: string;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly usersCached: number;
}

export interface Aim {
  readonly name: string;
  readonly title: string;
  readonly bound: 'at_least' | 'at_most';
  readonly aim: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface Skipped {
  readonly title: string;
  readonly reason: string;
}

/** Encodes the report as JSON with keys in snake_case. Numbers have three decimals, or three digits below 1. */
export function toJson(report: Report): string {
  return JSON.stringify(snakeCased(report), undefined, 2);
}

function rounded(value: number): number {
  return Math.abs(value) < 1 ? Number(value.toPrecision(3)) : Math.round(value * 1_000) / 1_000;
}

function snakeCased(value: unknown): unknown {
  if (typeof value === 'number') return rounded(value);
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCased(member),
    ]),
  );
}
