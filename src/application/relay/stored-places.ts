import { LIMITS } from '../../limits.ts';
import type { HeldLease, Leases } from '../../ports/lease.ts';
import type { KeptSink, SinkPosition, SinkPositions } from '../../ports/sink-positions.ts';
import type { SinkPlace, SinkPlaces } from './outbox.ts';

/** Stored beside a position that an operator set, until a sink has begun from there. */
const SET_BY_OPERATOR = JSON.stringify({ set: true });
const DELIVERED = '{}';

export interface StoredPlacesOptions {
  readonly leases: Leases;
  readonly sinks: SinkPositions;
  /** Names this process to whoever asks who holds a lease. */
  readonly holder: string;
  readonly leaseMs?: number;
}

interface Keeping {
  readonly sink: KeptSink;
  readonly promise: PromiseWithResolvers<boolean>;
}

/** The positions and leases of sinks in the store. What sinks keep in one turn of the event loop is one unit of work. */
export class StoredPlaces implements SinkPlaces {
  readonly #leases: Leases;
  readonly #sinks: SinkPositions;
  readonly #holder: string;
  readonly #leaseMs: number;
  #keeping: Keeping[] = [];

  constructor({ leases, sinks, holder, leaseMs = LIMITS.sinkLeaseMs }: StoredPlacesOptions) {
    this.#leases = leases;
    this.#sinks = sinks;
    this.#holder = holder;
    this.#leaseMs = leaseMs;
  }

  async take(sink: string, firstIndex?: () => Promise<number>): Promise<SinkPlace | undefined> {
    const { lease } = await this.#takeLease(sink);
    if (!lease) return undefined;
    // Read under the lease, so it is the last that was stored.
    const stored = await this.#sinks.find(sink);
    const leases = this.#leases;
    let expected = stored;
    const keep = (move: KeptSink['move']) => this.#keep({ lease, durationMs: this.#leaseMs, move });
    return {
      next: stored?.position ?? (await firstIndex?.()) ?? 0,
      mayBeNew: isNew(stored),
      keep: () => keep(undefined),
      async advance(next) {
        // Of an idle sink nothing is written; the lease is prolonged.
        if (expected?.position === next && !isNew(expected)) return keep(undefined);
        const moved = { sink, expected: expected?.position, position: next, detail: DELIVERED };
        if (!(await keep(moved))) return false;
        expected = moved;
        return true;
      },
      release: () => leases.release(lease),
    };
  }

  #keep(sink: KeptSink): Promise<boolean> {
    if (this.#keeping.length === 0) setImmediate(() => void this.#keepAll());
    const promise = Promise.withResolvers<boolean>();
    this.#keeping.push({ sink, promise });
    return promise.promise;
  }

  async #keepAll(): Promise<void> {
    const keeping = this.#keeping;
    this.#keeping = [];
    try {
      const isKept = await this.#sinks.keep(keeping.map(({ sink }) => sink));
      for (const [index, { promise }] of keeping.entries()) promise.resolve(isKept[index] === true);
    } catch (error) {
      for (const { promise } of keeping) promise.reject(error);
    }
  }

  async find(sink: string): Promise<{ readonly next: number }> {
    return { next: (await this.#sinks.find(sink))?.position ?? 0 };
  }

  async set(sink: string, next: number): Promise<{ readonly holder: string } | undefined> {
    const taken = await this.#takeLease(sink);
    if (!taken.lease) return { holder: taken.holder };
    const { lease } = taken;
    try {
      const expected = (await this.#sinks.find(sink))?.position;
      const moved = await this.#sinks.move({
        sink,
        lease,
        expected,
        position: next,
        detail: SET_BY_OPERATOR,
      });
      return moved ? undefined : { holder: 'another process' };
    } finally {
      await this.#leases.release(lease);
    }
  }

  #takeLease(sink: string): Promise<{ lease: HeldLease } | { lease: undefined; holder: string }> {
    return this.#leases.take({ name: `relay/${sink}`, holder: this.#holder, durationMs: this.#leaseMs });
  }
}

function isNew(stored: SinkPosition | undefined): boolean {
  return stored === undefined || stored.detail === SET_BY_OPERATOR;
}
