/**
 * Leases: of several processes one does a piece of work at a time, such as `sealer` or `relay/pulsar`. Time is the store's.
 * A lease that ended may be noticed late by its holder, so what it protects is changed under its fencing number
 * (`HeldLease`), which the store compares with the lease in the same unit of work.
 *
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer.
 */
export interface Leases {
  /**
   * Takes the lease if nobody holds it. Not for its own holder, who renews it.
   * @param request.holder names the process, for people
   * @param request.durationMs at most `LIMITS.leaseMsMax`
   */
  take(request: {
    readonly name: string;
    readonly holder: string;
    readonly durationMs: number;
  }): Promise<TakenLease>;
  /** Prolongs the lease, counted from now. @returns false where another holder has taken it since */
  renew(lease: HeldLease, durationMs: number): Promise<boolean>;
  /** Ends the lease at once, if it is still held under this fencing number. */
  release(lease: HeldLease): Promise<void>;
}

/** A lease as its holder knows it. */
export interface HeldLease {
  readonly name: string;
  /** Grows with each holder. */
  readonly fence: number;
}

export type TakenLease =
  | { readonly lease: HeldLease }
  | { readonly lease: undefined; readonly holder: string; readonly endsInMs: number };
