import { StartRefused, StoreUnavailable } from '../../domain/errors.ts';
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
  Changes,
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
import { addressText, readAddress } from './address.ts';
import { Appender, type AppenderOptions } from './appender.ts';
import { changedSince } from './changes.ts';
import type { Connection } from './connection.ts';
import { findDataset, listDatasets } from './dataset-rows.ts';
import { storeError } from './errors.ts';
import { findIdempotencyRecords, prune } from './expiring-rows.ts';
import { foreignObjects } from './foreign-objects.ts';
import { findIdentity, findIdentitySecrets, findSealingKeys, listIdentities } from './identity-rows.ts';
import { JournalRows } from './journal-rows.ts';
import { KnownHeads } from './known-heads.ts';
import { LaneOrder } from './lane-order.ts';
import { lookAtLanes } from './lane-upkeep.ts';
import { type OnConnection, PostgresLeases } from './leases.ts';
import {
  checkMessage,
  discardStaged,
  expireMessages,
  findInboxMessage,
  listDeliveries,
  listInbox,
  readPart,
  stagePart,
} from './message-rows.ts';
import { checkVersion, excessRights, mayMigrate, migrate, readVersion } from './migrate.ts';
import { claimUnclaimed } from './name-claims.ts';
import { Pool } from './pool.ts';
import type { PostgresLog } from './primary.ts';
import { PostgresPushSubscriptions } from './push-subscription-rows.ts';
import { PostgresRetentionStore } from './retention-rows.ts';
import { PostgresLogStore } from './sealed-log.ts';
import { PostgresSearchStore } from './search-rows.ts';
import { findService, listServices, recordKeyUses } from './service-rows.ts';
import { lastSessionUse, recordSessionUses } from './session-use-rows.ts';
import { type PartitionOf, readShards } from './shards.ts';
import { PostgresSinkPositions } from './sink-position-rows.ts';
import { confirm } from './synchronous-commit.ts';
import { STORE_TIMES, type StoreTimes } from './times.ts';
import { transactionRows } from './transaction-rows.ts';
import { findUnknownName, replaceUnknownName } from './unknown-name-rows.ts';
import { allocateUserIds, findUser, listUsers, loadUsers } from './user-rows.ts';
import {
  listWebhookDeliveries,
  listWebhooks,
  readWebhookProgress,
  saveWebhookProgress,
} from './webhook-rows.ts';
import { bindVault, findVaultBinding, listWrappedKeys, replaceWrappedKeys } from './wrapped-keys.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port[,host:port…]/database` (address.ts). */
  readonly url: string;
  readonly connectionsMax?: number;
  readonly times?: Partial<StoreTimes>;
  readonly log?: PostgresLog;
  /** Where the bodies are that the database keeps no more. */
  readonly bodies?: ArchivedBodies;
}

const FOREIGN_NAMED_MAX = 5;
const SILENT: PostgresLog = { info() {}, warn() {} };

/**
 * Connects to the server that takes writes. Creates the tables in an empty database, if the user may.
 * @throws StartRefused when no server takes writes, or the tables have another version: the message says what to do
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const address = readAddress(options.url);
  const log = options.log ?? SILENT;
  const heads = new KnownHeads();
  const times = { ...STORE_TIMES, ...options.times };
  const pool = new Pool(address, {
    connectionsMax: options.connectionsMax ?? LIMITS.storeConnections,
    times,
    log,
    onServerLost: () => heads.forget(),
  });
  let partitionOf: PartitionOf | undefined;
  try {
    await pool.start();
    const found = await pool.use('reads', async (connection) => ({
      ...(await readVersion(connection)),
      mayMigrate: await mayMigrate(connection),
    }));
    if (found.version === 0 && found.mayMigrate) {
      await migrate(address, undefined);
      log.info({ database: addressText(address) }, 'the tables were made');
    } else checkVersion(found, address);
    const { rights, copied, foreign } = await pool.use('reads', async (connection) => ({
      foreign: await foreignObjects(connection),
      rights: await excessRights(connection),
      copied: await isCopied(connection),
    }));
    partitionOf = await pool.use('reads', readShards);
    if (foreign.length > 0) {
      throw new StartRefused(
        `${addressText(address)} was changed from outside: ${foreign.slice(0, FOREIGN_NAMED_MAX).join('; ')}. Find out who did it; then drop what is not Sello's and run sello audit verify.`,
      );
    }
    if (copied) {
      throw new StartRefused(
        `${addressText(address)} was copied from another server by its rows: the journal's order would break. Restore a physical backup (pg_basebackup)`,
      );
    }
    if (rights.length > 0) {
      log.warn(
        { rights },
        'the user in store_url may change the journal: give store_owner_url and run sello migrate',
      );
    }
  } catch (error) {
    await pool.close();
    const known = storeError(error);
    throw known instanceof StoreUnavailable
      ? new StartRefused(`${addressText(address)}: ${known.message}`, { cause: error })
      : known;
  }
  return new PostgresStore(
    pool,
    heads,
    { ...options, answerMs: times.answerMs, ...(partitionOf ? { partitionOf } : {}) },
    log,
  );
}

/** Whether the rows were copied into a server whose transaction ids are behind the journal's (a logical copy, not a physical one). */
async function isCopied(connection: Connection): Promise<boolean> {
  if (await new LaneOrder().isByLanes(connection)) return false;
  const { rows } = await connection.run(
    'SELECT coalesce((SELECT max(xid) FROM journal) >= pg_snapshot_xmax(pg_current_snapshot()), false)',
  );
  return rows[0]?.[0] === true;
}

