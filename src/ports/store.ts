import type { EntryType } from '../domain/journal/entry.ts';

/**
 * The store: *append these decisions, tell me who won*, and *give me these users' latest*.
 *
 * The journal is the truth and the user the unit of consistency: the row `(userId, version)` either is yours
 * or it exists. Every method is asynchronous and takes batches, for a client-server or a sharded database.
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer.
 */
export interface Store {
  /**
   * Appends decisions and, in the same unit of work, the rows that belong to each. Durable when it resolves.
   * Decisions may hold several consecutive versions of one user, in order; when one is not appended, the user's
   * later ones in this call are not either.
   * @throws StoreUnavailable when the outcome is unknown or nothing was appended: reload the users before deciding again
   */
  append(decisions: readonly Decision[]): Promise<readonly AppendOutcome[]>;

  /**
   * What the next decision about each user needs, with the challenges spent by entries of `spentSince` (ms) or later.
   * The system user is always there: version 0 before its first entry, no MAC key, and its name `system` is taken.
   */
  load(userIds: readonly UserId[], spentSince: number): Promise<readonly (UserRecord | undefined)[]>;

  /** New user ids, never handed out twice by any server of this store. */
  allocateUserIds(count: number): Promise<readonly UserId[]>;
  /** Exact, case-sensitive match. */
  findUser(username: string): Promise<Credentials | undefined>;
  /** Users in order of id, after the given one. `search` matches a part of the name. */
  listUsers(page: {
    readonly after: UserId;
    readonly limit: number;
    readonly search?: string;
  }): Promise<readonly UserRow[]>;

  /** The records of idempotency keys, in the order asked. */
  findIdempotencyRecords(
    keys: readonly { readonly userId: UserId; readonly key: string }[],
  ): Promise<readonly (IdempotencyRecord | undefined)[]>;

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

  /** Wrapped keys in a stable order, for rewrapping. */
  listWrappedKeys(page: {
    readonly after: WrappedKeyRef | undefined;
    readonly limit: number;
  }): Promise<readonly StoredKey[]>;
  /** Compare-and-set: replaces each wrapped key that still is `expected`. @returns which were replaced */
  replaceWrappedKeys(replacements: readonly KeyReplacement[]): Promise<readonly boolean[]>;

  /** A user's transaction that was requested (not one approved at once: that is in the journal alone). */
  findTransaction(key: {
    readonly userId: UserId;
    readonly transactionId: string;
  }): Promise<TransactionRow | undefined>;
  /** The same by the service that asked for it. */
  findServiceTransaction(key: {
    readonly serviceId: string;
    readonly transactionId: string;
  }): Promise<TransactionRow | undefined>;
  /** Requested by a service, newest first, below the given id (ids are in order of time); with a status, those alone. */
  listServiceTransactions(page: {
    readonly serviceId: string;
    readonly below?: string;
    readonly status?: TransactionStatus;
    readonly limit: number;
  }): Promise<readonly TransactionRow[]>;
  /** Pending ones whose time is over, the oldest first. */
  listExpiredTransactions(page: {
    readonly before: number;
    readonly limit: number;
  }): Promise<readonly TransactionRow[]>;
  /** The user's entries of this very time (ms), by which a transaction is found from the time in its id. */
  findEntriesAt(userId: UserId, at: number): Promise<readonly JournalEntry[]>;

  /** Services in order of name. */
  listServices(): Promise<readonly ServiceRow[]>;
  /** By the SHA-256 (lower-case hex) of one of its keys. */
  findService(keyHash: string): Promise<ServiceRow | undefined>;

  /**
   * Deletes idempotency records and sessions that ended before these times (ms). At most `limit` rows of each a call.
   * @returns whether there may be more
   */
  prune(before: {
    readonly idempotencyRecords: number;
    readonly sessions: number;
    readonly limit: number;
  }): Promise<boolean>;

  /**
   * Whom entries were appended about since the answer that `cursor` is of, by whatever server: each entry committed in
   * between is told of once. Without a cursor: nobody, and where to go on from. A store of one process has no such thing.
   */
  changedSince?(cursor: string | undefined): Promise<Changes>;

