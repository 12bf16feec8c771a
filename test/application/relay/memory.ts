// An outbox and positions in memory, for the relay's own logic; what stores do is in their contract suites.
import { setTimeout as delay } from 'node:timers/promises';
import type { Outbox, SealedEntry, SinkLease, SinkPositions } from '../../../src/application/relay/outbox.ts';
import type { EntryType } from '../../../src/domain/journal/entry.ts';
import { encodeBody } from '../../../src/domain/journal/entry.ts';

export class MemoryOutbox implements Outbox {
  readonly entries: SealedEntry[] = [];
  reads = 0;

  add(count: number, type: EntryType = 'login.accepted', user = 'ana'): void {
    for (let each = 0; each < count; each++) {
      const index = this.entries.length;
      const at = 1_700_000_000_000 + index;
      const body = encodeBody({ at, type, user, version: index + 1 });
      this.entries.push({ index, at, type, body, hash: index.toString(16).padStart(64, '0') });
    }
  }

  async readSealed({ from, limit }: { from: number; limit: number }): Promise<readonly SealedEntry[]> {
    this.reads++;
    return this.entries.slice(from, from + limit);
  }

  async sealedSize(): Promise<number> {
    return this.entries.length;
  }

  waitForMore(waitMs: number, signal: AbortSignal) {
    const done = new AbortController();
    const ended = delay(Math.min(waitMs, 5), undefined, {
      signal: AbortSignal.any([signal, done.signal]),
    }).catch(() => undefined);
    return { ended, cancel: () => done.abort() };
  }
}

/** Leases and positions that several relays share. */
export class MemoryPositions {
  readonly positions = new Map<string, number>();
  readonly #leases = new Map<string, { fence: number; holder: string; until: number }>();

  of(holder: string): SinkPositions {
    const isOf = ({ sink, fence }: SinkLease) => this.#leases.get(sink)?.fence === fence;
    return {
      take: async (sink, { ttlMs }) => {
        const held = this.#leases.get(sink);
        if (held && held.holder !== holder && held.until > performance.now()) return undefined;
        const fence = (held?.fence ?? 0) + 1;
        this.#leases.set(sink, { fence, holder, until: performance.now() + ttlMs });
        return { sink, fence, next: this.positions.get(sink) ?? 0 };
      },
      advance: async (lease, next, { ttlMs }) => {
        if (!isOf(lease)) return false;
        this.positions.set(lease.sink, next);
        this.#leases.set(lease.sink, { fence: lease.fence, holder, until: performance.now() + ttlMs });
        return true;
      },
      release: async (lease) => {
        if (isOf(lease)) this.#leases.set(lease.sink, { fence: lease.fence, holder: '', until: 0 });
      },
      find: async (sink) => this.positions.get(sink) ?? 0,
    };
  }

  /** As if the holder had been paused beyond its lease. */
  expire(sink: string): void {
    const held = this.#leases.get(sink);
    if (held) this.#leases.set(sink, { ...held, until: 0 });
  }
}
