import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { SideTable, SideTableRows } from '../../ports/journal-reader.ts';
import type {
  DatasetVersionRow,
  IdentityRow,
  NewUser,
  PasskeyRow,
  ServiceRow,
  SessionRow,
  TokenRow,
  TransactionRow,
  WebhookRow,
} from '../../ports/store.ts';
import { auditedServices } from '../sql/audited-services.ts';
import { auditedSession } from '../sql/audited-session.ts';
import { auditedWebhooks } from '../sql/audited-webhooks.ts';
import {
  type Columns,
  DATASET_VERSIONS,
  IDENTITIES,
  PASSKEYS,
  SERVICE_KEY_FACTS,
  SERVICE_KEYS,
  SERVICES,
  SESSIONS,
  type StoredService,
  type StoredServiceKey,
  type StoredServiceKeyFacts,
  type StoredWebhook,
  type StoredWebhookSecret,
  TOKENS,
  TRANSACTIONS,
  USERS,
  WEBHOOK_SECRETS,
  WEBHOOKS,
} from '../sql/columns.ts';
import type { StoredSession } from '../sql/stored-session.ts';
import type { Connection } from './connection.ts';
import { DecidedTransactions } from './decided-transactions.ts';
import type { JournalIndex } from './journal-index.ts';
import { plainRows } from './row-sql.ts';

const PAGE = 1_024;

type Found = Readonly<Record<string, SQLOutputValue>>;

/** Reads whole tables for an audit, page by page, so that no reading holds up a writer's checkpoint for long. */
export class AuditedRows {
  readonly #connection: Connection;
  readonly #index: JournalIndex;

  constructor(connection: Connection, index: JournalIndex) {
    this.#connection = connection;
    this.#index = index;
  }

  rows<Table extends SideTable>(table: Table): AsyncIterable<SideTableRows[Table]> {
    const readers: { readonly [Name in SideTable]: () => AsyncIterable<SideTableRows[Name]> } = {
      users: () => this.#users(),
      tokens: () => this.#pages<TokenRow>('tokens', TOKENS, ['user_id', 'token_id']),
      passkeys: () => this.#pages<PasskeyRow>('passkeys', PASSKEYS, ['user_id', 'credential_id']),
      sessions: () => this.#sessions(),
      services: () => this.#services(),
      webhooks: () => this.#webhooks(),
      datasets: () =>
        this.#pages<DatasetVersionRow>('dataset_versions', DATASET_VERSIONS, ['dataset', 'version']),
      identities: () => this.#pages<IdentityRow>('identities', IDENTITIES, ['user_id', 'version']),
      transactions: () => this.#transactions(),
    };
    return readers[table]() as AsyncIterable<SideTableRows[Table]>;
  }

  async *#users(): AsyncGenerator<NewUser> {
    for await (const row of this.#pages<NewUser>('users', USERS, ['user_id'])) {
      yield { ...row, disabled: Boolean(row.disabled) };
    }
  }

  async *#sessions(): AsyncGenerator<SessionRow> {
    const found = this.#pages<StoredSession>('sessions', SESSIONS, ['user_id', 'session_id']);
    for await (const { provenAt, invitedBy, ...stored } of found) {
      yield auditedSession({ ...stored, provenAt: provenAt ?? 0, invitedBy: invitedBy ?? '' });
    }
  }

  async *#services(): AsyncGenerator<ServiceRow> {
    const stored = this.#pages<StoredService>('services', SERVICES, ['service_id']);
    const keys = this.#pages<StoredServiceKey>('service_keys', SERVICE_KEYS, ['hash']);
    const facts = this.#pages<StoredServiceKeyFacts>('service_key_facts', SERVICE_KEY_FACTS, ['hash']);
    yield* auditedServices(
      await Array.fromAsync(stored),
      await Array.fromAsync(keys),
      await Array.fromAsync(facts),
    );
  }

  async *#webhooks(): AsyncGenerator<WebhookRow> {
    const secrets = this.#pages<StoredWebhookSecret>('webhook_secrets', WEBHOOK_SECRETS, ['secret_id']);
    const stored = this.#pages<StoredWebhook>('webhooks', WEBHOOKS, ['webhook_id']);
    yield* auditedWebhooks(await Array.fromAsync(stored), await Array.fromAsync(secrets));
  }

  /** Each with its decision, which the table may not have yet. */
  async *#transactions(): AsyncGenerator<TransactionRow> {
    const decided = this.#connection.readTogether(() => {
      const found = new DecidedTransactions(this.#connection.database);
      found.complete(this.#index.watermark);
      return found;
    });
    const rows = this.#pages<TransactionRow>('transactions', TRANSACTIONS, ['position']);
    for await (const row of rows) yield row.status === 'pending' ? decided.correct(row) : row;
  }

  async *#pages<Row>(
    table: string,
    columns: Columns<Row>,
    key: readonly [string, ...string[]],
  ): AsyncGenerator<Row> {
    const keys = key.map((column, index) => `${column} AS key${index}`).join(', ');
    const [from, marks] = [`(${key.join(', ')})`, `(${key.map(() => '?').join(', ')})`];
    const { database } = this.#connection;
    // A backup of an earlier version lacks tables of later ones.
    if (!database.prepare('SELECT 1 FROM pragma_table_info(?)').get(table)) return;
    const select = `SELECT ${presentColumns(database, table, columns)}, ${keys} FROM ${table}`;
    const order = `ORDER BY ${key.join(', ')} LIMIT ${PAGE}`;
    const first = database.prepare(`${select} ${order}`);
    const next = database.prepare(`${select} WHERE ${from} > ${marks} ${order}`);
    let after: readonly SQLInputValue[] | undefined;
    for (;;) {
      const found: readonly Found[] = this.#connection.read(() => (after ? next.all(...after) : first.all()));
      yield* plainRows<Row>(found.map((row) => withoutKeys(row, key.length)));
      const last = found.at(-1);
      if (!last || found.length < PAGE) return;
      after = key.map((_, index) => last[`key${index}`] ?? null);
      await setImmediate();
    }
  }
}

/** The columns to select. One that the tables of an earlier version lack is null. */
function presentColumns<Row>(database: DatabaseSync, table: string, columns: Columns<Row>): string {
  const found = database.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  const present = new Set(found.map(({ name }) => name));
  return Object.entries<string>(columns)
    .map(([member, column]) => `${present.has(column) ? column : 'NULL'} AS ${member}`)
    .join(', ');
}

function withoutKeys(row: Found, count: number): Found {
  const copy = { ...row };
  for (let index = 0; index < count; index++) delete copy[`key${index}`];
  return copy;
}
