import { NAME_CLAIM_VERSION, nameClaim } from '../../domain/look-alikes/name-claim.ts';
import type { NewMessage, ServiceRow, SideRow, WebhookRow } from '../../ports/store.ts';
import {
  DATASET_VERSIONS,
  IDEMPOTENCY_RECORDS,
  IDENTITIES,
  IDENTITY_SECRETS,
  PASSKEYS,
  SERVICE_KEYS,
  SERVICES,
  SESSIONS,
  storedService,
  storedWebhook,
  TOKENS,
  TRANSACTIONS,
  USERS,
  valuesOf,
  WEBHOOK_COMMANDS,
  WEBHOOK_SECRETS,
  WEBHOOKS,
} from '../sql/columns.ts';
import { UPDATE_DATASET } from '../sql/dataset-statements.ts';
import { ERASED_TABLES, eraseFrom, eraseSent } from '../sql/erased-tables.ts';
import {
  DELETE_OFFERED,
  DELETE_OTHERS,
  DELETE_SECRETS,
  ENROL_SECRETS,
} from '../sql/identity-secret-statements.ts';
import { INSERT_KEY, UPDATE_IDENTITY } from '../sql/identity-statements.ts';
import * as MESSAGES from '../sql/message-statements.ts';
import {
  DELETE_KEY_FACTS,
  INSERT_KEY_FACTS,
  keyFactValues,
  keyValues,
} from '../sql/service-key-statements.ts';
import { storedSession } from '../sql/stored-session.ts';
import type { Result, Statement, Value } from './connection.ts';
import { CLAIM, RELEASE } from './name-claims.ts';
import { insertInto } from './row-sql.ts';
import { storable } from './storable.ts';

/** What it means when a statement did not write exactly one row. */
export type Expectation =
  /** The row's key, or the skeleton of its name, is taken. */
  | 'insert'
  /** The row that the decision changes does not exist. */
  | 'update'
  /** Nothing: any number of rows is right. */
  | 'any';

export interface SideStatement {
  readonly statement: Statement;
  readonly values: readonly Value[];
  readonly expected: Expectation;
}

/** Citus counts a row that `INSERT … SELECT … ON CONFLICT DO NOTHING` did not insert, unless rows come back. */
function counted(text: string): string {
  return `${text} RETURNING user_id`;
}

const INSERT = {
  username: insertInto('usernames', {
    username: 'username',
    userId: 'user_id',
    claimVersion: 'claim_version',
  }),
  user: insertInto('users', USERS),
  token: insertInto('tokens', TOKENS),
  session: insertInto('sessions', SESSIONS),
  passkey: insertInto('passkeys', PASSKEYS),
  transaction: insertInto('transactions', TRANSACTIONS),
  service: insertInto('services', SERVICES),
  serviceKey: insertInto('service_keys', SERVICE_KEYS),
  serviceKeyFacts: { name: 'service_key_facts_insert', text: INSERT_KEY_FACTS },
  webhook: insertInto('webhooks', WEBHOOKS),
  webhookSecret: insertInto('webhook_secrets', WEBHOOK_SECRETS),
  webhookProgress: insertInto('webhook_progress', {
    webhookId: 'webhook_id',
    fence: 'fence',
    state: 'state',
  }),
  webhookCommand: insertInto('webhook_commands', WEBHOOK_COMMANDS),
  idempotencyRecord: insertInto('answers', IDEMPOTENCY_RECORDS),
  dataset: insertInto('dataset_versions', DATASET_VERSIONS),
  identity: insertInto('identities', IDENTITIES),
  identitySecrets: insertInto('identity_secrets', IDENTITY_SECRETS),
  identityKey: { name: 'identity_keys_insert', text: INSERT_KEY },
  message: {
    name: 'messages_insert',
    text: MESSAGES.INSERT_MESSAGE,
    sharded: counted(MESSAGES.INSERT_MESSAGE),
  },
  messagePart: { name: 'message_parts_insert', text: MESSAGES.INSERT_PART },
  inbox: { name: 'inbox_insert', text: MESSAGES.INSERT_INBOX, sharded: counted(MESSAGES.INSERT_INBOX) },
} as const;

