import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NAME_CLAIM_VERSION } from '../../domain/look-alikes/name-claim.ts';
import type { Decision, Entry, SideRow, UserId } from '../../ports/store.ts';
import {
  IDEMPOTENCY_RECORDS,
  PASSKEYS,
  SESSIONS,
  TOKENS,
  TRANSACTIONS,
  USERS,
  valuesOf,
} from '../sql/columns.ts';
import { storedSession } from '../sql/stored-session.ts';
import { DatasetRows } from './dataset-rows.ts';
import type { DecidedTransactions } from './decided-transactions.ts';
import { ErasedUsers } from './erased-users.ts';
import { isTaken } from './errors.ts';
import { IdentityRows } from './identity-rows.ts';
import { IdentitySecretRows } from './identity-secret-rows.ts';
import { MessageRows } from './message-rows.ts';
import type { NameClaims } from './name-claims.ts';
import { inputValues, insertInto } from './row-sql.ts';
import { ServiceRows } from './service-rows.ts';
import { WebhookRows } from './webhook-rows.ts';

const INSERT = {
  user: insertInto('users', { ...USERS, claimVersion: 'claim_version' }),
  token: insertInto('tokens', TOKENS),
  session: insertInto('sessions', SESSIONS),
  passkey: insertInto('passkeys', PASSKEYS),
  transaction: insertInto('transactions', TRANSACTIONS),
  idempotencyRecord: insertInto('answers', IDEMPOTENCY_RECORDS),
} as const;

const UPDATE = {
  user: 'UPDATE users SET password_hash = coalesce(?, password_hash), mac_key = coalesce(?, mac_key), role = coalesce(?, role), disabled = coalesce(?, disabled) WHERE user_id = ?',
  name: 'UPDATE users SET username = ? WHERE user_id = ? AND username = ?',
  // Only a token that waits for its first code has a question.
  token:
    "UPDATE tokens SET status = ?1, activation_question = iif(?1 = 'pending', activation_question, '') WHERE user_id = ?2 AND token_id = ?3",
  passkey: 'UPDATE passkeys SET sign_count = ? WHERE user_id = ? AND credential_id = ?',
} as const;

const DELETE = {
  session: 'DELETE FROM sessions WHERE user_id = ? AND session_id = ?',
  sessions: 'DELETE FROM sessions WHERE user_id = ?',
  passkey: 'DELETE FROM passkeys WHERE user_id = ? AND credential_id = ?',
} as const;

/** Kinds of rows. */
const OF_SEVERAL_STATEMENTS =
  /^(user\.(insert|rename|erase)|service\.|webhook\.|identity_secrets\.|(identity|message)\.insert)/;

