import type { LatencySummary } from './latencies.ts';

/** What a run found. As JSON its keys are in snake_case. */
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
  /** What this machine has not got. */
  readonly skipped: readonly Skipped[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
  /** Other work on the machine when the run began: above zero, figures are lower than they could be. */
  readonly loadAverage: number;
}

/** A load on the server. CPU is of all threads of the process. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly operationsPerSecond: number;
  readonly operations: number;
  /** Answers that were not OK: with any, the row means nothing. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly serverCpuMicros: number;
  readonly generatorCpuMicros: number;
  readonly latencyMs: LatencySummary;
  /** Decisions a commit, on average. */
  readonly batch: number;
  /** The longest that the server's event loop was not free. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  /** The part that this row reaches of what each limit does, by the limit's name. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** What one part can do at most, measured alone in the same run. */
export interface Limit {
  readonly name: string;
  readonly title: string;
  readonly operationsPerSecond: number;
  readonly cpuMicros: number;
}

export interface StartUp {
  readonly name: string;
  readonly title: string;
  /** From the process's start until a client is connected: the middle one of several. */
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
  readonly aim: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface Skipped {
  readonly title: string;
  readonly reason: string;
}

/** The report as JSON: snake_case as every JSON of this program, numbers to three decimals, below 1 to three digits. */
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
