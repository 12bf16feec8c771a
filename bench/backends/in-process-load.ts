import { Latencies, type LatencySummary } from '../report/latencies.ts';
import type { Limit, Row } from '../report/report.ts';

/** The rate of a backend that is called by loops in this process. */
export interface OwnRate {
  readonly operations: number;
  readonly elapsedMs: number;
  /** CPU time of this process, all threads. */
  readonly cpuMicros: number;
  /** Latency of a call. */
  readonly latencyMs: LatencySummary;
}

/** Calls `once` repeatedly for `ms` in each of `lanes` loops. @param once makes a call and returns its number of operations */
export async function ownRate(
  ms: number,
  lanes: number,
  once: (lane: number) => Promise<number>,
): Promise<OwnRate> {
  const latencies = new Latencies();
  const cpu = process.cpuUsage();
  const from = performance.now();
  const until = from + ms;
  let operations = 0;
  const loop = async (_: unknown, lane: number) => {
    do {
      const calledAt = performance.now();
      // Not `operations += await …`: that reads the sum before it waits, and loses what other lanes add meanwhile.
      const done = await once(lane);
      operations += done;
      latencies.add(performance.now() - calledAt);
    } while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: lanes }, loop));
  const elapsedMs = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  return { operations, elapsedMs, cpuMicros: user + system, latencyMs: latencies.summary() };
}

/** Returns the rate of median speed. */
export function middleRate(rates: readonly OwnRate[]): OwnRate {
  const sorted = rates.toSorted((a, b) => perSecond(a) - perSecond(b));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('nothing was measured');
  return middle;
}

/** Makes a row of a rate. @param batch operations per call */
export function ownRow(named: Pick<Row, 'name' | 'title'>, rate: OwnRate, batch: number): Row {
  return {
    ...named,
    operations: rate.operations,
    failures: 0,
    firstFailure: undefined,
    operationsPerSecond: perSecond(rate),
    serverCpuMicros: rate.cpuMicros / rate.operations,
    // The loop is part of it.
    generatorCpuMicros: 0,
    latencyMs: rate.latencyMs,
    batch,
    eventLoopDelayMs: { p99: 0, max: 0 },
    ratios: {},
  };
}

export function ownLimit(named: Pick<Limit, 'name' | 'title'>, rate: OwnRate): Limit {
  return { ...named, operationsPerSecond: perSecond(rate), cpuMicros: rate.cpuMicros / rate.operations };
}

function perSecond({ operations, elapsedMs }: OwnRate): number {
  return (operations / elapsedMs) * 1_000;
}
