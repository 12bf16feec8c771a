import type { ServerResponse } from 'node:http';
import { LIMITS } from '../../limits.ts';
import { Quota } from '../quota.ts';
import { EventStream, type EventStreamBounds } from './event-stream.ts';

export interface EventStreamLimits extends EventStreamBounds {
  readonly streamsMax: number;
  readonly streamsPerCallerMax: number;
}

const DEFAULTS: EventStreamLimits = {
  streamsMax: LIMITS.eventStreamsMax,
  streamsPerCallerMax: LIMITS.eventStreamsPerCallerMax,
  heartbeatMs: LIMITS.eventHeartbeatMs,
  slowReaderTimeMs: LIMITS.slowReaderTimeMs,
  bytesBufferedMax: LIMITS.eventBytesBufferedMax,
};

/** A permit for one stream, for `open`. */
export interface StreamLease {
  readonly release: () => void;
}

/** The open event streams: bounded in all and for each caller. */
export class EventStreams {
  /** Streams closed because the client did not read. */
  slowReaders = 0;
  readonly #limits: EventStreamLimits;
  readonly #quota: Quota;
  readonly #open = new Set<EventStream>();

  constructor(limits: Partial<EventStreamLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.#quota = new Quota(this.#limits.streamsMax);
  }

  get count(): number {
    return this.#open.size;
  }

  /** Takes a permit, which `open` must then use. @returns undefined when too many streams are open */
  reserve(caller: string): StreamLease | undefined {
    const release = this.#quota.take(caller, this.#limits.streamsPerCallerMax);
    return release && { release };
  }

  /** @param holds whether the stream may go on; asked at each heartbeat */
  open({ release }: StreamLease, response: ServerResponse, holds: () => Promise<boolean>): EventStream {
    const stream = new EventStream(response, this.#limits, holds);
    this.#open.add(stream);
    const onEnd = () => {
      this.#open.delete(stream);
      release();
      if (stream.slow) this.slowReaders++;
    };
    if (stream.signal.aborted) onEnd();
    else stream.signal.addEventListener('abort', onEnd);
    return stream;
  }

  closeAll(): void {
    for (const stream of this.#open) stream.close();
  }
}
