import { LIMITS } from '../../limits.ts';
import type { HeldLease, Leases } from '../../ports/lease.ts';
import type { SinkPosition, SinkPositions } from '../../ports/sink-positions.ts';
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

/** The positions and leases of sinks in the store. */
export class StoredPlaces implements SinkPlaces {
  readonly #leases: Leases;
  readonly #sinks: SinkPositions;
  readonly #holder: string;
  readonly #leaseMs: number;

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
    const leaseMs = this.#leaseMs;
    let expected = stored;
    const move = async (next: number) => {
      const moved = { sink, lease, expected: expected?.position, position: next, detail: DELIVERED };
      if (!(await this.#sinks.move(moved))) return false;
      expected = moved;
      return true;
    };
    return {
      next: stored?.position ?? (await firstIndex?.()) ?? 0,
      mayBeNew: isNew(stored),
      keep: () => leases.renew(lease, leaseMs),
      async advance(next) {
        // Of an idle sink nothing is written; the lease is prolonged.
        if ((expected?.position !== next || isNew(expected)) && !(await move(next))) return false;
        return leases.renew(lease, leaseMs);
      },
      release: () => leases.release(lease),
    };
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
