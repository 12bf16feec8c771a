import { enableCompileCache } from 'node:module';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { RunningServer } from '../../src/compose.ts';
import { answerRequests } from '../child.ts';

// As src/main.ts does: compiled code is taken from the cache, and the compiler stays out of memory.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/sello', import.meta.url)));
const { startServer } = await import('../../src/compose.ts');
const { loadConfig } = await import('../../src/config.ts');

/** The server as `sello serve` starts it, in a process that also tells what it uses. */

export interface ServerOptions {
  readonly folder: string;
}

/** Counted from the process's start on. */
export interface ServerUsage {
  /** All threads: the event loop's, the pool's, the collector's. */
  readonly cpuMicros: number;
  readonly batches: number;
  readonly entries: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly usersCached: number;
  /** Since the last call. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  readonly collections: { readonly count: number; readonly ms: number; readonly maxMs: number };
}

let server: RunningServer | undefined;
const delay = monitorEventLoopDelay({ resolution: 5 });
let collections = { count: 0, ms: 0, maxMs: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    collections.count++;
    collections.ms += duration;
    collections.maxMs = Math.max(collections.maxMs, duration);
  }
}).observe({ entryTypes: ['gc'] });

const log = {
  debug() {},
  info() {},
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};

async function start({ folder }: ServerOptions): Promise<number> {
  const { config } = loadConfig({
    flags: {
      '--data-dir': folder,
      '--tcp-port': '0',
      '--http-port': '0',
      // All load comes from one address.
      '--rate-limits-log-ins-count-max': '1000000000',
    },
  });
  server = await startServer(config, log);
  delay.enable();
  return server.tcp.address().port;
}

function usage(): ServerUsage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const decider = server?.application.context.decider;
  const eventLoopDelayMs = { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
  delay.reset();
  const collected = collections;
  collections = { count: 0, ms: 0, maxMs: 0 };
  return {
    cpuMicros: user + system,
    batches: decider?.counters.batches ?? 0,
    entries: decider?.counters.entries ?? 0,
    rssBytes: rss,
    heapBytes: heapUsed,
    usersCached: decider?.usersCached ?? 0,
    eventLoopDelayMs,
    collections: collected,
  };
}

answerRequests({ start, usage }, () => server?.stop());
