import type { EntryType } from '../domain/journal/entry.ts';
import type { FullTile } from '../domain/log/tree-edge.ts';
import type { HeldLease } from './lease.ts';
import type { UserId } from './store-rows.ts';

/**
 * Reads the transparency log: the committed entries in their final order, up to the last checkpoint. Index 0 is the first.
 * Nothing is verified.
 *
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer.
 */
export interface LogReader {
  /** The number of sealed entries: the last checkpoint's size. 0 without one. */
  sealedSize(): Promise<number>;
  /** @returns undefined before the first */
  lastCheckpoint(): Promise<StoredCheckpoint | undefined>;
  /** Sealed entries in the log's order, from the index on. */
  readSealed(page: { readonly from: number; readonly limit: number }): Promise<readonly SealedEntry[]>;
  /**
   * Full tiles, in the order asked. At level 0 these are the entries' hashes; their leaf hashes are the tile.
   * @returns undefined where the tile is not full yet: its hashes are in the last checkpoint's edge
   */
  readFullTiles(
    tiles: readonly { readonly level: number; readonly number: number }[],
  ): Promise<readonly (Uint8Array | undefined)[]>;
}

/** What the sealer needs. Only the holder of the lease `sealer` writes. */
export interface LogStore extends LogReader {
  /**
   * The hashes of committed entries in the log's order, from the index on, packed, 32 bytes each. The order of what was once
   * returned never changes, and nothing comes before it any more. May return fewer than there are; none only where there are none.
   */
  readUnsealed(page: { readonly from: number; readonly limit: number }): Promise<Uint8Array>;
  /**
   * Stores a checkpoint with the tiles that became full since the one before, in one unit of work.
   * @returns `lease_lost` where another holder has the lease, `superseded` where the last checkpoint is not of
   *   `previousSize`; then nothing is stored
   * @throws StoreUnavailable when the outcome is unknown: read the last checkpoint
   */
  seal(seal: Seal): Promise<'sealed' | 'lease_lost' | 'superseded'>;
  /**
   * Adds a witness's signature line to the note of the checkpoint of that size, unless the note has one of that name.
   * @returns whether it was added; false: it has one, or the checkpoint is not kept any more
   */
  addCosignature(size: number, line: string): Promise<boolean>;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** When it was signed, ms since 1970. */
  readonly at: number;
  /** The signed note (https://c2sp.org/tlog-checkpoint). */
  readonly note: string;
  /** The hashes that are in no full tile (`TreeEdge.packed`). */
  readonly edge: Uint8Array;
}

export interface Seal {
  readonly lease: HeldLease;
  /** undefined: there is no checkpoint yet. */
  readonly previousSize: number | undefined;
  readonly full: readonly FullTile[];
  readonly checkpoint: StoredCheckpoint;
}

/** An entry of the log. Its user's name is `user` of the body. */
export interface SealedEntry {
  readonly index: number;
  readonly userId: UserId;
  readonly version: number;
  readonly at: number;
  readonly type: EntryType;
  /** Empty where it was erased, or is in a file of the archive that is not here. */
  readonly body: string;
  /** Lower-case hex. */
  readonly hash: string;
}