const UPDATE = {
  user: {
    name: 'users_update',
    text: 'UPDATE users SET password_hash = coalesce($2, password_hash), mac_key = coalesce($3, mac_key), role = coalesce($4, role), disabled = coalesce($5::boolean, disabled) WHERE user_id = $1',
  },
  name: {
    name: 'usernames_update',
    text: 'UPDATE usernames SET username = $3 WHERE user_id = $1 AND username = $2 AND NOT EXISTS (SELECT FROM usernames WHERE username = $3)',
  },
  userName: {
    name: 'users_rename',
    text: 'UPDATE users SET username = $3 WHERE user_id = $1 AND username = $2',
  },
  // Only a token that waits for its first code has a question.
  token: {
    name: 'tokens_update',
    text: "UPDATE tokens SET status = $3::text, activation_question = CASE WHEN $3::text = 'pending' THEN activation_question ELSE '' END WHERE user_id = $1 AND token_id = $2",
  },
  passkey: {
    name: 'passkeys_update',
    text: 'UPDATE passkeys SET sign_count = $3 WHERE user_id = $1 AND credential_id = $2',
  },
  // Only a pending transaction can be decided.
  transaction: {
    name: 'transactions_update',
    text: "UPDATE transactions SET status = $3, decided_at = $4, decided_version = $5, reason = $6 WHERE user_id = $1 AND transaction_id = $2 AND status = 'pending'",
  },
  dataset: { name: 'dataset_versions_update', text: UPDATE_DATASET },
  identity: { name: 'identities_update', text: UPDATE_IDENTITY },
  identitySecrets: { name: 'identity_secrets_enrol', text: ENROL_SECRETS },
  delivery: { name: 'inbox_deliver', text: MESSAGES.DELIVER },
  service: {
    name: 'services_update',
    text: 'UPDATE services SET scopes = $2, disabled = $3 WHERE service_id = $1',
  },
  webhook: {
    name: 'webhooks_update',
    text: 'UPDATE webhooks SET types = $2, enabled = $3, enabled_at = $4, disabled_reason = $5 WHERE webhook_id = $1',
  },
} as const;

const DELETE = {
  session: { name: 'sessions_delete', text: 'DELETE FROM sessions WHERE user_id = $1 AND session_id = $2' },
  sessions: { name: 'sessions_delete_all', text: 'DELETE FROM sessions WHERE user_id = $1' },
  passkey: {
    name: 'passkeys_delete',
    text: 'DELETE FROM passkeys WHERE user_id = $1 AND credential_id = $2',
  },
  offeredSecrets: { name: 'identity_secrets_delete_offered', text: DELETE_OFFERED },
  otherSecrets: { name: 'identity_secrets_delete_others', text: DELETE_OTHERS },
  identitySecrets: { name: 'identity_secrets_delete', text: DELETE_SECRETS },
  staged: { name: 'staged_messages_delete', text: MESSAGES.DELETE_STAGED },
  inbox: { name: 'inbox_delete', text: MESSAGES.DELETE_INBOX },
  serviceKeys: { name: 'service_keys_delete', text: 'DELETE FROM service_keys WHERE service_id = $1' },
  serviceKeyFacts: { name: 'service_key_facts_delete', text: DELETE_KEY_FACTS },
  webhook: { name: 'webhooks_delete', text: 'DELETE FROM webhooks WHERE webhook_id = $1' },
  webhookSecrets: {
    name: 'webhook_secrets_delete',
    text: 'DELETE FROM webhook_secrets WHERE webhook_id = $1',
  },
  webhookProgress: {
    name: 'webhook_progress_delete',
    text: 'DELETE FROM webhook_progress WHERE webhook_id = $1',
  },
  webhookCommands: {
    name: 'webhook_commands_delete',
    text: 'DELETE FROM webhook_commands WHERE webhook_id = $1',
  },
  webhookDeliveries: {
    name: 'webhook_deliveries_delete',
    text: 'DELETE FROM webhook_deliveries WHERE webhook_id = $1',
  },
} as const;

/** A conflict where the user has other entries than these, or a pending transaction. */
const ERASURE = {
  name: 'erasures_insert',
  text: `INSERT INTO erasures (user_id, entries, at, done) SELECT $1::bigint, $2::int, $3::bigint, false
    WHERE (SELECT max(version) FROM journal WHERE user_id = $1::bigint) = $2::int
      AND NOT EXISTS (SELECT FROM transactions WHERE user_id = $1::bigint AND status = 'pending')`,
};
const ERASE: readonly Statement[] = [
  { name: 'inbox_erase_sent', text: eraseSent('$1') },
  ...[...ERASED_TABLES, 'usernames', 'users'].map((table) => ({
    name: `${table}_erase`,
    text: eraseFrom(table, '$1'),
  })),
];

