import type { EntryType } from '../../domain/journal/entry.ts';

/** A sealed entry of the journal: it has its place in the log for good. */
export interface SealedEntry {
  /** From 0, dense. */
  readonly index: number;
  /** ms since 1970 */
  readonly at: number;
  readonly type: EntryType;
  /** RFC 8785 JSON, as it is stored. */
  readonly body: string;
  /** Lower-case hex. */
  readonly hash: string;
}

/** The sealed journal, which every sink is given from. Throws `StoreUnavailable` when the database cannot answer. */
export interface Outbox {
  /** Entries in the log's order, the first at index `from`. */
  readSealed(page: { readonly from: number; readonly limit: number }): Promise<readonly SealedEntry[]>;
  /** The number of sealed entries. */
  sealedSize(): Promise<number>;
  /** Starts to wait for more sealed entries. Called before a read, so that none falls between it and the wait. */
  waitForMore(
    waitMs: number,
    signal: AbortSignal,
  ): { readonly ended: Promise<void>; readonly cancel: () => void };
}

/** Where sinks stand, and which server may move them. Throws `StoreUnavailable` when the database cannot answer. */
export interface SinkPositions {
  /**
   * Takes a sink's lease, or prolongs it for its holder. @returns the lease with the sink's position; undefined while another holds it
   */
  take(sink: string, options: { readonly ttlMs: number }): Promise<SinkLease | undefined>;
  /** Stores the position, and prolongs the lease. @returns whether the lease was still this one; if not nothing was stored */
  advance(lease: SinkLease, next: number, options: { readonly ttlMs: number }): Promise<boolean>;
  /** Gives the lease back, so that another server need not wait for its end. */
  release(lease: SinkLease): Promise<void>;
  /** The position of a sink, whoever has its lease. */
  find(sink: string): Promise<number>;
}

export interface SinkLease {
  readonly sink: string;
  /** Grows with each holder. */
  readonly fence: number;
  /** Everything below this index is acknowledged. */
  readonly next: number;
}
