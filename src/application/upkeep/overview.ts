import type { Context } from '../context.ts';
import type { BatchReport } from '../decisions/decider.ts';
import { LatencyHistogram, type LatencySummary } from './latency-histogram.ts';

const SPAN_MS = 60_000;
const SLOT_MS = 5_000;

interface Slot {
  /** When it began, ms since 1970. */
  readonly at: number;
  readonly latency: LatencyHistogram;
  batches: number;
  jobs: number;
  batchMax: number;
}

export interface BatchFigures {
  /** From the start of a batch until its jobs were answered. */
  readonly latency: LatencySummary;
  readonly batches: { readonly count: number; readonly meanSize: number; readonly maxSize: number };
}

/**
 * Measures the batches of this server over the last minute, which the journal does not tell. What was decided is counted by
 * `JournalFigures`, for all servers.
 *
 * Why: docs/DECISIONS.md#figures-are-counted-from-the-journal
 */
export class Overview {
  readonly #context: Context;
  #slots: Slot[] = [];

  constructor(context: Context) {
    this.#context = context;
    context.decider.subscribeBatches((batch) => this.#count(batch));
  }

  /** Of the last minute, to within five seconds. */
  figures(): BatchFigures {
    const now = this.#context.decider.now();
    const slots = this.#slots.filter(({ at }) => at > now - SPAN_MS && at <= now);
    const count = slots.reduce((sum, slot) => sum + slot.batches, 0);
    const jobs = slots.reduce((sum, slot) => sum + slot.jobs, 0);
    return {
      latency: LatencyHistogram.summarise(slots.map(({ latency }) => latency)),
      batches: {
        count,
        meanSize: count === 0 ? 0 : Math.round((10 * jobs) / count) / 10,
        maxSize: Math.max(0, ...slots.map(({ batchMax }) => batchMax)),
      },
    };
  }

  #count({ jobs, durationMs, failed }: BatchReport): void {
    if (failed) return;
    const slot = this.#slot(this.#context.decider.now());
    slot.batches++;
    slot.jobs += jobs;
    slot.batchMax = Math.max(slot.batchMax, jobs);
    slot.latency.record(durationMs, jobs);
  }

  #slot(now: number): Slot {
    const at = now - (now % SLOT_MS);
    const last = this.#slots.at(-1);
    if (last?.at === at) return last;
    const slot = { at, latency: new LatencyHistogram(), batches: 0, jobs: 0, batchMax: 0 };
    // After a clock is put back, later slots are dropped: the list stays in order.
    this.#slots = [...this.#slots.filter((kept) => kept.at > at - SPAN_MS && kept.at < at), slot];
    return slot;
  }
}
