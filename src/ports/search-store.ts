import type { SegmentPage } from '../domain/search/segment.ts';
import type { JournalEntry } from './journal-reader.ts';
import type { HeldLease } from './lease.ts';
import type { Role, UserId } from './store-rows.ts';

/**
 * What is kept behind the journal so that it can be searched and counted at any size: an index in segments
 * (src/domain/search/segment.ts), counts by second, minute and hour, and what users did last. All of it follows from the journal's
 * entries, by their positions; the holder of one lease writes it, and nothing of it is on the path of a decision.
 *
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer.
 */
export interface SearchStore {
  progress(): Promise<SearchProgress>;
  /** Reads entries by their positions, in the order asked. Positions that no entry has are left out. */
  readEntries(positions: readonly number[]): Promise<readonly JournalEntry[]>;

  /** Stores the next segment, if `segments` are stored and the lease is held. Atomic. */
  addSegment(segment: NewSegment): Promise<SearchChange>;
  /** Segments whose times overlap `from` (inclusive) to `to` (exclusive), from the one asked on, in the order asked. */
  findSegments(page: {
    readonly start: number;
    readonly order: 'ascending' | 'descending';
    readonly from: number;
    readonly to: number;
    readonly limit: number;
  }): Promise<readonly number[]>;
  readSegmentPages(
    pages: readonly { readonly segment: number; readonly page: number }[],
  ): Promise<readonly (SegmentPage & { readonly segment: number })[]>;

  /**
   * Takes erased entries out of the index, and what their user did last out of the list: 32 bits of a hash tell what a short
   * text was. May be done again.
   */
  forgetEntries(erased: { readonly userId: UserId; readonly positions: readonly number[] }): Promise<void>;

  /** Counts at most `limit` entries after a position, by second, type and reason. */
  tally(page: { readonly after: number; readonly limit: number }): Promise<Tally>;
  /** Adds what was counted, if `expected` still is the position counted to and the lease is held. Atomic. */
  addCounts(change: CountChange): Promise<SearchChange>;
  /** Counts of a span of times (ms, `to` exclusive) that are kept by this unit (ms). */
  readCounts(page: {
    readonly unit: number;
    readonly from: number;
    readonly to: number;
  }): Promise<readonly EntryCount[]>;

  /** Users whom a lock stops after this time (ms), in order of id. */
  lockedUsers(page: { readonly at: number; readonly limit: number }): Promise<readonly UserId[]>;
  /** Reads a part of the list of users: those of the `scanned` next ones, in the order asked, that fit. */
  scanUsers(page: UserScan): Promise<UserScanPage>;
}

export interface SearchProgress {
  /** Entries up to this position are counted. */
  readonly counted: number;
  /** So many segments are stored: the index covers their entries. */
  readonly segments: number;
}

/** `superseded`: somebody else got on meanwhile; read the progress. Then nothing is stored, as with `lease_lost`. */
export type SearchChange = 'stored' | 'lease_lost' | 'superseded';

export interface NewSegment {
  readonly lease: HeldLease;
  readonly segment: number;
  /** The least and the greatest time of its entries, ms since 1970. */
  readonly atMin: number;
  readonly atMax: number;
  readonly pages: readonly SegmentPage[];
}

export interface EntryCount {
  /** When its second, minute or hour began, ms since 1970. */
  readonly at: number;
  readonly type: string;
  /** Empty without one. */
  readonly reason: string;
  readonly count: number;
}

export interface Tally {
  /** The position up to which it counted. */
  readonly to: number;
  /** The time of the last entry; 0 without one. */
  readonly at: number;
  /** By second. */
  readonly counts: readonly EntryCount[];
  /** What users did, in order. */
  readonly marks: readonly UserMark[];
}

/** What an entry says of its user. */
export type UserMark =
  | { readonly kind: 'registered' | 'logged_in' | 'unlocked'; readonly userId: UserId; readonly at: number }
  | {
      readonly kind: 'locked';
      readonly userId: UserId;
      readonly at: number;
      /** When the lock ends, ms since 1970. */
      readonly until: number;
    };

export interface CountChange {
  readonly lease: HeldLease;
  readonly expected: number;
  readonly tally: Tally;
  /** Seconds, minutes and hours that began before these times (ms) are not kept any more. */
  readonly secondsSince: number;
  readonly minutesSince: number;
  readonly hoursSince: number;
}

export type UserOrder = 'registered' | 'name' | 'last_login';

export interface UserScan {
  readonly order: UserOrder;
  readonly descending: boolean;
  /** Where the part before ended; undefined: from the start. */
  readonly after: UserScanPlace | undefined;
  readonly scanned: number;
  readonly limit: number;
  readonly filter: UserFilter;
}

/** A place in the list: a user's value in the order, and their id. */
export interface UserScanPlace {
  readonly key: string | number;
  readonly userId: UserId;
}

export interface UserFilter {
  /** A part of the name, case-sensitive. */
  readonly search?: string;
  /** How the name begins, case-sensitive. */
  readonly prefix?: string;
  readonly role?: Role;
  readonly disabled?: boolean;
  /** Whether an active token is there. */
  readonly token?: boolean;
  /** ms since 1970. Who never logged in did so before any time. */
  readonly lastLogInBefore?: number;
  readonly lastLogInSince?: number;
}

export interface ScannedUser {
  readonly userId: UserId;
  readonly username: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly createdAt: number;
  /** ms since 1970; 0: never, or not since entries are counted. */
  readonly lastLogInAt: number;
}

export interface UserScanPage {
  readonly users: readonly ScannedUser[];
  /** Where the next part begins; undefined: this was the last. */
  readonly next: UserScanPlace | undefined;
}