/** Writes the rows that belong to a decision, inside the caller's unit of work. */
export class SideRows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #services: ServiceRows;
  readonly #datasets: DatasetRows;
  readonly #identities: IdentityRows;
  readonly #identitySecrets: IdentitySecretRows;
  readonly #messages: MessageRows;
  readonly #webhooks: WebhookRows;
  readonly #decided: DecidedTransactions;
  readonly #names: NameClaims;
  readonly #erased: ErasedUsers;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollback: StatementSync;

  constructor(
    database: DatabaseSync,
    decided: DecidedTransactions,
    names: NameClaims,
    versionOf: (userId: UserId) => number,
  ) {
    this.#database = database;
    this.#decided = decided;
    this.#names = names;
    this.#erased = new ErasedUsers(database, names, versionOf);
    this.#services = new ServiceRows(database);
    this.#datasets = new DatasetRows(database);
    this.#identities = new IdentityRows(database);
    this.#identitySecrets = new IdentitySecretRows(database);
    this.#messages = new MessageRows(database);
    this.#webhooks = new WebhookRows(database);
    this.#savepoint = database.prepare('SAVEPOINT decision');
    this.#release = database.prepare('RELEASE decision');
    this.#rollback = database.prepare('ROLLBACK TO decision');
  }

  /** @returns false when the key of a row, or the skeleton of a name, is taken; then none is written */
  write({ rows, entry }: Decision): boolean {
    const [only] = rows;
    // SQLite undoes a failed statement by itself, so a row of one statement needs no savepoint.
    if (rows.length === 1 && only && !OF_SEVERAL_STATEMENTS.test(only.kind))
      return this.#writeOrTaken(only, entry);
    const { staged } = this.#decided;
    this.#savepoint.run();
    const written = rows.every((row) => this.#writeOrTaken(row, entry));
    if (!written) {
      this.#rollback.run();
      this.#decided.unstage(staged);
    }
    this.#release.run();
    return written;
  }

  #writeOrTaken(row: SideRow, entry: Entry): boolean {
    try {
      if (row.kind === 'user.rename') this.#names.release(row.from);
      const named = row.kind === 'user.insert' || row.kind === 'user.rename';
      if (named && !this.#names.claim(row.username)) return false;
      return this.#write(row, entry);
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  }

  /** @returns false when the row finds no room */
  #write(row: SideRow, entry: Entry): boolean {
    switch (row.kind) {
      case 'user.insert':
        this.#run(INSERT.user, [...valuesOf(USERS, row), NAME_CLAIM_VERSION]);
        break;
      case 'user.update': {
        const { userId, passwordHash = null, macKey = null, role = null, disabled = null } = row;
        this.#update(UPDATE.user, [passwordHash, macKey, role, disabled, userId]);
        break;
      }
      case 'user.rename':
        this.#update(UPDATE.name, [row.username, row.userId, row.from]);
        break;
      case 'user.erase':
        return this.#erased.erase(row);
      case 'token.insert':
        this.#run(INSERT.token, valuesOf(TOKENS, row.token));
        break;
      case 'token.update':
        this.#update(UPDATE.token, [row.status, row.userId, row.tokenId]);
        break;
      case 'session.insert':
        this.#run(INSERT.session, valuesOf(SESSIONS, storedSession(row.session)));
        break;
      case 'session.delete':
        this.#run(DELETE.session, [row.userId, row.sessionId]);
        break;
      case 'session.delete_all':
        this.#run(DELETE.sessions, [row.userId]);
        break;
      case 'passkey.insert':
        this.#run(INSERT.passkey, valuesOf(PASSKEYS, row.passkey));
        break;
      case 'passkey.update':
        this.#update(UPDATE.passkey, [row.signCount, row.userId, row.credentialId]);
        break;
      case 'passkey.delete':
        this.#run(DELETE.passkey, [row.userId, row.credentialId]);
        break;
      case 'transaction.insert':
        this.#run(INSERT.transaction, valuesOf(TRANSACTIONS, row.transaction));
        break;
      case 'transaction.update':
        this.#decided.decide(row, entry);
        break;
      case 'service.insert':
        this.#services.insert(row.service);
        break;
      case 'service.update':
        this.#services.update(row.service);
        break;
      case 'dataset.insert':
        this.#datasets.insert(row.version);
        break;
      case 'dataset.update':
        this.#datasets.update(row);
        break;
      case 'identity.insert':
        return this.#identities.insert(row.identity);
      case 'identity_secrets.insert':
        this.#identitySecrets.insert(row.secrets);
        return true;
      case 'identity_secrets.enrol':
        return this.#identitySecrets.enrol(row);
      case 'identity_secrets.delete':
        this.#identitySecrets.delete(row.userId);
        return true;
      case 'identity.update':
        this.#identities.update(row);
        break;
      case 'message.insert':
        return this.#messages.insert(row.message);
      case 'inbox.deliver':
        return this.#messages.deliver(row);
      case 'inbox.delete':
        return this.#messages.delete(row);
      case 'webhook.insert':
        this.#webhooks.insert(row.webhook, row.progress);
        break;
      case 'webhook.update':
        this.#webhooks.update(row.webhook);
        break;
      case 'webhook.delete':
        this.#webhooks.delete(row.webhookId);
        break;
      case 'webhook.command':
        this.#webhooks.insertCommand(row.command);
        break;
      case 'idempotency.insert':
        this.#run(INSERT.idempotencyRecord, valuesOf(IDEMPOTENCY_RECORDS, row));
        break;
    }
    return true;
  }

  #run(sql: string, values: Parameters<typeof inputValues>[0]): number {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return Number(statement.run(...inputValues(values)).changes);
  }

  #update(sql: string, values: Parameters<typeof inputValues>[0]): void {
    if (this.#run(sql, values) !== 1) throw new Error('a decision changes a row that is not there');
  }
}
