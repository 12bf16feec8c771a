import type { EntryType } from '../domain/journal/entry.ts';
import type { JournalReader } from './journal-reader.ts';
import type { Leases } from './lease.ts';
import type { LogStore } from './log-store.ts';
import type { PushSubscriptions } from './push-subscriptions.ts';
import type { RetentionStore } from './retention.ts';
import type { SearchStore } from './search-store.ts';
import type { SinkPositions } from './sink-positions.ts';
import type {
  Credentials,
  DatasetVersionRow,
  IdempotencyRecord,
  IdentityRow,
  IdentitySecretsRow,
  InboxMessage,
  MessageBounds,
  MessageDelivery,
  NamedIdentity,
  NewMessage,
  PasskeyRow,
  ServiceKeyUse,
  ServiceRow,
  SessionRow,
  SessionUse,
  SideRow,
  StagedPart,
  TokenRow,
  TransactionRow,
  TransactionStatus,
  UserId,
  UserRow,
  WebhookCommandRow,
  WebhookDeliveryRow,
  WebhookProgress,
  WebhookProgressChange,
  WebhookRow,
} from './store-rows.ts';

export * from './store-rows.ts';

/**
 * Appends decisions and says which of them won; loads what the next decision about each user needs.
 *
 * The journal is the truth and the user is the unit of consistency: the row `(userId, version)` either is the caller's
 * or exists already. Methods are asynchronous and take batches, so that the database may be remote or sharded.
 * Every method throws `StoreUnavailable` (src/domain/errors.ts) when the database cannot answer.
 */
export interface Store extends JournalReader {
  readonly leases: Leases;
  readonly log: LogStore;
  readonly sinks: SinkPositions;
  readonly pushSubscriptions: PushSubscriptions;
  readonly retention: RetentionStore;
  readonly search: SearchStore;

  /**
   * Appends decisions, each with its rows, in one unit of work. A user's row claims the skeleton of the name
   * (`nameClaim` of src/domain/look-alikes): another name with that skeleton is a conflict. Durable when it resolves. A call may hold several
   * consecutive versions of one user, in order; when one is not appended, the user's later ones in the call are not
   * appended either.
   * @throws StoreUnavailable when the outcome is unknown or nothing was appended: reload the users before deciding again
   */
  append(decisions: readonly Decision[]): Promise<readonly AppendOutcome[]>;

  /**
   * Loads users, in the order asked, each with the challenges spent by entries of `spentSince` (ms) or later.
   * The system user always exists: version 0 before its first entry, no MAC key, and the name `system`.
   */
  load(userIds: readonly UserId[], spentSince: number): Promise<readonly (UserRecord | undefined)[]>;

  /** Allocates user ids. No server of this store hands out an id twice. */
  allocateUserIds(count: number): Promise<readonly UserId[]>;
  /** Exact, case-sensitive match. */
  findUser(username: string): Promise<Credentials | undefined>;
  /**
   * Claims the skeletons of at most `limit` names that claim none yet, because they were registered by a version before. A
   * skeleton that another name holds stays with it. @returns whether there may be more
   */
  claimNames(limit: number): Promise<boolean>;
  /** Users in order of id, after the given one. `search` matches a part of the name. */
  listUsers(page: {
    readonly after: UserId;
    readonly limit: number;
    readonly search?: string;
  }): Promise<readonly UserRow[]>;

  /** Finds the records of idempotency keys, in the order asked. */
  findIdempotencyRecords(
    keys: readonly { readonly userId: UserId; readonly key: string }[],
  ): Promise<readonly (IdempotencyRecord | undefined)[]>;

  /** Lists wrapped keys in a stable order, for rewrapping. */
  listWrappedKeys(page: {
    readonly after: WrappedKeyRef | undefined;
    readonly limit: number;
  }): Promise<readonly StoredKey[]>;
  /**
   * Binds the store to the vault that wraps its keys: the first caller's identity stays, the key version only grows.
   * Atomic. @returns the binding as it is now, which is not the caller's if another vault was bound before
   */
  bindVault(binding: VaultBinding): Promise<VaultBinding>;
  /** Finds the vault that the store is bound to. @returns undefined where no server has started with it */
  findVaultBinding(): Promise<VaultBinding | undefined>;
  /** Replaces each wrapped key that still equals `expected` (compare-and-set). @returns which were replaced */
  replaceWrappedKeys(replacements: readonly KeyReplacement[]): Promise<readonly boolean[]>;

  /** Finds a user's requested transaction. One that was approved at once has no row; it is only in the journal. */
  findTransaction(key: {
    readonly userId: UserId;
    readonly transactionId: string;
  }): Promise<TransactionRow | undefined>;
  /** Finds a transaction by the service that requested it. */
  findServiceTransaction(key: {
    readonly serviceId: string;
    readonly transactionId: string;
  }): Promise<TransactionRow | undefined>;
  /** Lists what a service requested, newest first, below the given id (ids begin with their time). */
  listServiceTransactions(page: {
    readonly serviceId: string;
    readonly below?: string;
    readonly status?: TransactionStatus;
    readonly limit: number;
  }): Promise<readonly TransactionRow[]>;
  /** Lists pending transactions that expired before this time (ms), the oldest first. */
  listExpiredTransactions(page: {
    readonly before: number;
    readonly limit: number;
  }): Promise<readonly TransactionRow[]>;

