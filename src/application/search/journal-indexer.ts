import { setTimeout as delay } from 'node:timers/promises';
import { decodeBody } from '../../domain/journal/entry.ts';
import { beginningOf, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/search/count-spans.ts';
import { firstPositionOf, SEGMENT_ENTRIES, SegmentBuilder } from '../../domain/search/segment.ts';
import { termsOf } from '../../domain/search/terms.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { HeldLease } from '../../ports/lease.ts';
import type { SearchChange } from '../../ports/search-store.ts';
import type { Store } from '../../ports/store.ts';
import { LeaseHolder } from '../leases/lease-holder.ts';

export interface JournalIndexerParts {
  readonly store: Pick<Store, 'leases' | 'search' | 'retention' | 'readJournal'>;
  readonly clock: Clock;
  /** Names this process to whoever asks who indexes. */
  readonly holder: string;
  /** Called after each failed turn, and when one succeeds again (undefined). */
  readonly observe?: (error: unknown) => void;
  readonly periodMs?: number;
  /** For measurements: without rests. */
  readonly restless?: boolean;
}

/** Of the time since the last rest: a thread that worked more than this for others is busy. */
const BUSY_SHARE = 0.5;

/** A segment that is being made. */
interface OpenSegment {
  readonly segment: number;
  readonly builder: SegmentBuilder;
  /** How many users had been erased when it was begun. */
  readonly erasures: number;
  atMin: number;
  atMax: number;
}

/**
 * Counts and indexes the committed entries behind the journal, in small parts. Of all processes of a store one does, under a
 * lease; what it has done is stored with how far it has come, so another one goes on from there. Each part is followed by a
 * rest: a short one while the process has little to do, a long one while decisions keep it busy. Counting, which is cheap, comes
 * first; the index follows as there is time.
 *
 * Why: docs/DECISIONS.md#the-journal-is-indexed-behind-in-segments
 */
export class JournalIndexer {
  readonly #parts: JournalIndexerParts;
  readonly #lease: LeaseHolder;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #open: OpenSegment | undefined;
  /** At the last rest. */
  #before = { cpuMs: threadCpuMs(), at: performance.now() };

  constructor(parts: JournalIndexerParts) {
    this.#parts = parts;
    this.#lease = new LeaseHolder(parts.store.leases, { name: 'search', holder: parts.holder });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#lease.release().catch(() => undefined);
  }

  /**
   * Counts and indexes all that is committed.
   * @returns whether this process does it; false: another one has the lease
   * @throws StoreUnavailable
   */
  async catchUp(): Promise<boolean> {
    for (;;) {
      const lease = await this.#lease.hold();
      if (!lease) {
        this.#open = undefined;
        return false;
      }
      const before = threadCpuMs();
      const more = (await this.#count(lease)) || (await this.#index(lease));
      if (!more || this.#stopping.signal.aborted) return true;
      await this.#rest(threadCpuMs() - before);
    }
  }

  async #run(): Promise<void> {
    const { observe, periodMs = LIMITS.indexPeriodMs } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.catchUp();
        observe?.(undefined);
      } catch (error) {
        this.#open = undefined;
        if (!signal.aborted) observe?.(error);
      }
      await delay(periodMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /**
   * In proportion to the CPU that the turn took, and to how busy this thread was since the last rest. By CPU, not by the clock:
   * on a machine that others keep busy a turn takes long, and needs no longer rest for it.
   */
  async #rest(turnMs: number): Promise<void> {
    const { restless = false } = this.#parts;
    const [cpuMs, now] = [threadCpuMs(), performance.now()];
    const isBusy = cpuMs - this.#before.cpuMs - turnMs > BUSY_SHARE * (now - this.#before.at);
    this.#before = { cpuMs, at: now };
    const factor = isBusy ? LIMITS.indexRestFactorMax : LIMITS.indexRestFactorMin;
    const restMs = restless ? 0 : Math.min(turnMs * factor, LIMITS.indexPeriodMs);
    const { signal } = this.#stopping;
    await delay(restMs, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** @returns whether there may be more to count */
  async #count(lease: HeldLease): Promise<boolean> {
    const { store, clock } = this.#parts;
    const { counted } = await store.search.progress();
    const limit = LIMITS.countEntriesPerTurn;
    const tally = await store.search.tally({ after: counted, limit });
    if (tally.to === counted) return false;
    const now = clock.now();
    const minutesSince = Math.max(0, beginningOf(now - LIMITS.countMinutesKeptMs, MINUTE_MS));
    const hoursSince = Math.max(0, beginningOf(now - LIMITS.countHoursKeptMs, HOUR_MS));
    const secondsSince = Math.max(0, beginningOf(now - LIMITS.countSecondsKeptMs, SECOND_MS));
    const change = { lease, expected: counted, tally, secondsSince, minutesSince, hoursSince };
    this.#noteLease(await store.search.addCounts(change));
    return tally.to - counted >= limit;
  }

  /** @returns whether there may be more to index */
  async #index(lease: HeldLease): Promise<boolean> {
    const { store } = this.#parts;
    this.#open ??= opened((await store.search.progress()).segments, await this.#erasures());
    const { segment, builder } = this.#open;
    const left = SEGMENT_ENTRIES - builder.count;
    const entries = await store.readJournal({
      after: firstPositionOf(segment) - 1 + builder.count,
      limit: Math.min(left, LIMITS.indexEntriesPerTurn),
    });
    for (const entry of entries) this.#add(this.#open, entry);
    if (builder.count < SEGMENT_ENTRIES) return entries.length > 0;
    const { atMin, atMax, erasures } = this.#open;
    this.#open = undefined;
    // What was erased meanwhile must not be in it: it is made anew.
    if (erasures !== (await this.#erasures())) return true;
    const pages = builder.pages();
    const outcome = await store.search.addSegment({ lease, segment, atMin, atMax, pages });
    this.#noteLease(outcome);
    if (outcome === 'stored') this.#open = opened(segment + 1, erasures);
    return true;
  }

  async #erasures(): Promise<number> {
    return (await this.#parts.store.retention.listErasures()).length;
  }

  #add(open: OpenSegment, entry: JournalEntry): void {
    open.builder.add(termsOfEntry(entry));
    open.atMin = Math.min(open.atMin, entry.at);
    open.atMax = Math.max(open.atMax, entry.at);
  }

  #noteLease(outcome: SearchChange): void {
    if (outcome === 'lease_lost') this.#lease.lost();
  }
}

/** The CPU time of this thread, ms. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function opened(segment: number, erasures: number): OpenSegment {
  return { segment, erasures, builder: new SegmentBuilder(), atMin: Number.MAX_SAFE_INTEGER, atMax: 0 };
}

/** A body that is no JSON was changed from outside. Verification finds it; the index goes on without it. */
function termsOfEntry(entry: JournalEntry): number[] {
  try {
    return termsOf(entry, decodeBody(entry.body));
  } catch {
    return [];
  }
}
