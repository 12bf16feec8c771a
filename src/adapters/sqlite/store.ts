import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { LIMITS } from '../../limits.ts';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { JournalEntry, LinkedEntry } from '../../ports/journal-reader.ts';
import type { Leases } from '../../ports/lease.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { PushSubscriptions } from '../../ports/push-subscriptions.ts';
import type { RetentionStore } from '../../ports/retention.ts';
import type { SearchStore } from '../../ports/search-store.ts';
import type { SinkPositions } from '../../ports/sink-positions.ts';
import type {
  AppendOutcome,
  Credentials,
  DatasetVersionRow,
  Decision,
  IdempotencyRecord,
  IdentityRow,
  IdentitySecretsRow,
  InboxMessage,
  KeyReplacement,
  MessageConflict,
  MessageDelivery,
  NamedIdentity,
  ServiceKeyUse,
  ServiceRow,
  SessionUse,
  StagedPart,
  Store,
  StoredKey,
  TransactionRow,
  TransactionStatus,
  UnknownNameChange,
  UserId,
  UserRecord,
  UserRow,
  VaultBinding,
  WebhookCommandRow,
  WebhookDeliveryRow,
  WebhookProgress,
  WebhookProgressChange,
  WebhookRow,
  WrappedKeyRef,
} from '../../ports/store.ts';
import { byPosition, withBodies } from '../sql/archived-bodies.ts';
import { Appender, type AppenderOptions } from './appender.ts';
import { backupDatabase } from './backup.ts';
import { Connection, openDatabase } from './connection.ts';
import { CredentialRows } from './credential-rows.ts';
import { DatasetRows } from './dataset-rows.ts';
import { DecidedTransactions } from './decided-transactions.ts';
import { startError } from './errors.ts';
import { ExpiringRows } from './expiring-rows.ts';
import { IdentityRows } from './identity-rows.ts';
import { IdentitySecretRows } from './identity-secret-rows.ts';
import { findDamage } from './integrity.ts';
import { JournalIndex } from './journal-index.ts';
import { JournalRows } from './journal-rows.ts';
import { type Change, SqliteLeases } from './leases.ts';
import { MessageRows } from './message-rows.ts';
import { migrate } from './migrate.ts';
import { NameClaims } from './name-claims.ts';
import { OwnerLock } from './owner-lock.ts';
import { SqlitePushSubscriptions } from './push-subscription-rows.ts';
import { RecentHashes } from './recent-hashes.ts';
import { SqliteRetentionStore } from './retention-rows.ts';
import { SqliteLogStore } from './sealed-log.ts';
import { SqliteSearchStore } from './search-rows.ts';
import { ServiceRows } from './service-rows.ts';
import { SessionUseRows } from './session-use-rows.ts';
import { SqliteSinkPositions } from './sink-position-rows.ts';
import { TransactionRows } from './transaction-rows.ts';
import { UnknownNameRows } from './unknown-name-rows.ts';
import { UserRows } from './user-rows.ts';
import { WebhookRows } from './webhook-rows.ts';
import { WrappedKeys } from './wrapped-keys.ts';

export interface SqliteStoreOptions extends AppenderOptions {
  /** The database's file, created if it does not exist. Its folder must exist. */
  readonly path: string;
  /** Where the bodies are that the database keeps no more. */
  readonly bodies?: ArchivedBodies;
}

/**
 * Opens the database as its only writer, until `close` or the end of the process.
 * @throws StartRefused when another process owns it or it cannot be opened: the message says what to do
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  let lock: OwnerLock | undefined;
  let database: DatabaseSync | undefined;
  try {
    const path = realPath(options.path);
    lock = OwnerLock.acquire(path);
    database = openDatabase(path);
    migrate(database, path);
    assertWritable(database);
    const index = new JournalIndex(database);
    index.load();
    database.exec(`PRAGMA busy_timeout = ${LIMITS.storeBusyTimeMs}`);
    return new SqliteStore(path, lock, new Connection(database), index, options);
  } catch (error) {
    database?.close();
    lock?.release();
    throw startError(error, options.path);
  }
}

/** The store in one file. One process owns it, so the guard is in memory; heads are written after their entries. */
export class SqliteStore implements Store {
  readonly path: string;
  readonly leases: Leases;
  readonly sinks: SinkPositions;
  readonly pushSubscriptions: PushSubscriptions;
  readonly log: LogStore;
  readonly retention: RetentionStore;
  readonly search: SearchStore;
  readonly #bodies: ArchivedBodies | undefined;
  readonly #lock: OwnerLock;
  readonly #connection: Connection;
  readonly #index: JournalIndex;
  readonly #appender: Appender;
  readonly #journal: JournalRows;
  readonly #credentials: CredentialRows;
  readonly #names: NameClaims;
  readonly #users: UserRows;
  readonly #transactions: TransactionRows;
  readonly #services: ServiceRows;
  readonly #sessionUses: SessionUseRows;
  readonly #datasets: DatasetRows;
  readonly #identities: IdentityRows;
  readonly #identitySecrets: IdentitySecretRows;
  readonly #messages: MessageRows;
  readonly #webhooks: WebhookRows;
  readonly #keys: WrappedKeys;
  readonly #expiring: ExpiringRows;
  readonly #unknownNames: UnknownNameRows;
  readonly #backups = new Set<Promise<void>>();
  #userIdLast: UserId;
  #closing: Promise<void> | undefined;