/** The statements that write one row of a decision, in order. */
export function statementsOf(row: SideRow): SideStatement[] {
  switch (row.kind) {
    case 'user.insert':
      return [
        claim(row.username),
        insert(INSERT.username, [row.username, row.userId, NAME_CLAIM_VERSION]),
        insert(INSERT.user, valuesOf(USERS, row)),
      ];
    case 'user.update': {
      const { userId, passwordHash = null, macKey = null, role = null, disabled = null } = row;
      return [update(UPDATE.user, [userId, passwordHash, macKey, role, disabled])];
    }
    case 'user.rename': {
      const given = [row.userId, row.from, row.username];
      const { skeleton, holder } = nameClaim(row.from);
      return [
        any(RELEASE, [skeleton, holder]),
        claim(row.username),
        insert(UPDATE.name, given),
        update(UPDATE.userName, given),
      ];
    }
    case 'user.erase': {
      const { skeleton, holder } = nameClaim(row.username);
      return [
        insert(ERASURE, [row.userId, row.entries, row.at]),
        any(RELEASE, [skeleton, holder]),
        ...ERASE.map((statement) => any(statement, [row.userId])),
      ];
    }
    case 'token.insert':
      return [insert(INSERT.token, valuesOf(TOKENS, row.token))];
    case 'token.update':
      return [update(UPDATE.token, [row.userId, row.tokenId, row.status])];
    case 'session.insert':
      return [insert(INSERT.session, valuesOf(SESSIONS, storedSession(row.session)))];
    case 'session.delete':
      return [any(DELETE.session, [row.userId, row.sessionId])];
    case 'session.delete_all':
      return [any(DELETE.sessions, [row.userId])];
    case 'passkey.insert':
      return [insert(INSERT.passkey, valuesOf(PASSKEYS, row.passkey))];
    case 'passkey.update':
      return [update(UPDATE.passkey, [row.userId, row.credentialId, row.signCount])];
    case 'passkey.delete':
      return [any(DELETE.passkey, [row.userId, row.credentialId])];
    case 'transaction.insert':
      return [insert(INSERT.transaction, valuesOf(TRANSACTIONS, row.transaction))];
    case 'transaction.update':
      return [
        update(UPDATE.transaction, [
          row.userId,
          row.transactionId,
          row.status,
          row.decidedAt,
          row.decidedVersion,
          storable(row.reason),
        ]),
      ];
    case 'service.insert':
      return [insert(INSERT.service, valuesOf(SERVICES, storedService(row.service))), ...keysOf(row.service)];
    case 'service.update': {
      const { serviceId, scopes, disabled } = row.service;
      return [
        update(UPDATE.service, [serviceId, JSON.stringify(scopes), disabled]),
        any(DELETE.serviceKeys, [serviceId]),
        ...keysOf(row.service),
        any(DELETE.serviceKeyFacts, [serviceId]),
      ];
    }
    case 'dataset.insert':
      return [insert(INSERT.dataset, valuesOf(DATASET_VERSIONS, row.version))];
    case 'dataset.update':
      return [update(UPDATE.dataset, [row.dataset, row.version, row.status, row.changedAt])];
    case 'identity.insert': {
      const { userId, version, signKey, sealKey } = row.identity;
      return [
        insert(INSERT.identity, valuesOf(IDENTITIES, row.identity)),
        ...[signKey, sealKey].map((key) => insert(INSERT.identityKey, [key, userId, version])),
      ];
    }
    case 'identity_secrets.insert':
      return [
        any(DELETE.offeredSecrets, [row.secrets.userId]),
        insert(INSERT.identitySecrets, valuesOf(IDENTITY_SECRETS, row.secrets)),
      ];
    case 'identity_secrets.enrol':
      return [
        // As an insertion: without the row the decision conflicts, since they are not offered any more.
        insert(UPDATE.identitySecrets, [row.userId, row.signKey, row.version]),
        any(DELETE.otherSecrets, [row.userId, row.version]),
      ];
    case 'identity_secrets.delete':
      return [any(DELETE.identitySecrets, [row.userId])];
    case 'identity.update': {
      const { userId, version, level, seen, verifiedBy, revokedAt, revokedReason } = row;
      const changed = [level, seen, verifiedBy, revokedAt, revokedReason].map((value) => value ?? null);
      return [update(UPDATE.identity, [userId, version, ...changed])];
    }
    case 'message.insert':
      return messageStatements(row.message);
    case 'inbox.deliver':
      return [insert(UPDATE.delivery, [row.userId, row.messageId, row.deliveredAt, row.receipt])];
    case 'inbox.delete':
      return [insert(DELETE.inbox, [row.userId, row.messageId])];
    case 'webhook.insert': {
      const { webhook, progress } = row;
      return [
        insert(INSERT.webhook, valuesOf(WEBHOOKS, storedWebhook(webhook))),
        insert(INSERT.webhookProgress, [webhook.webhookId, progress.fence, progress.state]),
        ...secretsOf(webhook),
      ];
    }
    case 'webhook.update': {
      const { webhookId, types, enabled, enabledAt, disabledReason } = row.webhook;
      return [
        update(UPDATE.webhook, [webhookId, JSON.stringify(types), enabled, enabledAt, disabledReason]),
        any(DELETE.webhookSecrets, [webhookId]),
        ...secretsOf(row.webhook),
      ];
    }
    case 'webhook.delete':
      return [
        update(DELETE.webhook, [row.webhookId]),
        any(DELETE.webhookSecrets, [row.webhookId]),
        any(DELETE.webhookProgress, [row.webhookId]),
        any(DELETE.webhookCommands, [row.webhookId]),
        any(DELETE.webhookDeliveries, [row.webhookId]),
      ];
    case 'webhook.command':
      return [insert(INSERT.webhookCommand, valuesOf(WEBHOOK_COMMANDS, row.command))];
    case 'idempotency.insert':
      return [insert(INSERT.idempotencyRecord, valuesOf(IDEMPOTENCY_RECORDS, row))];
  }
}

