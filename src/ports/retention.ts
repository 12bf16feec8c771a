import type { HeldLease } from './lease.ts';
import type { SealedEntry } from './log-store.ts';
import type { UserId } from './store-rows.ts';

/**
 * How far the bodies of sealed entries have left the store, and whose were erased. Rows of entries stay, with their hashes;
 * an entry without its body has an empty one.
 *
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer.
 */
export interface RetentionReader {
  readRetention(): Promise<RetentionState>;
  /** Every user who was erased, those whose bodies are still being emptied included. */
  listErasures(): Promise<readonly Erasure[]>;
}

/** Only the holder of the lease `retention` writes. */
export interface RetentionStore extends RetentionReader {
  /** Sealed entries from the index on, each with the hash of its user's entry before it. */
  readLinked(page: { readonly from: number; readonly limit: number }): Promise<readonly LinkedSealedEntry[]>;
  /**
   * Records that the entries `[expected, archived)` are in files, if the archive still ends at `expected`.
   * @returns whether it was recorded: not where the lease is another's
   */
  setArchived(change: {
    readonly lease: HeldLease;
    readonly expected: number;
    readonly archived: number;
    readonly at: number;
  }): Promise<boolean>;
  /**
   * Empties the bodies of at most `limit` archived entries, those after the last one that was pruned. A user's latest entry
   * keeps its state, which the next decision needs.
   * @returns how many entries are pruned now; undefined where the lease is another's
   */
  pruneBodies(slice: { readonly lease: HeldLease; readonly limit: number }): Promise<number | undefined>;
  /**
   * Empties bodies, states and challenges of at most `limit` of an erased user's entries, newest first, below the version.
   * @returns the lowest version that was emptied, 0 where there was none; and the places of the entries in the log
   */
  eraseBodies(slice: {
    readonly userId: UserId;
    readonly below: number;
    readonly limit: number;
  }): Promise<{ readonly lowest: number; readonly indexes: readonly number[] }>;
  /** Records that nothing of an erased user is left in the store and in the archive. */
  finishErasure(userId: UserId): Promise<void>;
}

/** A sealed entry with what its hash was computed from. */
export interface LinkedSealedEntry extends SealedEntry {
  /** The hash of the user's entry before it; `GENESIS_HASH` for the first. */
  readonly previous: string;
}

export interface RetentionState {
  /** How many entries of the log, from the first, are in files of the archive. */
  readonly archived: number;
  /** How many of them have no body in the store any more. */
  readonly pruned: number;
  /** When the last file was written, ms since 1970; 0: never. */
  readonly archivedAt: number;
}

export interface Erasure {
  readonly userId: UserId;
  /** The user's entries: their version when they were erased. */
  readonly entries: number;
  /** ms since 1970 */
  readonly at: number;
  /** Whether nothing is left, in the archive neither. */
  readonly done: boolean;
}