  /** A cheap round trip: throws StoreUnavailable when a decision could not be committed now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A positive integer; 0 is the server itself (`SYSTEM_USER_ID`), whose entries record what belongs to no user. */
export type UserId = number;
export const SYSTEM_USER_ID: UserId = 0;

export interface Decision {
  readonly entry: Entry;
  readonly rows: readonly SideRow[];
}

/** A row of the journal, before it has a position. */
export interface Entry {
  readonly userId: UserId;
  /** 1 for a user's first entry, then without a gap. */
  readonly version: number;
  /** ms since 1970; never less than that of the user's entry before it. */
  readonly at: number;
  readonly type: EntryType;
  /** JSON: what the next decision about this user needs (src/domain/user-state.ts). */
  readonly state: string;
  /** RFC 8785 JSON, stored as these bytes in UTF-8 and never rewritten. */
  readonly body: string;
  /** Lower-case hex of SHA-256(previous hash ‖ body). */
  readonly hash: string;
  /** The challenge that this entry spends. */
  readonly challenge: string | undefined;
}

export interface JournalEntry {
  /** Dense and increasing in the journal's order; 0 in a user's own list while it is not settled yet. */
  readonly position: number;
  readonly userId: UserId;
  readonly version: number;
  readonly at: number;
  readonly type: EntryType;
  readonly body: string;
  readonly hash: string;
}

export interface Changes {
  /** Opaque, for the next call. */
  readonly cursor: string;
  /** Users with their latest version; `all`: too many to name, or it is not known whom. */
  readonly users: readonly { readonly userId: UserId; readonly version: number }[] | 'all';
}

/** `superseded`: the user has that version already, decide again. `conflict`: a row of it is taken (a username). */
export type AppendOutcome = 'appended' | 'superseded' | 'conflict';

/** Rarely written things, committed with the entry that decides them. All but `user` are keyed by the entry's user first. */
export type SideRow =
  | ({ readonly kind: 'user.insert' } & NewUser)
  | ({ readonly kind: 'user.update'; readonly userId: UserId } & Partial<
      Pick<NewUser, 'passwordHash' | 'macKey' | 'role' | 'disabled'>
    >)
  | { readonly kind: 'token.insert'; readonly token: TokenRow }
  | {
      readonly kind: 'token.update';
      readonly userId: UserId;
      readonly tokenId: string;
      readonly status: TokenStatus;
    }
  | { readonly kind: 'session.insert'; readonly session: SessionRow }
  | { readonly kind: 'session.delete'; readonly userId: UserId; readonly sessionId: string }
  | { readonly kind: 'session.delete_all'; readonly userId: UserId }
  | { readonly kind: 'passkey.insert'; readonly passkey: PasskeyRow }
  | {
      readonly kind: 'passkey.update';
      readonly userId: UserId;
      readonly credentialId: string;
      readonly signCount: number;
    }
  | { readonly kind: 'passkey.delete'; readonly userId: UserId; readonly credentialId: string }
  | { readonly kind: 'transaction.insert'; readonly transaction: TransactionRow }
  | ({ readonly kind: 'transaction.update' } & Pick<
      TransactionRow,
      'userId' | 'transactionId' | 'status' | 'decidedAt' | 'decidedVersion' | 'reason'
    >)
  | { readonly kind: 'service.insert'; readonly service: ServiceRow }
  | { readonly kind: 'service.update'; readonly service: ServiceRow }
  | ({
      readonly kind: 'idempotency.insert';
      readonly userId: UserId;
      readonly key: string;
    } & IdempotencyRecord);

export type TransactionStatus = 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';

/** A transaction that waited for its user's decision. Its challenge is bound to its id. */
export interface TransactionRow {
  readonly userId: UserId;
  readonly transactionId: string;
  readonly status: TransactionStatus;
  readonly amount: string;
  readonly currency: string;
  readonly payee: string;
  readonly payer: string;
  readonly challenge: string;
  /** Empty where the user themself asked. */
  readonly serviceId: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  /** 0 while pending. */
  readonly decidedAt: number;
  /** The version of the user's entry that decided it; 0 while pending. */
  readonly decidedVersion: number;
  readonly reason: string;
}

/** A program that may ask: at most two keys, so that they can be changed without a pause. */
export interface ServiceRow {
  readonly serviceId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly keys: readonly ServiceKey[];
  readonly disabled: boolean;
  readonly createdAt: number;
}
export interface ServiceKey {
  /** Lower-case hex of SHA-256 of the key: the key itself is stored nowhere. */
  readonly hash: string;
  readonly createdAt: number;
}

export type Role = 'user' | 'admin' | 'auditor';
export type TokenType = 'totp' | 'hotp' | 'ocra';
export type TokenStatus = 'pending' | 'active' | 'revoked';

export interface NewUser {
  readonly userId: UserId;
  readonly username: string;
  readonly passwordHash: string;
  /** The protocol's MAC key, wrapped for the owner `mac/<userId>`. */
  readonly macKey: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly createdAt: number;
}
export type UserRow = Omit<NewUser, 'passwordHash' | 'macKey'>;
export type Credentials = Pick<NewUser, 'userId' | 'username' | 'passwordHash' | 'role' | 'disabled'>;

export interface TokenRow {
  readonly userId: UserId;
  readonly tokenId: string;
  readonly type: TokenType;
  readonly status: TokenStatus;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: number;
  readonly periodS: number;
  /** For `ocra`: the suite of RFC 6287 section 6; empty otherwise. */
  readonly suite: string;
  readonly label: string;
  /** The seed, wrapped for the owner `seed/<userId>/<tokenId>`. */
  readonly seed: string;
  /** For an `ocra` token that waits for its first code: the question in hex; empty otherwise. */
  readonly activationQuestion: string;
  readonly createdAt: number;
}

export interface SessionRow {
  readonly userId: UserId;
  /** Lower-case hex of SHA-256 of the secret that the caller holds: the secret itself is stored nowhere. */
  readonly sessionId: string;
  readonly kind: SessionKind;
  /** Where it is from, as the client says; empty: unknown. */
  readonly label: string;
  /** The token that the device of a `device` session holds; empty for the other kinds. */
  readonly tokenId: string;
  readonly proof: SessionProof;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * What the holder of a session has proved. Compare `amr` of RFC 8176, which lists the methods that were used; here it
 * also counts which methods the user had at that time.
 *
 * - `second_factor`: more than a password, at the log-in or since: a code, a passkey, the secret of an enrolled device.
 *   Of an invitation: a code was shown for it, or an administrator gave it.
 * - `code_omitted`: a password. The user had a token for log-in codes and showed none, as the TCP protocol allows.
 * - `code_unavailable`: a password. The user's tokens show no log-in codes (`ocra`), or have all been revoked.
 * - `no_token`: a password. The user had no token to show a code of.
 */
export type SessionProof = 'second_factor' | 'code_omitted' | 'code_unavailable' | 'no_token';

/**
 * `enrolment`: an invitation to enrol a token, once: its row is deleted by the decision that uses it.
 * `device`: of a virtual token, which may read what waits for its user and decide that, nothing else.
 */
export type SessionKind = 'login' | 'enrolment' | 'device';

/** A WebAuthn credential (https://www.w3.org/TR/webauthn-3/), as its registration left it. */
export interface PasskeyRow {
  readonly userId: UserId;
  /** base64url */
  readonly credentialId: string;
  /** The COSE key, base64url. */
  readonly publicKey: string;
  /** As its authenticator last said; 0 where that keeps none. */
  readonly signCount: number;
  readonly label: string;
  readonly createdAt: number;
}

export interface IdempotencyRecord {
  /** Lower-case hex of SHA-256 of the request's content. */
  readonly digest: string;
  /** JSON of the answer to repeat. */
  readonly answer: string;
  readonly at: number;
}

/** What the next decision about a user needs: the latest entry's state, and the rows that belong to the user. */
export interface UserRecord extends UserRow {
  readonly macKey: string;
  readonly version: number;
  /** Of the latest entry, ms since 1970; 0 without one. The next entry's is not less, whatever the clock says now. */
  readonly at: number;
  readonly hash: string;
  readonly state: string;
  readonly tokens: readonly TokenRow[];
  readonly sessions: readonly SessionRow[];
  readonly passkeys: readonly PasskeyRow[];
  /** Those that wait for a decision. */
  readonly pendingTransactions: readonly TransactionRow[];
  readonly spentChallenges: readonly string[];
}

export interface WrappedKeyRef {
  readonly kind: 'mac' | 'seed';
  readonly userId: UserId;
  /** Empty for `mac`. */
  readonly tokenId: string;
}
export interface StoredKey extends WrappedKeyRef {
  readonly wrapped: string;
}
export interface KeyReplacement extends WrappedKeyRef {
  readonly expected: string;
  readonly replacement: string;
}