  /** Records uses of sessions. A later one stays; a session that is gone is left out. No part of any decision. */
  recordSessionUses(uses: readonly SessionUse[]): Promise<void>;
  /** When the session was made, last proven, or last used as recorded, whichever is the latest; undefined: it is gone. */
  lastSessionUse(userId: UserId, sessionId: string): Promise<number | undefined>;

  /** Lists services in order of name. */
  listServices(): Promise<readonly ServiceRow[]>;
  /** Finds a service by the SHA-256 (lower-case hex) of one of its keys. */
  findService(keyHash: string): Promise<ServiceRow | undefined>;
  /** Records uses of keys. A later one stays, and so does a hint; a key that is gone is left out. No part of any decision. */
  recordServiceKeyUses(uses: readonly ServiceKeyUse[]): Promise<void>;

  /** Lists the versions of datasets in order of name and version, after the given dataset. @param limit of datasets */
  listDatasets(page: {
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly DatasetVersionRow[]>;
  /** Lists the versions of one dataset, the oldest first; none: there is no such dataset. */
  findDataset(name: string): Promise<readonly DatasetVersionRow[]>;

  /** Finds the identity in force of a user who is not disabled. */
  findIdentity(username: string): Promise<NamedIdentity | undefined>;
  /** Lists a user's identities, those that are no longer in force included, newest first. */
  listIdentities(page: { readonly userId: UserId; readonly limit: number }): Promise<readonly IdentityRow[]>;
  /** Lists the keys of messages that the vault holds for a user: those in force, those offered. */
  findIdentitySecrets(userId: UserId): Promise<readonly IdentitySecretsRow[]>;
  /** Finds whose sealing keys in force these are, in the order asked. Of disabled users none is. */
  findSealingKeys(thumbprints: readonly string[]): Promise<readonly (NamedIdentity | undefined)[]>;

  /** Says why a message would be a conflict now; undefined: it would not. Without its content. */
  checkMessage(
    message: Pick<NewMessage, 'userId' | 'jti' | 'bytes' | 'sentAt' | 'recipients' | keyof MessageBounds>,
  ): Promise<MessageConflict | undefined>;
  /** Stores a part of a message that is not committed yet. Nobody can read it before. Not atomic with anything. */
  stageMessagePart(part: StagedPart): Promise<void>;
  /** Deletes the staged parts of a message that is not committed. */
  discardStagedMessage(key: { readonly userId: UserId; readonly messageId: string }): Promise<void>;
  /** Lists messages that wait in an inbox, or were acknowledged, oldest first (ids begin with their time), after the given id. */
  listInbox(page: {
    readonly userId: UserId;
    readonly after: string;
    /** Messages that expired by then are left out (ms). */
    readonly at: number;
    readonly limit: number;
    /** Those that were acknowledged, instead of those that wait. */
    readonly acknowledged?: boolean;
  }): Promise<readonly InboxMessage[]>;
  /** Finds a message to that user, acknowledged or not. @param key.at as in `listInbox` */
  findInboxMessage(key: {
    readonly userId: UserId;
    readonly messageId: string;
    readonly at: number;
  }): Promise<InboxMessage | undefined>;
  /** Reads a part of a committed message's JWE. @returns undefined once the message is deleted */
  readMessagePart(key: {
    readonly senderId: UserId;
    readonly messageId: string;
    readonly part: number;
  }): Promise<string | undefined>;
  /** Lists the recipients of a sender's message; empty where it is not theirs, or is deleted. */
  listDeliveries(key: {
    readonly senderId: UserId;
    readonly messageId: string;
  }): Promise<readonly MessageDelivery[]>;
  /**
   * Deletes the contents and inbox rows of messages that expired before `expired` (ms), and parts staged before `staged` of
   * messages that were never committed. Of each at most `limit` messages. @returns whether there may be more
   */
  expireMessages(before: {
    readonly expired: number;
    readonly staged: number;
    readonly limit: number;
  }): Promise<boolean>;

  /** Lists webhooks in the order they were made. */
  listWebhooks(): Promise<readonly WebhookRow[]>;
  /** Lists the progress of every webhook, and the commands that wait. */
  readWebhookProgress(): Promise<{
    readonly progress: readonly WebhookProgress[];
    readonly commands: readonly WebhookCommandRow[];
  }>;
  /**
   * Stores progress with its delivery log and deletes the commands that were carried out, in one unit of work for all. Keeps
   * the `deliveriesMax` newest deliveries of each webhook.
   * @returns whether each was stored: not where the webhook is gone, or was written under a higher fence
   */
  saveWebhookProgress(
    changes: readonly WebhookProgressChange[],
    deliveriesMax: number,
  ): Promise<readonly boolean[]>;
  /** Lists a webhook's deliveries below a number, the newest first. */
  listWebhookDeliveries(page: {
    readonly webhookId: string;
    readonly below: number;
    readonly limit: number;
  }): Promise<readonly WebhookDeliveryRow[]>;

  /**
   * Finds what was tried at a name that no user has.
   * @param key of the name, lower-case hex of 32 bytes
   * @returns the state as `replaceUnknownName` stored it
   */
  findUnknownName(key: string): Promise<string | undefined>;
  /**
   * Stores the state of such a name if it still is `expected` (compare-and-set); undefined: nothing is stored yet. Keeps the
   * `namesMax` names stored last and deletes the others. @returns whether it was stored
   */
  replaceUnknownName(name: UnknownNameChange): Promise<boolean>;

  /**
   * Deletes idempotency records, sessions, unknown names and keys of messages that ended before these times (ms), at most `limit` rows of each.
   * @returns whether there may be more
   */
  prune(before: {
    readonly idempotencyRecords: number;
    readonly sessions: number;
    /** Names tried last before this. */
    readonly unknownNames?: number;
    /** Keys of messages that the vault made before this and nobody enrolled, and those whose identity is not in force. */
    readonly identitySecrets?: number;
    readonly limit: number;
  }): Promise<boolean>;

  /**
   * Reports the users about whom any server appended entries since the call that answered `cursor`. Each entry is
   * reported once. Without a cursor it reports nobody and answers the first one. A store that only one process can
   * open does not have this method.
   */
  changedSince?(cursor: string | undefined): Promise<Changes>;

  /** Checks that a decision could be committed now. Cheap. @throws StoreUnavailable when it could not */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Decision {
  readonly entry: Entry;
  readonly rows: readonly SideRow[];
}

/** A row of the journal, before it has a position. */
export interface Entry {
  readonly userId: UserId;
  /** 1 for a user's first entry, then dense. */
  readonly version: number;
  /** ms since 1970; never less than that of the user's previous entry. */
  readonly at: number;
  readonly type: EntryType;
  /** JSON of what the next decision about this user needs (src/domain/user-state.ts). */
  readonly state: string;
  /** RFC 8785 JSON, stored as exactly these bytes in UTF-8. */
  readonly body: string;
  /** Lower-case hex of SHA-256(previous hash ‖ body). */
  readonly hash: string;
  /** The challenge that this entry spends. */
  readonly challenge: string | undefined;
}

export interface Changes {
  /** Opaque, for the next call. */
  readonly cursor: string;
  /** Users with their latest version. `all`: too many to list, or unknown. */
  readonly users: readonly { readonly userId: UserId; readonly version: number }[] | 'all';
}

/** `superseded`: the user has that version already; decide again. `conflict`: a row's key is taken (a username, or one that looks like it). */
export type AppendOutcome = 'appended' | 'superseded' | 'conflict';

/** What the next decision about a user needs: the state of the latest entry, and the user's rows. */
export interface UserRecord extends UserRow {
  readonly macKey: string;
  readonly version: number;
  /** Time of the latest entry, ms since 1970; 0 without one. The next entry's time is not less, whatever the clock says. */
  readonly at: number;
  readonly hash: string;
  readonly state: string;
  readonly tokens: readonly TokenRow[];
  readonly sessions: readonly SessionRow[];
  readonly passkeys: readonly PasskeyRow[];
  readonly pendingTransactions: readonly TransactionRow[];
  readonly spentChallenges: readonly string[];
}

/** `repeated`: the sender used that `jti`. `outbox_full`, `inbox_full`: no room for it at the sender, or at a recipient. */
export type MessageConflict = 'repeated' | 'outbox_full' | 'inbox_full';

export interface UnknownNameChange {
  readonly key: string;
  readonly expected: string | undefined;
  readonly state: string;
  /** ms since 1970 */
  readonly at: number;
  readonly namesMax: number;
}

export interface WrappedKeyRef {
  readonly kind: 'mac' | 'seed' | 'webhook' | 'dataset' | 'identity';
  /** 0 for `webhook` and `dataset`. */
  readonly userId: UserId;
  /** Empty for `mac`; the id of the secret for `webhook`; the name, a slash and the version for `dataset`; the thumbprint of the signing key, a slash and the use for `identity`. */
  readonly tokenId: string;
}
export interface StoredKey extends WrappedKeyRef {
  readonly wrapped: string;
}
export interface KeyReplacement extends WrappedKeyRef {
  readonly expected: string;
  readonly replacement: string;
}

/** Which vault wraps the store's keys, and the newest key version that it is known to have had. */
export interface VaultBinding {
  readonly identity: string;
  readonly keyVersion: number;
}
