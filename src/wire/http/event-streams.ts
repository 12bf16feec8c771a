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
  /** Closed because they did not read. */
  slowReaders = 0;

  constructor(limits: Partial<EventStreamLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  get count(): number {
    return this.#open.size;
  }

  hasRoom(caller: string): boolean {
    const { streamsMax, streamsPerCallerMax } = this.#limits;
    return this.#open.size < streamsMax && (this.#ofCaller.get(caller) ?? 0) < streamsPerCallerMax;
  }

  /** `hasRoom` must have been asked in the same turn. @param holds asked at each heartbeat: whether to go on */
  open(caller: string, response: ServerResponse, holds: () => boolean): EventStream {
    const stream = new EventStream(response, this.#limits, holds);
    this.#open.add(stream);
    this.#ofCaller.set(caller, (this.#ofCaller.get(caller) ?? 0) + 1);
    stream.signal.addEventListener('abort', () => {
      this.#open.delete(stream);
      if (stream.slow) this.slowReaders++;
      const left = (this.#ofCaller.get(caller) ?? 1) - 1;
      if (left === 0) this.#ofCaller.delete(caller);
      else this.#ofCaller.set(caller, left);
    });
    return stream;
  }

  closeAll(): void {
    for (const stream of this.#open) stream.close();
  }
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
  readonly #holds: () => boolean;
  readonly #ended = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  #blockedSince = 0;
  slow = false;

  constructor(response: ServerResponse, limits: EventStreamLimits, holds: () => boolean) {
    this.#response = response;
    this.#limits = limits;
    this.#holds = holds;
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs).unref();
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
    if (!this.#holds()) this.close();
  }

  /** Ends it in good order: what was written is delivered. */
  close(): void {
    this.#end();
    this.#response.end();
  }

  /** A comment: proxies and clients see that the connection lives, and a lost one is found. */
  #beat(): void {
    if (!this.#holds()) return this.close();
    this.#write(': \n\n');
  }

  #write(text: string): void {
    if (this.#ended.signal.aborted) return;
    const now = performance.now();
    if (!this.#response.write(text) && this.#blockedSince === 0) this.#blockedSince = now;
    const { bytesBufferedMax, slowReaderTimeMs } = this.#limits;
    const late = this.#blockedSince !== 0 && now - this.#blockedSince > slowReaderTimeMs;
    if (!late && this.#response.writableLength <= bytesBufferedMax) return;
    this.slow = true;
    this.#end();
    this.#response.destroy();
  }

  #end(): void {
    clearInterval(this.#heartbeat);
    this.#ended.abort();
  }
}