/** Each must write a row: otherwise the `jti` is taken, there is no room, or the staged parts are gone. */
function messageStatements(message: NewMessage): SideStatement[] {
  const { userId, messageId, content } = message;
  return [
    insert(INSERT.message, MESSAGES.messageValues(message)),
    content === undefined
      ? insert(DELETE.staged, [userId, messageId])
      : insert(INSERT.messagePart, [userId, messageId, 0, content]),
    ...message.recipients.map((recipient) => insert(INSERT.inbox, MESSAGES.inboxValues(message, recipient))),
  ];
}

function claim(username: string): SideStatement {
  const { skeleton, holder } = nameClaim(username);
  return insert(CLAIM, [skeleton, holder]);
}

function keysOf(service: ServiceRow): SideStatement[] {
  return [
    ...keyValues(service).map((values) => insert(INSERT.serviceKey, values)),
    ...keyFactValues(service).map((values) => any(INSERT.serviceKeyFacts, values)),
  ];
}

function secretsOf({ webhookId, secrets }: WebhookRow): SideStatement[] {
  return secrets.map((secret) =>
    insert(INSERT.webhookSecret, valuesOf(WEBHOOK_SECRETS, { ...secret, webhookId })),
  );
}

const insert = (statement: Statement, values: ReturnType<typeof valuesOf>): SideStatement => ({
  statement,
  values: values.map((value) => (typeof value === 'string' ? storable(value) : value)),
  expected: 'insert',
});
const update = (statement: Statement, values: readonly Value[]): SideStatement => ({
  statement,
  values,
  expected: 'update',
});
const any = (statement: Statement, values: readonly Value[]): SideStatement => ({
  statement,
  values,
  expected: 'any',
});

/** `taken`: the key of an inserted row exists already. `missing`: a row to be changed does not exist. */
export type Written = 'written' | 'taken' | 'missing';

export function writtenBy(statements: readonly SideStatement[], results: readonly Result[]): Written {
  let written: Written = 'written';
  statements.forEach(({ expected }, index) => {
    if (written !== 'written' || expected === 'any' || results[index]?.count === 1) return;
    written = expected === 'insert' ? 'taken' : 'missing';
  });
  return written;
}
