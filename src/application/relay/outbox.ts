import type { LogReader } from '../../ports/log-store.ts';

/** The sealed journal, which every sink is given from. Throws `StoreUnavailable` when the database cannot answer. */
export interface Outbox extends Pick<LogReader, 'readSealed' | 'sealedSize'> {
  /** Starts to wait for more sealed entries. Called before a read, so that none falls between it and the wait. */
  waitForMore(
    waitMs: number,
    signal: AbortSignal,
  ): { readonly ended: Promise<void>; readonly cancel: () => void };
}

/** Where sinks stand, and which server may move them. Throws `StoreUnavailable` when the database cannot answer. */
export interface SinkPlaces {
  /**
   * Takes a sink's lease, with its position.
   * @param firstIndex the position of a sink that has none yet. Default: 0
   * @returns undefined while another process holds it
   */
  take(sink: string, firstIndex?: () => Promise<number>): Promise<SinkPlace | undefined>;
  /** @returns where the sink stands, whoever has its lease */
  find(sink: string): Promise<Pick<SinkPlace, 'next'>>;
  /**
   * Sets a sink's position, which its next session begins from.
   * @returns who runs the sink, where that is another process: then nothing is set
   */
  set(sink: string, next: number): Promise<{ readonly holder: string } | undefined>;
}

/** A sink's position under its lease. */
export interface SinkPlace {
  /** Everything below this index is acknowledged. */
  readonly next: number;
  /** Whether nothing was delivered yet, or an operator set the position. */
  readonly mayBeNew: boolean;
  /** Prolongs the lease. @returns whether it was still this one */
  keep(): Promise<boolean>;
  /**
   * Stores the position and prolongs the lease.
   * @returns whether the lease was still this one and nobody had set the position; if not, nothing was stored
   */
  advance(next: number): Promise<boolean>;
  /** Gives the lease back, so that another server need not wait for its end. */
  release(): Promise<void>;
}