  /** Use `openSqliteStore`. */
  constructor(
    path: string,
    lock: OwnerLock,
    connection: Connection,
    index: JournalIndex,
    options: AppenderOptions & Pick<SqliteStoreOptions, 'bodies'>,
  ) {
    const { database } = connection;
    const decided = new DecidedTransactions(database);
    decided.complete(index.watermark);
    this.path = path;
    this.#bodies = options.bodies;
    this.#lock = lock;
    this.#connection = connection;
    this.#index = index;
    this.#names = new NameClaims(database);
    const recent = new RecentHashes();
    this.#appender = new Appender(connection, index, { decided, names: this.#names, recent }, options);
    this.#journal = new JournalRows(database, index);
    const change: Change = (work) => this.#appender.change(work);
    const leases = new SqliteLeases(database, change);
    this.leases = leases;
    this.sinks = new SqliteSinkPositions(connection, change, leases);
    this.pushSubscriptions = new SqlitePushSubscriptions(connection, change);
    this.log = new SqliteLogStore(connection, this.#journal, {
      ...{ change, leases, index, recent },
      bodies: options.bodies,
    });
    this.retention = new SqliteRetentionStore(connection, this.#journal, {
      ...{ change, leases, index },
      complete: () => this.#appender.finish(),
    });
    this.search = new SqliteSearchStore(connection, change, leases, options.bodies);
    this.#transactions = new TransactionRows(database, decided);
    this.#credentials = new CredentialRows(database);
    this.#users = new UserRows(database, this.#journal, this.#transactions);
    this.#services = new ServiceRows(database);
    this.#sessionUses = new SessionUseRows(database);
    this.#datasets = new DatasetRows(database);
    this.#identities = new IdentityRows(database);
    this.#identitySecrets = new IdentitySecretRows(database);
    this.#messages = new MessageRows(database);
    this.#webhooks = new WebhookRows(database);
    this.#keys = new WrappedKeys(database);
    this.#expiring = new ExpiringRows(database);
    this.#unknownNames = new UnknownNameRows(database);
    this.#userIdLast = Math.max(this.#users.lastId(), index.heads.userIdMax);
  }

  async append(decisions: readonly Decision[]): Promise<readonly AppendOutcome[]> {
    return this.#appender.append(decisions);
  }

  async load(userIds: readonly UserId[], spentSince: number): Promise<readonly (UserRecord | undefined)[]> {
    return this.#connection.readTogether(() => userIds.map((userId) => this.#users.load(userId, spentSince)));
  }

  async allocateUserIds(count: number): Promise<readonly UserId[]> {
    return Array.from({ length: count }, () => ++this.#userIdLast);
  }

  async findUser(username: string): Promise<Credentials | undefined> {
    return this.#connection.read(() => this.#credentials.find(username));
  }

  async listUsers(page: { after: UserId; limit: number; search?: string }): Promise<readonly UserRow[]> {
    return this.#connection.reading(() => this.#users.list(page.after, page.limit, page.search ?? ''));
  }

  async findIdempotencyRecords(
    keys: readonly { userId: UserId; key: string }[],
  ): Promise<readonly (IdempotencyRecord | undefined)[]> {
    return this.#connection.readTogether(() =>
      keys.map(({ userId, key }) => this.#expiring.findIdempotencyRecord(userId, key)),
    );
  }

  async readJournal(page: { after: number; limit: number }): Promise<readonly JournalEntry[]> {
    const entries = this.#connection.read(() => this.#journal.read(page.after, page.limit));
    return withBodies(entries, this.#bodies, byPosition);
  }

  async readJournalBackwards(page: { below: number; limit: number }): Promise<readonly JournalEntry[]> {
    const entries = this.#connection.read(() => this.#journal.readBackwards(page.below, page.limit));
    return withBodies(entries, this.#bodies, byPosition);
  }

  async readUserJournal(
    userId: UserId,
    page: { below: number; limit: number },
  ): Promise<readonly JournalEntry[]> {
    const read = () => this.#journal.readUser(userId, page.below, page.limit);
    return withBodies(await this.#connection.reading(read), this.#bodies, byPosition);
  }

  async findTransaction(key: { userId: UserId; transactionId: string }): Promise<TransactionRow | undefined> {
    return this.#connection.read(() => this.#transactions.find(key.userId, key.transactionId));
  }

  async findServiceTransaction(key: {
    serviceId: string;
    transactionId: string;
  }): Promise<TransactionRow | undefined> {
    return this.#connection.read(() => this.#transactions.findOfService(key.serviceId, key.transactionId));
  }

  async listServiceTransactions(page: {
    serviceId: string;
    below?: string;
    status?: TransactionStatus;
    limit: number;
  }): Promise<readonly TransactionRow[]> {
    const { serviceId, below = '\u{10ffff}', status = '', limit } = page;
    return this.#connection.read(() => this.#transactions.listOfService(serviceId, below, status, limit));
  }

  async listExpiredTransactions(page: { before: number; limit: number }): Promise<readonly TransactionRow[]> {
    return this.#connection.read(() => this.#transactions.expired(page.before, page.limit));
  }

  async findEntriesAt(userId: UserId, at: number): Promise<readonly LinkedEntry[]> {
    const entries = await this.#connection.reading(() => this.#journal.findAt(userId, at));
    return withBodies(entries, this.#bodies, byPosition);
  }

  async recordSessionUses(uses: readonly SessionUse[]): Promise<void> {
    if (uses.length > 0) await this.#appender.change(() => this.#sessionUses.record(uses));
  }

  async lastSessionUse(userId: UserId, sessionId: string): Promise<number | undefined> {
    return this.#connection.read(() => this.#sessionUses.last(userId, sessionId));
  }

  async listServices(): Promise<readonly ServiceRow[]> {
    return this.#connection.read(() => this.#services.list());
  }

  async findService(keyHash: string): Promise<ServiceRow | undefined> {
    return this.#connection.read(() => this.#services.findByKey(keyHash));
  }

  async recordServiceKeyUses(uses: readonly ServiceKeyUse[]): Promise<void> {
    await this.#appender.change(() => this.#services.recordUses(uses));
  }

  async listDatasets(page: { after: string; limit: number }): Promise<readonly DatasetVersionRow[]> {
    return this.#connection.read(() => this.#datasets.list(page.after, page.limit));
  }

  async findDataset(name: string): Promise<readonly DatasetVersionRow[]> {
    return this.#connection.read(() => this.#datasets.find(name));
  }

  async findIdentity(username: string): Promise<NamedIdentity | undefined> {
    return this.#connection.read(() => this.#identities.find(username));
  }

  async listIdentities(page: { userId: UserId; limit: number }): Promise<readonly IdentityRow[]> {
    return this.#connection.read(() => this.#identities.list(page.userId, page.limit));
  }

  async findIdentitySecrets(userId: UserId): Promise<readonly IdentitySecretsRow[]> {
    return this.#connection.read(() => this.#identitySecrets.find(userId));
  }

  async findSealingKeys(thumbprints: readonly string[]): Promise<readonly (NamedIdentity | undefined)[]> {
    return this.#connection.readTogether(() =>
      thumbprints.map((thumbprint) => this.#identities.findBySealingKey(thumbprint)),
    );
  }

  async checkMessage(message: Parameters<Store['checkMessage']>[0]): Promise<MessageConflict | undefined> {
    return this.#connection.readTogether(() => this.#messages.check(message));
  }

  async stageMessagePart(part: StagedPart): Promise<void> {
    this.#appender.change(() => this.#messages.stage(part));
  }

  async discardStagedMessage(key: { userId: UserId; messageId: string }): Promise<void> {
    this.#appender.change(() => this.#messages.discard(key.userId, key.messageId));
  }

  async listInbox(page: Parameters<Store['listInbox']>[0]): Promise<readonly InboxMessage[]> {
    return this.#connection.read(() => this.#messages.listInbox(page));
  }

  async findInboxMessage(key: {
    userId: UserId;
    messageId: string;
    at: number;
  }): Promise<InboxMessage | undefined> {
    return this.#connection.read(() => this.#messages.findInbox(key.userId, key.messageId, key.at));
  }

  async readMessagePart(key: {
    senderId: UserId;
    messageId: string;
    part: number;
  }): Promise<string | undefined> {
    return this.#connection.read(() => this.#messages.readPart(key.senderId, key.messageId, key.part));
  }

  async listDeliveries(key: { senderId: UserId; messageId: string }): Promise<readonly MessageDelivery[]> {
    return this.#connection.read(() => this.#messages.listDeliveries(key.senderId, key.messageId));
  }

  async expireMessages(before: { expired: number; staged: number; limit: number }): Promise<boolean> {
    return this.#appender.change(() => this.#messages.expire(before.expired, before.staged, before.limit));
  }

  async listWebhooks(): Promise<readonly WebhookRow[]> {
    return this.#connection.read(() => this.#webhooks.list());
  }

  async readWebhookProgress(): Promise<{
    progress: readonly WebhookProgress[];
    commands: readonly WebhookCommandRow[];
  }> {
    return this.#connection.read(() => this.#webhooks.progress());
  }

  async saveWebhookProgress(
    changes: readonly WebhookProgressChange[],
    deliveriesMax: number,
  ): Promise<readonly boolean[]> {
    if (changes.length === 0) return [];
    return this.#appender.change(() => changes.map((change) => this.#webhooks.save(change, deliveriesMax)));
  }

  async listWebhookDeliveries(page: {
    webhookId: string;
    below: number;
    limit: number;
  }): Promise<readonly WebhookDeliveryRow[]> {
    return this.#connection.read(() => this.#webhooks.deliveries(page.webhookId, page.below, page.limit));
  }

  async listWrappedKeys(page: {
    after: WrappedKeyRef | undefined;
    limit: number;
  }): Promise<readonly StoredKey[]> {
    return this.#connection.read(() => this.#keys.list(page.after, page.limit));
  }

  async replaceWrappedKeys(replacements: readonly KeyReplacement[]): Promise<readonly boolean[]> {
    return this.#appender.change(() => this.#keys.replace(replacements));
  }

  async bindVault(binding: VaultBinding): Promise<VaultBinding> {
    return this.#appender.change(() => this.#keys.bind(binding));
  }

  async findVaultBinding(): Promise<VaultBinding | undefined> {
    return this.#connection.read(() => this.#keys.findBinding());
  }

  async claimNames(limit: number): Promise<boolean> {
    return this.#appender.change(() => this.#names.claimUnclaimed(limit) >= limit);
  }

  async findUnknownName(key: string): Promise<string | undefined> {
    return this.#connection.read(() => this.#unknownNames.find(key));
  }

  async replaceUnknownName(name: UnknownNameChange): Promise<boolean> {
    return this.#appender.change(() => this.#unknownNames.replace(name));
  }

  async prune(before: {
    idempotencyRecords: number;
    sessions: number;
    unknownNames?: number;
    identitySecrets?: number;
    limit: number;
  }): Promise<boolean> {
    return this.#appender.change(() => {
      const secrets = this.#identitySecrets.prune(before.identitySecrets ?? 0, before.limit);
      const names = this.#unknownNames.prune(before.unknownNames ?? 0, before.limit);
      const more = this.#expiring.prune(before.idempotencyRecords, before.sessions, before.limit);
      return more || Math.max(names, secrets) >= before.limit;
    });
  }

  async ping(): Promise<void> {
    this.#appender.ping();
  }

  /**
   * Copies the database to a new file, a consistent snapshot of now, while appends go on.
   * @param signal ends it early: the file is not made then
   * @throws StoreUnavailable when the file exists already or cannot be written
   */
  async backup(path: string, signal?: AbortSignal): Promise<void> {
    this.#connection.assertOpen();
    const running = backupDatabase(this.path, resolve(path), signal);
    this.#backups.add(running);
    try {
      await running;
    } finally {
      this.#backups.delete(running);
    }
  }

  /** Reads the whole file and blocks the process meanwhile (integrity.ts). @returns what is damaged; empty when nothing is */
  async verifyIntegrity(): Promise<readonly string[]> {
    return this.#connection.read(() => findDamage(this.#connection.database, this.#index));
  }

  /** Writes the heads, then releases the file. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#backups);
    try {
      this.#appender.finish();
    } catch {
      // The next start completes the heads from the journal.
    }
    this.#connection.close();
    this.#lock.release();
  }
}

/** Without write permission, opening the file and beginning a transaction succeed; the first write fails. */
function assertWritable(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE; UPDATE watermark SET position = position; ROLLBACK');
}

/** Resolves links. Otherwise two processes could lock the same file under two names. */
function realPath(path: string): string {
  const full = resolve(path);
  return existsSync(full) ? realpathSync(full) : join(realpathSync(dirname(full)), basename(full));
}
