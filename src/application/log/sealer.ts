import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { formatCheckpoint } from '../../domain/log/checkpoint.ts';
import { formatNote } from '../../domain/log/signed-note.ts';
import { EMPTY_EDGE, type TreeEdge } from '../../domain/log/tree-edge.ts';
import { HASH_BYTES } from '../../domain/log/tree-hasher.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HeldLease } from '../../ports/lease.ts';
import type { StoredCheckpoint } from '../../ports/log-store.ts';
import type { Store } from '../../ports/store.ts';
import type { TreeAppender } from '../../ports/tree-appender.ts';
import { LeaseHolder } from '../leases/lease-holder.ts';
import type { LogKey } from './log-key.ts';
import { checkOwnCheckpoint } from './own-checkpoint.ts';

export interface SealerParts {
  readonly store: Pick<Store, 'leases' | 'log'>;
  readonly key: LogKey;
  readonly appender: TreeAppender;
  readonly clock: Clock;
  /** Names this process to whoever asks who seals. */
  readonly holder: string;
  /** Called after each failed turn, and when one succeeds again (undefined). */
  readonly observe: (error: unknown) => void;
  /** Called with each checkpoint that this process stored. */
  readonly sealed?: (checkpoint: StoredCheckpoint) => void;
  readonly periodMs?: number;
  readonly leaseMs?: number;
}

/** The last checkpoint's size, and the edge that the next entries continue. */
interface Sealed {
  readonly size: number | undefined;
  readonly edge: TreeEdge;
}

/** Thrown when the stored log is not one that this vault's key continues. Sealing on would fork the log. */
export class LogNotOurs extends Error {
  override name = 'LogNotOurs';
}

/**
 * Gives committed entries their place in the transparency log and signs a checkpoint, each second while entries arrive. Of
 * all processes of a store one seals, under a lease; the store refuses a checkpoint that does not follow the last one, so
 * two can never fork the log, whatever a clock or a pause does.
 *
 * Why: docs/DECISIONS.md#the-log-is-sealed-by-time
 */
export class Sealer {
  readonly #parts: SealerParts;
  readonly #lease: LeaseHolder;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #sealed: Sealed | undefined;

  constructor(parts: SealerParts) {
    this.#parts = parts;
    const { store, holder, leaseMs = LIMITS.leaseMs } = parts;
    this.#lease = new LeaseHolder(store.leases, { name: 'sealer', holder, durationMs: leaseMs });
  }

  /** Whether this process was the one that seals when it asked last. */
  get isSealing(): boolean {
    return this.#lease.isHeld;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Seals what is committed, and gives the lease back, so that another process need not wait for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    if (!this.#lease.isHeld) return;
    await this.#sealLast().catch(() => undefined);
    await this.#lease.release().catch(() => undefined);
  }

  /**
   * Seals all entries that are committed.
   * @returns whether this process seals; false: another one has the lease
   * @throws StoreUnavailable, VaultUnavailable, LogNotOurs
   */
  async seal(): Promise<boolean> {
    for (;;) {
      const startedAt = performance.now();
      const lease = await this.#lease.hold();
      if (!lease) {
        this.#sealed = undefined;
        return false;
      }
      const more = await this.#sealSome(lease);
      if (!more || this.#stopping.signal.aborted) return true;
      // Entries of before the log existed: other work goes on between two parts.
      await delay(Math.min(LIMITS.logRestMsMax, performance.now() - startedAt));
    }
  }

  async #sealLast(): Promise<void> {
    const lease = await this.#lease.hold();
    if (lease) await this.#sealSome(lease);
  }

  async #run(): Promise<void> {
    const { observe, periodMs = LIMITS.logCheckpointMs } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await this.seal();
        observe(undefined);
      } catch (error) {
        // Whether a checkpoint was stored is read from the store.
        this.#sealed = undefined;
        if (!signal.aborted) observe(error);
      }
      const restMs = Math.max(0, periodMs - (performance.now() - startedAt));
      await delay(restMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** @returns whether there may be more entries to seal */
  async #sealSome(lease: HeldLease): Promise<boolean> {
    this.#sealed ??= await this.#load();
    const { size, edge } = this.#sealed;
    const entries = await this.#read(edge.size);
    if (entries.length === 0 && size !== undefined) return false;
    const { store, key, appender, clock } = this.#parts;
    const { edge: next, full, root } = await appender.append(edge, entries);
    const text = formatCheckpoint({ origin: key.origin, size: next.size, root });
    const { name, keyId } = await key.get();
    const note = formatNote({ text, signatures: [{ name, keyId, signature: await key.sign(text) }] });
    const checkpoint = { size: next.size, at: Math.max(0, clock.now()), note, edge: next.packed };
    const outcome = await store.log.seal({ lease, previousSize: size, full, checkpoint });
    if (outcome !== 'sealed') {
      this.#sealed = undefined;
      if (outcome === 'lease_lost') this.#lease.lost();
      return true;
    }
    this.#sealed = { size: next.size, edge: next };
    this.#parts.sealed?.(checkpoint);
    return entries.length >= LIMITS.logEntriesPerCheckpointMax * HASH_BYTES;
  }

  /** Reads until there are no more, or as many as one checkpoint takes. */
  async #read(from: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let count = 0;
    while (count < LIMITS.logEntriesPerCheckpointMax) {
      const limit = LIMITS.logEntriesPerCheckpointMax - count;
      const part = await this.#parts.store.log.readUnsealed({ from: from + count, limit });
      if (part.length === 0) break;
      // A store in this process reads synchronously: let other work run between two reads.
      if (parts.length > 0) await setImmediate();
      parts.push(part);
      count += part.length / HASH_BYTES;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  async #load(): Promise<Sealed> {
    const last = await this.#parts.store.log.lastCheckpoint();
    if (!last) return { size: undefined, edge: EMPTY_EDGE };
    const edge = checkOwnCheckpoint(last, await this.#parts.key.get());
    if (typeof edge === 'string') throw new LogNotOurs(`the log is not continued: ${edge}`);
    return { size: last.size, edge };
  }
}
