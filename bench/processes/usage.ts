import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { Context } from '../../src/application/context.ts';

/** The resource usage of a process since its start. */
export interface ServerUsage {
  /** CPU time of all threads: event loop, thread pool, garbage collector. */
  readonly cpuMicros: number;
  /** CPU time of the thread that decides. */
  readonly mainCpuMicros: number;
  readonly batches: number;
  readonly entries: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly usersCached: number;
  /** Since the last call. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  readonly collections: { readonly count: number; readonly ms: number; readonly maxMs: number };
}

export class UsageMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: 5 });
  #collections = { count: 0, ms: 0, maxMs: 0 };

  constructor() {
    new PerformanceObserver((list) => {
      const collections = this.#collections;
      for (const { duration } of list.getEntries()) {
        collections.count++;
        collections.ms += duration;
        collections.maxMs = Math.max(collections.maxMs, duration);
      }
    }).observe({ entryTypes: ['gc'] });
  }

  /** Starts measuring the event loop's delay. */
  start(): void {
    this.#delay.enable();
  }

  read(context: Pick<Context, 'decider' | 'userCache'> | undefined): ServerUsage {
    const { user, system } = process.cpuUsage();
    const main = process.threadCpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const delay = this.#delay;
    const eventLoopDelayMs = { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
    delay.reset();
    const collections = this.#collections;
    this.#collections = { count: 0, ms: 0, maxMs: 0 };
    return {
      cpuMicros: user + system,
      mainCpuMicros: main.user + main.system,
      batches: context?.decider.counters.batches ?? 0,
      entries: context?.decider.counters.entries ?? 0,
      rssBytes: rss,
      heapBytes: heapUsed,
      usersCached: context?.userCache.size ?? 0,
      eventLoopDelayMs,
      collections,
    };
  }
}
