// An outbox and positions in memory, for the relay's own logic; what stores do is in their contract suites.
import { setTimeout as delay } from 'node:timers/promises';
import type { Outbox, SinkPlaces } from '../../../src/application/relay/outbox.ts';
import type { EntryBody, EntryType } from '../../../src/domain/journal/entry.ts';
import { encodeBody } from '../../../src/domain/journal/entry.ts';
import type { SealedEntry } from '../../../src/ports/log-store.ts';

export class MemoryOutbox implements Outbox {
  readonly entries: SealedEntry[] = [];
  reads = 0;

  add(count: number, type: EntryType = 'login.accepted', user = 'ana'): void {
    for (let each = 0; each < count; each++) this.addBody({ type, user });
  }

  /** @returns its index */
  addBody(given: Pick<EntryBody, 'type' | 'user' | 'transaction'>): number {
    const index = this.entries.length;
    const at = 1_700_000_000_000 + index;
    const { type } = given;
    const body = encodeBody({ ...given, at, version: index + 1 });
    const hash = index.toString(16).padStart(64, '0');
    this.entries.push({ index, userId: 1, version: index + 1, at, type, body, hash });
    return index;
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
export class MemoryPlaces {
  readonly positions = new Map<string, number>();
  readonly #set = new Set<string>();
  readonly #leases = new Map<string, { fence: number; holder: string; until: number }>();

  of(holder: string, leaseMs = 10_000): SinkPlaces {
    return {
      take: async (sink) => {
        const held = this.#leases.get(sink);
        if (held && held.until > performance.now()) return undefined;
        const fence = (held?.fence ?? 0) + 1;
        const keep = () => {
          if ((this.#leases.get(sink)?.fence ?? fence) !== fence) return false;
          this.#leases.set(sink, { fence, holder, until: performance.now() + leaseMs });
          return true;
        };
        keep();
        this.#leases.set(sink, { fence, holder, until: performance.now() + leaseMs });
        return {
          next: this.positions.get(sink) ?? 0,
          mayBeNew: !this.positions.has(sink) || this.#set.has(sink),
          keep: async () => keep(),
          advance: async (next) => {
            if (!keep()) return false;
            this.positions.set(sink, next);
            this.#set.delete(sink);
            return true;
          },
          release: async () => {
            if (keep()) this.#leases.set(sink, { fence, holder, until: 0 });
          },
        };
      },
      set: async (sink, next) => {
        const held = this.#leases.get(sink);
        if (held && held.until > performance.now()) return { holder: held.holder };
        this.positions.set(sink, next);
        this.#set.add(sink);
        return undefined;
      },
      find: async (sink) => ({ next: this.positions.get(sink) ?? 0 }),
    };
  }

  /** As if the holder had been paused beyond its lease. */
  expire(sink: string): void {
    const held = this.#leases.get(sink);
    if (held) this.#leases.set(sink, { ...held, until: 0 });
  }
}
