import type { ServerResponse } from 'node:http';
import { LIMITS } from '../../limits.ts';

export interface EventStreamLimits {
  readonly streamsMax: number;
  readonly streamsPerCallerMax: number;
  readonly heartbeatMs: number;
  readonly slowReaderTimeMs: number;
  readonly bytesBufferedMax: number;
}

const DEFAULTS: EventStreamLimits = {
  streamsMax: LIMITS.eventStreamsMax,
  streamsPerCallerMax: LIMITS.eventStreamsPerCallerMax,
  heartbeatMs: LIMITS.eventHeartbeatMs,
  slowReaderTimeMs: LIMITS.slowReaderTimeMs,
  bytesBufferedMax: LIMITS.eventBytesBufferedMax,
};

/** The event streams (HTML, section 9.2) that are open: a bounded number, in all and for each caller. */
export class EventStreams {
  readonly #limits: EventStreamLimits;
  readonly #open = new Set<EventStream>();
  readonly #ofCaller = new Map<string, number>();
  #seats = 0;
  /** Closed because they did not read. */
  slowReaders = 0;

  constructor(limits: Partial<EventStreamLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  get count(): number {
    return this.#open.size;
  }

  /** @returns undefined when too many are open; else what must be given to `open` */
  reserve(caller: string): StreamLease | undefined {
    const { streamsMax, streamsPerCallerMax } = this.#limits;
    const taken = this.#ofCaller.get(caller) ?? 0;
    if (this.#seats >= streamsMax || taken >= streamsPerCallerMax) return undefined;
    this.#seats++;
    this.#ofCaller.set(caller, taken + 1);
    return { caller };
  }

  /** @param holds whether to go on: asked at each heartbeat */
  open({ caller }: StreamLease, response: ServerResponse, holds: () => Promise<boolean>): EventStream {
    const stream = new EventStream(response, this.#limits, holds);
    this.#open.add(stream);
    const release = () => {
      this.#open.delete(stream);
      this.#seats--;
      if (stream.slow) this.slowReaders++;
      const left = (this.#ofCaller.get(caller) ?? 1) - 1;
      if (left === 0) this.#ofCaller.delete(caller);
      else this.#ofCaller.set(caller, left);
    };
    if (stream.signal.aborted) release();
    else stream.signal.addEventListener('abort', release);
    return stream;
  }

  closeAll(): void {
    for (const stream of this.#open) stream.close();
  }
}

/** A place among the streams. */
export interface StreamLease {
  readonly caller: string;
}

export interface SentEvent {
  readonly id: string;
  readonly type: string;
  /** JSON, so without a line end. */
  readonly data: string;
}

/** One client's stream. What it does not read is kept up to a bound, and then no longer: it comes back and resumes. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #limits: EventStreamLimits;
  readonly #holds: () => Promise<boolean>;
  readonly #ended = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  #blockedSince = 0;
  slow = false;

  constructor(response: ServerResponse, limits: EventStreamLimits, holds: () => Promise<boolean>) {
    this.#response = response;
    this.#limits = limits;
    this.#holds = holds;
    this.#heartbeat = setInterval(() => {
      // Whether the session holds is not known now: asked again at the next beat.
      this.#beat().catch(() => undefined);
    }, limits.heartbeatMs).unref();
    response.on('drain', () => {
      this.#blockedSince = 0;
    });
    response.on('error', () => {});
    response.once('close', () => this.#end());
    if (response.destroyed) this.#end();
  }

  /** Aborts when the stream has ended, whoever ended it. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  send(events: readonly SentEvent[]): void {
    let text = '';
    for (const { id, type, data } of events) text += `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
    this.#write(text);
  }

  /** Resolves when the client has read what was sent, or the stream has ended. */
  async drained(): Promise<void> {
    if (this.#blockedSince === 0 || this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#response.once('drain', resolve);
      this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Ends it in good order: what was written is delivered. */
  close(): void {
    this.#end();
    this.#response.end();
  }

  /** A comment: proxies and clients see that the connection lives, and a lost one is found. */
  async #beat(): Promise<void> {
    if (this.#isSlow()) {
      this.slow = true;
      this.#end();
      this.#response.destroy();
    } else if (!(await this.#holds())) this.close();
    else if (this.#blockedSince === 0) this.#write(': \n\n');
  }

  #isSlow(): boolean {
    const { bytesBufferedMax, slowReaderTimeMs } = this.#limits;
    if (this.#response.writableLength > bytesBufferedMax) return true;
    return this.#blockedSince !== 0 && performance.now() - this.#blockedSince > slowReaderTimeMs;
  }

  #write(text: string): void {
    if (this.signal.aborted) return;
    if (!this.#response.write(text) && this.#blockedSince === 0) this.#blockedSince = performance.now();
  }

  #end(): void {
    clearInterval(this.#heartbeat);
    this.#ended.abort();
  }
}
