import type { ServerResponse } from 'node:http';
import { LIMITS } from '../../limits.ts';
import { type Place, Quota } from '../quota.ts';
import { type Caller, callerId } from './caller.ts';
import { EventStream, type EventStreamBounds } from './event-stream.ts';

export interface EventStreamLimits extends EventStreamBounds {
  /** Of users. */
  readonly streamsMax: number;
  /** Of services, administrators and auditors. */
  readonly operatedMax: number;
  readonly streamsPerCallerMax: number;
}

const DEFAULTS: EventStreamLimits = {
  streamsMax: LIMITS.eventStreamsMax,
  operatedMax: LIMITS.eventStreamsOperatedMax,
  streamsPerCallerMax: LIMITS.eventStreamsPerCallerMax,
  heartbeatMs: LIMITS.eventHeartbeatMs,
  slowReaderTimeMs: LIMITS.slowReaderTimeMs,
  bytesBufferedMax: LIMITS.eventBytesBufferedMax,
};

/** A permit for one stream, for `open`. */
export interface StreamLease {
  readonly place: Place;
  /** Set by `open`. */
  stream: EventStream | undefined;
}

/**
 * The open event streams. Those of users are shared between their client networks, those of services, administrators
 * and auditors between these. Where they run short, the oldest stream of the holder of most ends; its client connects
 * again and misses nothing.
 */
export class EventStreams {
  /** Streams closed because the client did not read. */
  slowReaders = 0;
  readonly #limits: EventStreamLimits;
  readonly #users: Quota;
  readonly #operated: Quota;
  readonly #open = new Set<EventStream>();

  constructor(limits: Partial<EventStreamLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.#users = new Quota(this.#limits.streamsMax);
    this.#operated = new Quota(this.#limits.operatedMax);
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Takes a permit, which `open` must then use.
   * @param network of the client
   * @returns undefined when too many streams are open
   */
  reserve(caller: Caller, network: string): StreamLease | undefined {
    let lease: StreamLease | undefined;
    const name = callerId(caller);
    const max = this.#limits.streamsPerCallerMax;
    const evict = () => {
      if (!lease?.stream) return false;
      lease.stream.close();
      return true;
    };
    const operated = caller.kind === 'service' || caller.session.role !== 'user';
    const place = operated
      ? this.#operated.take({ holder: name, holderMax: max, evict })
      : this.#users.take({ holder: network, account: { name, max }, evict });
    lease = place && { place, stream: undefined };
    return lease;
  }

  /** @param holds whether the stream may go on; asked at each heartbeat */
  open(lease: StreamLease, response: ServerResponse, holds: () => Promise<boolean>): EventStream {
    const stream = new EventStream(response, this.#limits, holds);
    lease.stream = stream;
    this.#open.add(stream);
    const onEnd = () => {
      this.#open.delete(stream);
      lease.place.release();
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
