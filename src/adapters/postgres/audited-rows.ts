import type { SideTable, SideTableRows } from '../../ports/journal-reader.ts';
import type {
  DatasetVersionRow,
  IdentityRow,
  NewUser,
  PasskeyRow,
  TokenRow,
  TransactionRow,
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
import type { Connection, Value } from './connection.ts';
import { jsonObject } from './row-sql.ts';

const PAGE = 1_024;

/** Reads a whole table for an audit, page by page, so that no statement takes long. */
export function auditedRows<Table extends SideTable>(
  connection: Connection,
  table: Table,
): AsyncIterable<SideTableRows[Table]> {
  const readers: { readonly [Name in SideTable]: () => AsyncIterable<SideTableRows[Name]> } = {
    users: () => pages<NewUser>(connection, 'users', USERS, ['user_id']),
    tokens: () => pages<TokenRow>(connection, 'tokens', TOKENS, ['user_id', 'token_id']),
    passkeys: () => pages<PasskeyRow>(connection, 'passkeys', PASSKEYS, ['user_id', 'credential_id']),
    sessions: () => sessions(connection),
    services: () => services(connection),
    webhooks: () => webhooks(connection),
    datasets: () =>
      pages<DatasetVersionRow>(connection, 'dataset_versions', DATASET_VERSIONS, ['dataset', 'version']),
    identities: () => pages<IdentityRow>(connection, 'identities', IDENTITIES, ['user_id', 'version']),
    transactions: () =>
      pages<TransactionRow>(connection, 'transactions', TRANSACTIONS, ['user_id', 'transaction_id']),
  };
  return readers[table]() as AsyncIterable<SideTableRows[Table]>;
}

async function* sessions(connection: Connection) {
  const found = pages<StoredSession>(connection, 'sessions', SESSIONS, ['user_id', 'session_id']);
  for await (const stored of found) yield auditedSession(stored);
}

async function* webhooks(connection: Connection) {
  const secrets = pages<StoredWebhookSecret>(connection, 'webhook_secrets', WEBHOOK_SECRETS, ['secret_id']);
  const stored = pages<StoredWebhook>(connection, 'webhooks', WEBHOOKS, ['webhook_id']);
  yield* auditedWebhooks(await Array.fromAsync(stored), await Array.fromAsync(secrets));
}

async function* services(connection: Connection) {
  const stored = pages<StoredService>(connection, 'services', SERVICES, ['service_id']);
  const keys = pages<StoredServiceKey>(connection, 'service_keys', SERVICE_KEYS, ['hash']);
  const facts = pages<StoredServiceKeyFacts>(connection, 'service_key_facts', SERVICE_KEY_FACTS, ['hash']);
  yield* auditedServices(
    await Array.fromAsync(stored),
    await Array.fromAsync(keys),
    await Array.fromAsync(facts),
  );
}

async function* pages<Row>(
  connection: Connection,
  table: string,
  columns: Columns<Row>,
  key: readonly string[],
): AsyncGenerator<Row> {
  const marks = key.map((_, index) => `$${index + 1}`).join(', ');
  const select = `SELECT ${jsonObject(columns)}, ${key.join(', ')} FROM ${table}`;
  const order = `ORDER BY ${key.join(', ')} LIMIT ${PAGE}`;
  let after: readonly Value[] | undefined;
  for (;;) {
    const { rows } = after
      ? await connection.run(`${select} WHERE (${key.join(', ')}) > (${marks}) ${order}`, after)
      : await connection.run(`${select} ${order}`);
    for (const [row] of rows) yield row as Row;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.slice(1) as Value[];
  }
}
