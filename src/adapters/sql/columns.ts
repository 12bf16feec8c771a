import type { PushSubscriptionRow } from '../../ports/push-subscriptions.ts';
import type {
  DatasetVersionRow,
  IdempotencyRecord,
  IdentityRow,
  IdentitySecretsRow,
  NewUser,
  PasskeyRow,
  ServiceKey,
  ServiceRow,
  TokenRow,
  TransactionRow,
  UserId,
  WebhookCommandRow,
  WebhookDeliveryRow,
  WebhookRow,
  WebhookSecretRow,
} from '../../ports/store.ts';
import type { StoredSession } from './stored-session.ts';

type Scalar = string | number | boolean | null;
type Scalars<Row> = { readonly [Name in keyof Row]: Scalar };

/** The column of each member of a row. The compiler asks for all of them. */
export type Columns<Row> = { readonly [Name in keyof Row]-?: string };

/** A service as its table holds it: scopes as JSON, keys in a table of their own. */
export type StoredService = Omit<ServiceRow, 'scopes' | 'keys'> & { readonly scopes: string };
export type StoredServiceKey = Pick<ServiceKey, 'hash' | 'createdAt'> & Pick<ServiceRow, 'serviceId'>;
/** What is known of a key, beside the table that a server of the version before writes whole. */
export type StoredServiceKeyFacts = Required<Omit<ServiceKey, 'createdAt'>> & Pick<ServiceRow, 'serviceId'>;
/** A webhook as its table holds it: types as JSON, secrets in a table of their own. */
export type StoredWebhook = Omit<WebhookRow, 'types' | 'secrets'> & { readonly types: string };
export type StoredWebhookSecret = WebhookSecretRow & Pick<WebhookRow, 'webhookId'>;
export type StoredIdempotencyRecord = IdempotencyRecord & { readonly userId: UserId; readonly key: string };

export const USERS: Columns<NewUser> = {
  userId: 'user_id',
  username: 'username',
  passwordHash: 'password_hash',
  macKey: 'mac_key',
  role: 'role',
  disabled: 'disabled',
  createdAt: 'created_at',
};

export const TOKENS: Columns<TokenRow> = {
  userId: 'user_id',
  tokenId: 'token_id',
  type: 'type',
  status: 'status',
  algorithm: 'algorithm',
  digits: 'digits',
  periodS: 'period_s',
  suite: 'suite',
  label: 'label',
  seed: 'seed',
  activationQuestion: 'activation_question',
  createdAt: 'created_at',
};

export const SESSIONS: Columns<StoredSession> = {
  userId: 'user_id',
  sessionId: 'session_id',
  kind: 'kind',
  label: 'label',
  tokenId: 'token_id',
  proof: 'proof',
  provenAt: 'proven_at',
  invitedBy: 'invited_by',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
};

export const PASSKEYS: Columns<PasskeyRow> = {
  userId: 'user_id',
  credentialId: 'credential_id',
  publicKey: 'public_key',
  signCount: 'sign_count',
  label: 'label',
  createdAt: 'created_at',
};

export const TRANSACTIONS: Columns<TransactionRow> = {
  userId: 'user_id',
  transactionId: 'transaction_id',
  status: 'status',
  amount: 'amount',
  currency: 'currency',
  payee: 'payee',
  payer: 'payer',
  challenge: 'challenge',
  serviceId: 'service_id',
  requestedAt: 'requested_at',
  expiresAt: 'expires_at',
  decidedAt: 'decided_at',
  decidedVersion: 'decided_version',
  reason: 'reason',
};

export const PUSH_SUBSCRIPTIONS: Columns<PushSubscriptionRow> = {
  userId: 'user_id',
  sessionId: 'session_id',
  endpoint: 'endpoint',
  p256dh: 'p256dh',
  auth: 'auth',
  keyVersion: 'key_version',
  language: 'language',
  createdAt: 'created_at',
};

export const SERVICES: Columns<StoredService> = {
  serviceId: 'service_id',
  name: 'name',
  scopes: 'scopes',
  disabled: 'disabled',
  createdAt: 'created_at',
};

export const SERVICE_KEYS: Columns<StoredServiceKey> = {
  hash: 'hash',
  serviceId: 'service_id',
  createdAt: 'created_at',
};

export const SERVICE_KEY_FACTS: Columns<StoredServiceKeyFacts> = {
  hash: 'hash',
  serviceId: 'service_id',
  hint: 'hint',
  expiresAt: 'expires_at',
  lastUsedAt: 'last_used_at',
};

export const DATASET_VERSIONS: Columns<DatasetVersionRow> = {
  dataset: 'dataset',
  version: 'version',
  status: 'status',
  seed: 'seed',
  createdAt: 'created_at',
  changedAt: 'changed_at',
};

export const IDENTITIES: Columns<IdentityRow> = {
  userId: 'user_id',
  version: 'version',
  signJwk: 'sign_jwk',
  sealJwk: 'seal_jwk',
  signKey: 'sign_key',
  sealKey: 'seal_key',
  level: 'level',
  seen: 'seen',
  verifiedBy: 'verified_by',
  tokenId: 'token_id',
  enrolledAt: 'enrolled_at',
  revokedAt: 'revoked_at',
  revokedReason: 'revoked_reason',
};

export const IDENTITY_SECRETS: Columns<IdentitySecretsRow> = {
  userId: 'user_id',
  signKey: 'sign_key',
  sealKey: 'seal_key',
  version: 'version',
  signWrapped: 'sign_wrapped',
  sealWrapped: 'seal_wrapped',
  madeAt: 'made_at',
};

export const WEBHOOKS: Columns<StoredWebhook> = {
  webhookId: 'webhook_id',
  url: 'url',
  types: 'types',
  enabled: 'enabled',
  enabledAt: 'enabled_at',
  disabledReason: 'disabled_reason',
  createdAt: 'created_at',
};

export const WEBHOOK_SECRETS: Columns<StoredWebhookSecret> = {
  secretId: 'secret_id',
  webhookId: 'webhook_id',
  wrapped: 'wrapped',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
};

export const WEBHOOK_COMMANDS: Columns<WebhookCommandRow> = {
  webhookId: 'webhook_id',
  commandId: 'command_id',
  kind: 'kind',
  index: 'log_index',
  at: 'at',
};

export const WEBHOOK_DELIVERIES: Columns<WebhookDeliveryRow> = {
  webhookId: 'webhook_id',
  number: 'number',
  eventId: 'event_id',
  index: 'log_index',
  type: 'type',
  attempt: 'attempt',
  at: 'at',
  durationMs: 'duration_ms',
  outcome: 'outcome',
  status: 'status',
  answer: 'answer',
  timestamp: 'timestamp',
  signature: 'signature',
  nextAt: 'next_at',
};

/** The table is called `answers`. */
export const IDEMPOTENCY_RECORDS: Columns<StoredIdempotencyRecord> = {
  userId: 'user_id',
  key: 'key',
  digest: 'digest',
  answer: 'answer',
  at: 'at',
};

export function storedService({ serviceId, name, scopes, disabled, createdAt }: ServiceRow): StoredService {
  return { serviceId, name, scopes: JSON.stringify(scopes), disabled, createdAt };
}

export function storedWebhook({ secrets: _, types, ...webhook }: WebhookRow): StoredWebhook {
  return { ...webhook, types: JSON.stringify(types) };
}

/** The row's values, in the order of the columns. */
export function valuesOf<Row extends Scalars<Row>>(columns: Columns<Row>, row: Row): Scalar[] {
  return (Object.keys(columns) as (keyof Row)[]).map((name) => row[name]);
}
