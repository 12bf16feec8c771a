import { setTimeout } from 'node:timers/promises';
import type { Child } from '../processes/child.ts';
import type { ServerUsage } from '../processes/usage.ts';
import type { Row } from '../report/report.ts';
import type { LoadOptions, LoadResult } from './load.ts';

/** The processes of one measurement. */
export interface Bench {
  readonly server: Child;
  readonly generator: Child;
  readonly port: number;
}

type Load = Omit<LoadOptions, 'port'>;
type Titled = Pick<Row, 'name' | 'title'>;

/** Runs a load that continues until it is stopped, and measures `measureMs` of it. */
export async function measure(
  { server, generator, port }: Bench,
  titled: Titled,
  load: Load,
  { warmUpMs, measureMs }: { readonly warmUpMs: number; readonly measureMs: number },
): Promise<Row> {
  await generator.request('start', { ...load, port });
  await setTimeout(warmUpMs);
  const before = await server.request<ServerUsage>('usage');
  const result = await generator.request<LoadResult>('measure', measureMs);
  const after = await server.request<ServerUsage>('usage');
  await generator.request('stop');
  return row(titled, result, before, after);
}

/** Runs a load that ends by itself, and measures all of it. */
export async function measureWhole(
  { server, generator, port }: Bench,
  titled: Titled,
  load: Load,
): Promise<Row> {
  const before = await server.request<ServerUsage>('usage');
  await generator.request('start', { ...load, port });
  const result = await generator.request<LoadResult>('finish');
  const after = await server.request<ServerUsage>('usage');
  await generator.request('stop');
  return row(titled, result, before, after);
}

function row(titled: Titled, result: LoadResult, before: ServerUsage, after: ServerUsage): Row {
  const { operations, failures, firstFailure, elapsedMs, cpuMicros, latencyMs } = result;
  const each = (micros: number) => micros / Math.max(1, operations);
  return {
    ...titled,
    operations,
    failures,
    firstFailure,
    operationsPerSecond: (operations / elapsedMs) * 1_000,
    serverCpuMicros: each(after.cpuMicros - before.cpuMicros),
    generatorCpuMicros: each(cpuMicros),
    latencyMs,
    batch: (after.entries - before.entries) / Math.max(1, after.batches - before.batches),
    eventLoopDelayMs: after.eventLoopDelayMs,
    ratios: {},
  };
}
