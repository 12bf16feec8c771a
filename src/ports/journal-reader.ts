import type { EntryType } from '../domain/journal/entry.ts';
import type { LogReader } from './log-store.ts';
import type { RetentionReader } from './retention.ts';
import type {
  Credentials,
  DatasetVersionRow,
  IdentityRow,
  NewUser,
  PasskeyRow,
  ServiceRow,
  SessionRow,
  TokenRow,
  TransactionRow,
  UserId,
  WebhookRow,
} from './store-rows.ts';

/**
 * Reads the journal. Every store does; `AuditReader` does so without writing.
 *
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer. No method checks hashes.
 */
export interface JournalReader {
  /** Entries in the journal's order, oldest first, after the given position (0: from the start). */
  readJournal(page: { readonly after: number; readonly limit: number }): Promise<readonly JournalEntry[]>;
  /** Entries against the journal's order, newest first, below the given position (Infinity: from the latest). */
  readJournalBackwards(page: {
    readonly below: number;
    readonly limit: number;
  }): Promise<readonly JournalEntry[]>;
  /** One user's entries, newest first, below the given version (Infinity: from the latest). */
  readUserJournal(
    userId: UserId,
    page: { readonly below: number; readonly limit: number },
  ): Promise<readonly JournalEntry[]>;
  /** The user's entries of exactly this time (ms). A transaction is found this way, from the time in its id. */
  findEntriesAt(userId: UserId, at: number): Promise<readonly LinkedEntry[]>;
}

/** The journal of a database that is opened read-only, beside servers at work or without one. Each call reads the current state. */
export interface AuditReader extends JournalReader {
  readonly log: LogReader;
  readonly retention: RetentionReader;
  /** Exact, case-sensitive match. */
  findUser(username: string): Promise<Credentials | undefined>;
  /** The latest entry of each user who has one, in order of user id, after the given id. */
  heads(page: { readonly after: UserId; readonly limit: number }): Promise<readonly UserHead[]>;
  /** Every row of a table that is committed with entries, in no particular order; rows changed during the reading may be missed. */
  sideRows<Table extends SideTable>(table: Table): AsyncIterable<SideTableRows[Table]>;
  /** Reads the whole database, which takes long. @returns what is damaged, empty when nothing is. Hashes are not checked. */
  verifyIntegrity(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The tables whose rows follow from the entries. */
export interface SideTableRows {
  readonly users: NewUser;
  readonly tokens: TokenRow;
  readonly passkeys: PasskeyRow;
  readonly sessions: SessionRow;
  readonly services: ServiceRow;
  readonly webhooks: WebhookRow;
  readonly datasets: DatasetVersionRow;
  readonly identities: IdentityRow;
  readonly transactions: TransactionRow;
}
export type SideTable = keyof SideTableRows;

export interface JournalEntry {
  /** Dense and increasing in the journal's order. 0 in a user's own list for an entry that has no position yet. */
  readonly position: number;
  readonly userId: UserId;
  readonly version: number;
  readonly at: number;
  readonly type: EntryType;
  /** Empty where it was erased, or is in a file of the archive that is not here. */
  readonly body: string;
  readonly hash: string;
}

/** An entry with what its hash was computed from, so that it can be checked alone. */
export interface LinkedEntry extends JournalEntry {
  /** The hash of the user's entry before it; `GENESIS_HASH` for the first. */
  readonly previous: string;
}

/** A user's latest entry. */
export interface UserHead {
  readonly userId: UserId;
  readonly version: number;
  /** Larger than any position for an entry that has none yet. */
  readonly position: number;
}