/** The store in a PostgreSQL database. Any number of servers may share it: the journal's primary key is the guard. */
export class PostgresStore implements Store {
  readonly leases: Leases;
  readonly sinks: SinkPositions;
  readonly pushSubscriptions: PushSubscriptions;
  readonly log: LogStore;
  readonly retention: RetentionStore;
  readonly search: SearchStore;
  readonly #bodies: ArchivedBodies | undefined;
  readonly #pool: Pool;
  readonly #heads: KnownHeads;
  readonly #appender: Appender;
  readonly #order = new LaneOrder();
  readonly #journal = new JournalRows(this.#order);
  readonly #background: readonly NodeJS.Timeout[];
  #closing: Promise<void> | undefined;

  /** Use `openPostgresStore`. */
  constructor(
    pool: Pool,
    heads: KnownHeads,
    options: AppenderOptions & Pick<PostgresStoreOptions, 'bodies'>,
    log: PostgresLog,
  ) {
    this.#bodies = options.bodies;
    this.#pool = pool;
    this.#heads = heads;
    this.#appender = new Appender(pool, heads, options);
    const read: OnConnection = (work) => this.#pool.read(work);
    const change: OnConnection = (work) => this.#change(work);
    this.leases = new PostgresLeases(change);
    this.sinks = new PostgresSinkPositions(change);
    this.pushSubscriptions = new PostgresPushSubscriptions(read, change);
    this.log = new PostgresLogStore(read, change, this.#journal, options.bodies);
    this.retention = new PostgresRetentionStore(read, change, this.#journal);
    this.search = new PostgresSearchStore(read, change, this.#journal, options.bodies);
    let isLogged = false;
    const assignPositions = async () => {
      try {
        await this.#pool.read((connection) => this.#journal.complete(connection));
        isLogged = false;
      } catch (error) {
        if (!isLogged && !this.#closing) log.warn({ err: error }, 'entries got no places in the journal yet');
        isLogged = true;
      }
    };
    const lookAtQuiet = () => this.lookAtLanes({ all: false }).catch(() => undefined);
    const lookAtAll = () => this.lookAtLanes({ all: true }).catch(() => undefined);
    this.#background = [
      setInterval(() => void assignPositions(), LIMITS.commitSequencerPeriodMs),
      setInterval(() => void lookAtQuiet(), LIMITS.laneUpkeepPeriodMs),
      setInterval(() => void lookAtAll(), LIMITS.laneOldPeriodMs),
    ].map((timer) => timer.unref());
  }

  /** Calls lanes quiet that rest, and finds entries in those that were quiet (lane-upkeep.ts). Happens by itself, too. */
  async lookAtLanes(options: Parameters<typeof lookAtLanes>[1]): Promise<void> {
    await this.#pool.read(async (connection) => {
      if (await this.#order.isByLanes(connection)) await lookAtLanes(connection, options);
    });
  }

  /** Open connections, and callers that wait for one. */
  get connections(): { readonly open: number; readonly waiting: number } {
    return this.#pool.counts;
  }

  async append(decisions: readonly Decision[]): Promise<readonly AppendOutcome[]> {
    if (decisions.length === 0) return [];
    return this.#appender.append(decisions);
  }

  async load(userIds: readonly UserId[], spentSince: number): Promise<readonly (UserRecord | undefined)[]> {
    if (userIds.length === 0) return [];
    const { era } = this.#heads;
    const records = await this.#pool.read((connection) => loadUsers(connection, userIds, spentSince));
    for (const record of records) if (record) this.#heads.learn(era, record.userId, record.version);
    return records;
  }

  async allocateUserIds(count: number): Promise<readonly UserId[]> {
    return this.#pool.read((connection) => allocateUserIds(connection, count));
  }

  async findUser(username: string): Promise<Credentials | undefined> {
    return this.#pool.read((connection) => findUser(connection, username));
  }

  async listUsers(page: { after: UserId; limit: number; search?: string }): Promise<readonly UserRow[]> {
    return this.#pool.read((connection) => listUsers(connection, page.after, page.limit, page.search ?? ''));
  }

  async findIdempotencyRecords(
    keys: readonly { userId: UserId; key: string }[],
  ): Promise<readonly (IdempotencyRecord | undefined)[]> {
    return this.#pool.read((connection) => findIdempotencyRecords(connection, keys));
  }

  async readJournal(page: { after: number; limit: number }): Promise<readonly JournalEntry[]> {
    const read = (connection: Connection) => this.#journal.read(connection, page.after, page.limit);
    return withBodies(await this.#pool.read(read), this.#bodies, byPosition);
  }

  async readJournalBackwards(page: { below: number; limit: number }): Promise<readonly JournalEntry[]> {
    const read = (connection: Connection) => this.#journal.readBackwards(connection, page.below, page.limit);
    return withBodies(await this.#pool.read(read), this.#bodies, byPosition);
  }

  async readUserJournal(
    userId: UserId,
    page: { below: number; limit: number },
  ): Promise<readonly JournalEntry[]> {
    const read = (connection: Connection) =>
      this.#journal.readUser(connection, userId, page.below, page.limit);
    return withBodies(await this.#pool.read(read), this.#bodies, byPosition);
  }

  async findTransaction(key: { userId: UserId; transactionId: string }): Promise<TransactionRow | undefined> {
    return this.#pool.read((connection) => transactionRows.find(connection, key.userId, key.transactionId));
  }

  async findServiceTransaction(key: {
    serviceId: string;
    transactionId: string;
  }): Promise<TransactionRow | undefined> {
    return this.#pool.read((connection) =>
      transactionRows.findOfService(connection, key.serviceId, key.transactionId),
    );
  }

  async listServiceTransactions(page: {
    serviceId: string;
    below?: string;
    status?: TransactionStatus;
    limit: number;
  }): Promise<readonly TransactionRow[]> {
    const { serviceId, below = '\u{10ffff}', status = '', limit } = page;
    return this.#pool.read((connection) =>
      transactionRows.listOfService(connection, serviceId, below, status, limit),
    );
  }

  async listExpiredTransactions(page: { before: number; limit: number }): Promise<readonly TransactionRow[]> {
    return this.#pool.read((connection) => transactionRows.expired(connection, page.before, page.limit));
  }

  async findEntriesAt(userId: UserId, at: number): Promise<readonly LinkedEntry[]> {
    const read = (connection: Connection) => this.#journal.findAt(connection, userId, at);
    return withBodies(await this.#pool.read(read), this.#bodies, byPosition);
  }

  async recordSessionUses(uses: readonly SessionUse[]): Promise<void> {
    if (uses.length > 0) await this.#pool.read((connection) => recordSessionUses(connection, uses));
  }

  async lastSessionUse(userId: UserId, sessionId: string): Promise<number | undefined> {
    return this.#pool.read((connection) => lastSessionUse(connection, userId, sessionId));
  }

  async listServices(): Promise<readonly ServiceRow[]> {
    return this.#pool.read(listServices);
  }

  async findService(keyHash: string): Promise<ServiceRow | undefined> {
    return this.#pool.read((connection) => findService(connection, keyHash));
  }

  async recordServiceKeyUses(uses: readonly ServiceKeyUse[]): Promise<void> {
    await this.#pool.read((connection) => recordKeyUses(connection, uses));
  }

  async listDatasets(page: { after: string; limit: number }): Promise<readonly DatasetVersionRow[]> {
    return this.#pool.read((connection) => listDatasets(connection, page));
  }

  async findDataset(name: string): Promise<readonly DatasetVersionRow[]> {
    return this.#pool.read((connection) => findDataset(connection, name));
  }

  async findIdentity(username: string): Promise<NamedIdentity | undefined> {
    return this.#pool.read((connection) => findIdentity(connection, username));
  }

  async listIdentities(page: { userId: UserId; limit: number }): Promise<readonly IdentityRow[]> {
    return this.#pool.read((connection) => listIdentities(connection, page.userId, page.limit));
  }

  async findIdentitySecrets(userId: UserId): Promise<readonly IdentitySecretsRow[]> {
    return this.#pool.read((connection) => findIdentitySecrets(connection, userId));
  }

  async findSealingKeys(thumbprints: readonly string[]): Promise<readonly (NamedIdentity | undefined)[]> {
    return this.#pool.read((connection) => findSealingKeys(connection, thumbprints));
  }

  async checkMessage(message: Parameters<Store['checkMessage']>[0]): Promise<MessageConflict | undefined> {
    return this.#pool.read((connection) => checkMessage(connection, message));
  }

  /** May be done again when its answer is lost: a part that is there stays. */
  async stageMessagePart(part: StagedPart): Promise<void> {
    return this.#pool.read((connection) => stagePart(connection, part));
  }

  async discardStagedMessage(key: { userId: UserId; messageId: string }): Promise<void> {
    return this.#pool.read((connection) => discardStaged(connection, key.userId, key.messageId));
  }

  async listInbox(page: Parameters<Store['listInbox']>[0]): Promise<readonly InboxMessage[]> {
    return this.#pool.read((connection) => listInbox(connection, page));
  }

  async findInboxMessage(key: Parameters<Store['findInboxMessage']>[0]): Promise<InboxMessage | undefined> {
    return this.#pool.read((connection) => findInboxMessage(connection, key));
  }

  async readMessagePart(key: Parameters<Store['readMessagePart']>[0]): Promise<string | undefined> {
    return this.#pool.read((connection) => readPart(connection, key));
  }

  async listDeliveries(key: Parameters<Store['listDeliveries']>[0]): Promise<readonly MessageDelivery[]> {
    return this.#pool.read((connection) => listDeliveries(connection, key));
  }

  async expireMessages(before: Parameters<Store['expireMessages']>[0]): Promise<boolean> {
    return this.#pool.read((connection) => expireMessages(connection, before));
  }

  async listWebhooks(): Promise<readonly WebhookRow[]> {
    return this.#pool.read(listWebhooks);
  }

  async readWebhookProgress(): Promise<{
    progress: readonly WebhookProgress[];
    commands: readonly WebhookCommandRow[];
  }> {
    return this.#pool.read(readWebhookProgress);
  }

  async saveWebhookProgress(
    changes: readonly WebhookProgressChange[],
    deliveriesMax: number,
  ): Promise<readonly boolean[]> {
    if (changes.length === 0) return [];
    return this.#pool.read((connection) => saveWebhookProgress(connection, changes, deliveriesMax));
  }

  async listWebhookDeliveries(page: {
    webhookId: string;
    below: number;
    limit: number;
  }): Promise<readonly WebhookDeliveryRow[]> {
    return this.#pool.read((connection) =>
      listWebhookDeliveries(connection, page.webhookId, page.below, page.limit),
    );
  }

  async listWrappedKeys(page: {
    after: WrappedKeyRef | undefined;
    limit: number;
  }): Promise<readonly StoredKey[]> {
    return this.#pool.read((connection) => listWrappedKeys(connection, page.after, page.limit));
  }

  async replaceWrappedKeys(replacements: readonly KeyReplacement[]): Promise<readonly boolean[]> {
    return this.#change((connection) => replaceWrappedKeys(connection, replacements));
  }

  async bindVault(binding: VaultBinding): Promise<VaultBinding> {
    return this.#pool.read((connection) => bindVault(connection, binding));
  }

  async findVaultBinding(): Promise<VaultBinding | undefined> {
    return this.#pool.read(findVaultBinding);
  }

  async claimNames(limit: number): Promise<boolean> {
    return this.#change(async (connection) => (await claimUnclaimed(connection, limit)) >= limit);
  }

  async findUnknownName(key: string): Promise<string | undefined> {
    return this.#pool.read((connection) => findUnknownName(connection, key));
  }

  async replaceUnknownName(name: UnknownNameChange): Promise<boolean> {
    return this.#change((connection) => replaceUnknownName(connection, name));
  }

  async prune(before: {
    idempotencyRecords: number;
    sessions: number;
    unknownNames?: number;
    identitySecrets?: number;
    limit: number;
  }): Promise<boolean> {
    const { idempotencyRecords, sessions, unknownNames = 0, identitySecrets = 0, limit } = before;
    return this.#pool.read((connection) =>
      prune(connection, idempotencyRecords, sessions, unknownNames, identitySecrets, limit),
    );
  }

  /** Takes a connection before reads do, since refusals wait for it. Not retried, since it is called often. */
  async changedSince(cursor: string | undefined): Promise<Changes> {
    // Read before the connection is taken: if the server is lost in between, the answer's cursor has the earlier era.
    const { era } = this.#heads;
    try {
      return await this.#pool.use('decisions', (connection) =>
        changedSince(connection, this.#order, era, cursor),
      );
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Commits a write that leaves no row, so that the disk and the standby must answer. */
  async ping(): Promise<void> {
    await this.#pool.read(confirm);
  }

  /** May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const timer of this.#background) clearInterval(timer);
    await this.#pool.close();
  }

  /** Runs `work` once. When its answer is lost, the caller must find out whether it was done. */
  async #change<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await this.#pool.use('decisions', async (connection) => {
        try {
          return await work(connection);
        } catch (error) {
          if (!connection.lost) await connection.run('ROLLBACK').catch(() => undefined);
          throw error;
        }
      });
    } catch (error) {
      throw storeError(error);
    }
  }
}
