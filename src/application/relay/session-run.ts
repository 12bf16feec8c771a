import { setTimeout as delay } from 'node:timers/promises';
import type { Limits } from '../../limits.ts';
import type { EventSink, SinkSession } from '../../ports/event-sink.ts';
import type { SealedEntry } from '../../ports/log-store.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Outbox, SinkPlace, SinkPlaces } from './outbox.ts';
import type { EventForm } from './outgoing-event.ts';

export interface RunnerParts {
  readonly outbox: Outbox;
  readonly places: SinkPlaces;
  readonly form: EventForm;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly now: () => number;
  readonly random: () => number;
  readonly limits: Pick<
    Limits,
    | 'sinkEntriesPerRead'
    | 'sinkLeaseMs'
    | 'sinkLeasePeriodMs'
    | 'sinkPollMs'
    | 'sinkPauseMsMin'
    | 'sinkPauseMsMax'
    | 'sinkHealthyMs'
  >;
}

interface RunEvents {
  readonly signal: AbortSignal;
  opened(): void;
  given(count: number): void;
  acknowledged(count: number, next: number): void;
}

/** One session of a sink, under one lease. */
export class SessionRun {
  readonly #sink: EventSink;
  readonly #place: SinkPlace;
  readonly #parts: RunnerParts;
  readonly #events: RunEvents;
  /** Aborted with the reason when this session must end. */
  readonly #over = new AbortController();
  #failure: Error | undefined;
  /** Index after the last entry that was read, given or skipped. */
  #read: number;
  /** Indexes given and not acknowledged, the lowest first. */
  readonly #open: number[] = [];
  #openFrom = 0;
  #isOpen = false;

  constructor(sink: EventSink, place: SinkPlace, parts: RunnerParts, events: RunEvents) {
    this.#sink = sink;
    this.#place = place;
    this.#parts = parts;
    this.#events = events;
    this.#read = place.next;
  }

  async toItsEnd(): Promise<void> {
    const end = () => this.#over.abort();
    this.#events.signal.addEventListener('abort', end, { once: true });
    if (this.#events.signal.aborted) end();
    const keeping = this.#keepLease();
    let session: SinkSession | undefined;
    try {
      const opening = this.#sink.open({
        next: this.#place.next,
        mayBeNew: this.#place.mayBeNew,
        hashAt: (index) => this.#hashAt(index),
        acknowledged: (index) => this.#acknowledge(index),
        failed: (failure) => this.#fail(failure),
      });
      session = await this.#orOver(opening);
      if (!session) {
        // Opened too late to be used.
        void opening.then((late) => late.close()).catch(() => undefined);
      } else {
        this.#isOpen = true;
        this.#events.opened();
        await this.#pump(session);
      }
    } catch (error) {
      if (!this.#over.signal.aborted || this.#failure === undefined) this.#fail(error as Error);
    } finally {
      this.#over.abort();
      await session?.close();
      this.#events.signal.removeEventListener('abort', end);
      await keeping;
      await this.#store().catch(() => undefined);
      await this.#place.release().catch(() => undefined);
    }
    if (this.#failure && !this.#events.signal.aborted) throw this.#failure;
  }

  async #pump(session: SinkSession): Promise<void> {
    const { outbox, limits, form } = this.#parts;
    const { signal } = this.#over;
    while (!signal.aborted) {
      const more = outbox.waitForMore(limits.sinkPollMs, signal);
      const entries = await outbox.readSealed({ from: this.#read, limit: limits.sinkEntriesPerRead });
      if (signal.aborted) return more.cancel();
      if (entries.length === 0) {
        await more.ended;
        continue;
      }
      more.cancel();
      const events = form.ofPage(entries, this.#sink.needsEveryIndex === true);
      for (const { index } of events) this.#open.push(index);
      this.#read = (entries.at(-1) as SealedEntry).index + 1;
      if (events.length === 0) {
        this.#advance(0);
        continue;
      }
      this.#events.given(events.length);
      await this.#orOver(session.send(events));
    }
  }

  async #hashAt(index: number): Promise<string | undefined> {
    const [entry] = await this.#parts.outbox.readSealed({ from: index, limit: 1 });
    return entry?.hash;
  }

  #acknowledge(index: number): void {
    if (this.#over.signal.aborted) return;
    let count = 0;
    while (this.#openFrom < this.#open.length && (this.#open[this.#openFrom] as number) <= index) {
      this.#openFrom++;
      count++;
    }
    // The array is cut now and then, not at each acknowledgement.
    if (this.#openFrom > 4_096 && this.#openFrom * 2 > this.#open.length)
      this.#open.splice(0, this.#openFrom);
    if (this.#openFrom > this.#open.length) this.#openFrom = 0;
    this.#advance(count);
  }

  #advance(count: number): void {
    this.#events.acknowledged(count, this.#next());
  }

  /** What is below the lowest event that is not acknowledged is done with, skipped entries among it. */
  #next(): number {
    return this.#open[this.#openFrom] ?? this.#read;
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#over.abort();
  }

  /** Stores the position and prolongs the lease, until the session is over. */
  async #keepLease(): Promise<void> {
    const { limits } = this.#parts;
    const { signal } = this.#over;
    let keptAt = performance.now();
    while (!signal.aborted) {
      // All sinks of a process at the same moments, so that they are kept by one unit of work.
      const period = limits.sinkLeasePeriodMs;
      const restMs = period - (performance.now() % period);
      await delay(restMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const startedAt = performance.now();
        if (!(await this.#store())) return this.#over.abort();
        keptAt = startedAt;
      } catch (error) {
        // Another server may have it by then.
        if (performance.now() - keptAt > limits.sinkLeaseMs) return this.#fail(error as Error);
      }
    }
  }

  async #store(): Promise<boolean> {
    // Before the receiver was found to be good, its position stays as it was.
    return this.#isOpen ? this.#place.advance(this.#next()) : this.#place.keep();
  }

  /** @returns undefined when the session is over first */
  async #orOver<Value>(value: Promise<Value>): Promise<Value | undefined> {
    const { signal } = this.#over;
    if (signal.aborted) {
      value.catch(() => undefined);
      return undefined;
    }
    let stop = () => {};
    const over = new Promise<undefined>((resolve) => {
      stop = () => resolve(undefined);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([value, over]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
