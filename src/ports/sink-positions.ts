import type { HeldLease } from './lease.ts';

/** How far each sink (Pulsar, a webhook, syslog) has got in the sealed journal. A sink keeps this and nothing else. */
export interface SinkPositions {
  /** @returns undefined for a sink that has no position yet */
  find(sink: string): Promise<SinkPosition | undefined>;
  /**
   * Stores a position if the one before still is `expected` (undefined: none) and the lease is still held under its
   * fencing number. Atomic. @returns whether it was stored
   */
  move(change: SinkMove): Promise<boolean>;
  /**
   * Prolongs leases, and moves the positions of those that have one to move, in one unit of work for all.
   * @returns for each whether its lease was still held and its position moved; if not, nothing of it was stored
   */
  keep(kept: readonly KeptSink[]): Promise<readonly boolean[]>;
  /** Forgets a sink. */
  remove(sink: string): Promise<void>;
}

export interface SinkPosition {
  /** The index of the next entry to deliver: everything below it was delivered. */
  readonly position: number;
  /** The sink's own, such as its failures in JSON. */
  readonly detail: string;
}

export interface SinkMove extends SinkPosition {
  readonly sink: string;
  readonly lease: HeldLease;
  readonly expected: number | undefined;
}

/** A sink whose lease goes on. */
export interface KeptSink {
  readonly lease: HeldLease;
  readonly durationMs: number;
  readonly move: Omit<SinkMove, 'lease'> | undefined;
}
