import { setTimeout as delay } from 'node:timers/promises';
import { type EventSink, SinkFailure } from '../../ports/event-sink.ts';
import { type RunnerParts, SessionRun } from './session-run.ts';

/** `waiting`: another server runs it. `failed`: it is tried again after a pause. */
export type SinkState = 'waiting' | 'connecting' | 'running' | 'failed' | 'stopped';

export interface SinkTrouble {
  /** `SinkProblem` of the port, or `internal`. */
  readonly kind: string;
  readonly message: string;
  /** When it began, ms since 1970. */
  readonly since: number;
}

export interface SinkStatus {
  readonly sink: string;
  readonly state: SinkState;
  /** Everything below this index is acknowledged. */
  readonly next: number;
  /** Events given to the session and not acknowledged. */
  readonly underWay: number;
  /** Acknowledged by this process. */
  readonly acknowledged: number;
  /** Of the last failure while none came after it. */
  readonly problem: SinkTrouble | undefined;
  readonly failures: number;
}

/**
 * Runs one sink: takes its lease, opens a session from its position, gives it sealed entries as fast as it takes them, and
 * stores how far it acknowledged. After a failure it pauses, longer each time, and begins again at the stored position.
 */
export class SinkRunner {
  readonly sink: EventSink;
  readonly #parts: RunnerParts;
  readonly #stopped = new AbortController();
  #state: SinkState = 'waiting';
  #next = 0;
  #given = 0;
  #acknowledged = 0;
  #failures = 0;
  #problem: SinkStatus['problem'];
  #running: Promise<void> | undefined;

  constructor(sink: EventSink, parts: RunnerParts) {
    this.sink = sink;
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the session is closed and the lease given back. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#state = 'stopped';
  }

  status(): SinkStatus {
    return {
      sink: this.sink.name,
      state: this.#state,
      next: this.#next,
      underWay: Math.max(0, this.#given - this.#acknowledged),
      acknowledged: this.#acknowledged,
      problem: this.#problem,
      failures: this.#failures,
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { limits, random } = this.#parts;
    let failuresInRow = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        if (await this.#runOnce()) failuresInRow = 0;
        if (!signal.aborted) await this.#pause(limits.sinkLeasePeriodMs);
      } catch (error) {
        this.#note(error);
        if (performance.now() - startedAt > limits.sinkHealthyMs) failuresInRow = 0;
        const longest = Math.min(limits.sinkPauseMsMax, limits.sinkPauseMsMin * 2 ** failuresInRow);
        failuresInRow = Math.min(failuresInRow + 1, 32);
        // Half of it at random, so that relays that failed together do not come back together.
        await this.#pause(longest / 2 + (random() * longest) / 2);
      }
    }
  }

  /** @returns whether the lease was had; it ends without an error when it was lost or this process stops */
  async #runOnce(): Promise<boolean> {
    const { places } = this.#parts;
    const place = await places.take(this.sink.name, this.sink.firstIndex?.bind(this.sink));
    if (!place) {
      this.#state = 'waiting';
      this.#next = (await places.find(this.sink.name)).next;
      return false;
    }
    this.#state = 'connecting';
    this.#next = place.next;
    const run = new SessionRun(this.sink, place, this.#parts, {
      signal: this.#stopped.signal,
      opened: () => {
        this.#state = 'running';
        this.#problem = undefined;
      },
      given: (count) => {
        this.#given += count;
      },
      acknowledged: (count, next) => {
        this.#acknowledged += count;
        this.#next = next;
      },
    });
    this.#given = this.#acknowledged;
    try {
      await run.toItsEnd();
      return true;
    } finally {
      this.#given = this.#acknowledged;
    }
  }

  #note(error: unknown): void {
    const kind = error instanceof SinkFailure ? error.problem : 'internal';
    const message = error instanceof Error ? error.message : String(error);
    this.#failures++;
    this.#state = 'failed';
    const isNew = this.#problem?.message !== message;
    if (isNew) this.#problem = { kind, message, since: this.#parts.now() };
    // A failure that repeats is said once.
    if (isNew)
      this.#parts.log.warn(
        { sink: this.sink.name, problem: kind, err: error },
        'a sink failed; it is tried again',
      );
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => undefined);
  }
}
