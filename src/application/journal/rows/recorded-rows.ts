import { hash } from 'node:crypto';
import type {
  DatasetVersionRow,
  IdentityRow,
  NewUser,
  PasskeyRow,
  ServiceRow,
  SessionRow,
  SideRow,
  TokenRow,
  TransactionRow,
  WebhookRow,
} from '../../../ports/store.ts';
import { shortPasskeyId } from '../../passkeys/short-passkey-id.ts';
import { shortSessionId } from '../../sessions/short-session-id.ts';

/** 128 bits: nobody finds a second row with the digest of a first. */
const DIGEST_BYTES = 16;

/**
 * Writes what an entry changes in other tables, for the member `rows` of its detail, so that the journal alone says what
 * those tables must hold (`sello audit verify`). Changes are separated by spaces, in the order in which they are made:
 *
 * - `+TABLE/KEY:DIGEST` inserts or replaces a row; `+session/KEY:DIGEST:EXPIRES` one that is deleted at a time, in ms;
 * - `=TABLE/KEY.COLUMN:VALUE` sets what changes in it;
 * - `-TABLE/KEY` deletes a row, `-TABLE` all of the user.
 *
 * The user's own row and the entry's own transaction have no key. Left out are columns that other things cover (wrapped
 * keys, which the vault authenticates and rotations renew), what the rest of the entry says (how a transaction ended),
 * messages, which their senders sign, and idempotency records, which repeat an entry and expire.
 *
 * @returns undefined where there is nothing to write
 *
 * Why: docs/DECISIONS.md#entries-say-which-rows-they-change
 */
export function recordedRows(rows: readonly SideRow[]): string | undefined {
  const changes = rows.flatMap(changesOf);
  return changes.length === 0 ? undefined : changes.join(' ');
}

function changesOf(row: SideRow): readonly string[] {
  switch (row.kind) {
    case 'user.insert':
      return [`+user:${userDigest(row)}`, ...userColumns(row)];
    case 'user.update':
      return userColumns(row);
    case 'token.insert': {
      const { tokenId, status, activationQuestion } = row.token;
      const at = `token/${tokenId}`;
      const question = activationQuestion === '' ? [] : [`=${at}.question:${textDigest(activationQuestion)}`];
      return [`+${at}:${tokenDigest(row.token)}`, `=${at}.status:${status}`, ...question];
    }
    case 'token.update':
      return [`=token/${row.tokenId}.status:${row.status}`];
    case 'session.insert':
      return [
        `+session/${shortSessionId(row.session)}:${sessionDigest(row.session)}:${row.session.expiresAt}`,
      ];
    case 'session.delete':
      return [`-session/${shortSessionId(row)}`];
    case 'session.delete_all':
      return ['-session'];
    case 'passkey.insert': {
      const at = `passkey/${shortPasskeyId(row.passkey)}`;
      return [`+${at}:${passkeyDigest(row.passkey)}`, `=${at}.count:${row.passkey.signCount}`];
    }
    case 'passkey.update':
      return [`=passkey/${shortPasskeyId(row)}.count:${row.signCount}`];
    case 'passkey.delete':
      return [`-passkey/${shortPasskeyId(row)}`];
    case 'transaction.insert':
      return [`+transaction:${transactionDigest(row.transaction)}`];
    case 'service.insert':
    case 'service.update':
      return [`+service/${row.service.name}:${serviceDigest(row.service)}`];
    case 'webhook.insert':
    case 'webhook.update':
      return [`+webhook/${row.webhook.webhookId}:${webhookDigest(row.webhook)}`];
    case 'webhook.delete':
      return [`-webhook/${row.webhookId}`];
    case 'identity.insert': {
      const { identity } = row;
      return [`+identity/${identity.version}:${identityDigest(identity)}`, ...identityColumns(identity)];
    }
    case 'identity.update':
      return identityColumns(row);
    case 'dataset.insert':
      return [
        `+dataset/${datasetKey(row.version)}:${datasetDigest(row.version)}`,
        ...datasetColumns(row.version),
      ];
    case 'dataset.update':
      return datasetColumns(row);
    case 'user.rename':
      return [`=user.name:${textDigest(row.username)}`];
    case 'user.erase':
    case 'transaction.update':
    case 'identity_secrets.insert':
    case 'identity_secrets.enrol':
    case 'identity_secrets.delete':
    case 'message.insert':
    case 'webhook.command':
    case 'inbox.deliver':
    case 'inbox.delete':
    case 'idempotency.insert':
      return [];
  }
}

function userColumns({
  role,
  disabled,
  passwordHash,
}: Partial<Pick<NewUser, 'role' | 'disabled' | 'passwordHash'>>): readonly string[] {
  return [
    ...(role === undefined ? [] : [`=user.role:${role}`]),
    ...(disabled === undefined ? [] : [`=user.disabled:${disabled ? 1 : 0}`]),
    ...(passwordHash === undefined ? [] : [`=user.password:${textDigest(passwordHash)}`]),
  ];
}

function identityColumns({
  version,
  level,
  seen,
  verifiedBy,
  revokedAt,
  revokedReason,
}: Pick<IdentityRow, 'version'> & Partial<IdentityRow>): readonly string[] {
  const at = `=identity/${version}`;
  return [
    ...(level === undefined ? [] : [`${at}.level:${level}`]),
    ...(seen ? [`${at}.seen:${textDigest(seen)}`] : []),
    ...(verifiedBy ? [`${at}.verifier:${textDigest(verifiedBy)}`] : []),
    ...(revokedAt ? [`${at}.revoked:${revokedAt}`] : []),
    ...(revokedReason ? [`${at}.reason:${revokedReason}`] : []),
  ];
}

export function datasetKey({ dataset, version }: Pick<DatasetVersionRow, 'dataset' | 'version'>): string {
  return `${dataset}/${version}`;
}

function datasetColumns(
  row: Pick<DatasetVersionRow, 'dataset' | 'version' | 'status' | 'changedAt'>,
): readonly string[] {
  const at = `=dataset/${datasetKey(row)}`;
  return [`${at}.status:${row.status}`, `${at}.changed:${row.changedAt}`];
}

/** Of what does not change in it: not of its seed, which the vault authenticates and rotations renew. */
export function datasetDigest({ dataset, version, createdAt }: DatasetVersionRow): string {
  return digestOf([dataset, version, createdAt]);
}

export function userDigest({ userId, createdAt }: Pick<NewUser, 'userId' | 'createdAt'>): string {
  return digestOf([userId, createdAt]);
}

/** Of what does not change in it: not of its status, its question and its wrapped seed. */
export function tokenDigest(row: TokenRow): string {
  const { userId, tokenId, type, algorithm, digits, periodS, suite, label, createdAt } = row;
  return digestOf([userId, tokenId, type, algorithm, digits, periodS, suite, label, createdAt]);
}

export function sessionDigest(row: SessionRow): string {
  const { userId, sessionId, kind, label, tokenId, proof, provenAt, invitedBy, createdAt, expiresAt } = row;
  return digestOf([
    ...[userId, sessionId, kind, label, tokenId, proof, provenAt, invitedBy],
    ...[createdAt, expiresAt],
  ]);
}

/** Of what does not change in it: not of its counter. */
export function passkeyDigest({ userId, credentialId, publicKey, label, createdAt }: PasskeyRow): string {
  return digestOf([userId, credentialId, publicKey, label, createdAt]);
}

/** Of the transaction as it was requested. */
export function transactionDigest(row: TransactionRow): string {
  const { userId, transactionId, serviceId, requestedAt, expiresAt } = row;
  const { amount, currency, payee, payer, challenge } = row;
  return digestOf([
    ...[userId, transactionId, amount, currency, payee, payer, challenge],
    ...[serviceId, requestedAt, expiresAt],
  ]);
}

/** Of what does not change in it. */
export function identityDigest(row: IdentityRow): string {
  const { userId, version, signJwk, sealJwk, signKey, sealKey, tokenId, enrolledAt } = row;
  return digestOf([userId, version, signJwk, sealJwk, signKey, sealKey, tokenId, enrolledAt]);
}

export function serviceDigest({ serviceId, name, scopes, keys, disabled, createdAt }: ServiceRow): string {
  const held = keys.map(({ hash: id, createdAt: at }) => `${at} ${id}`).sort();
  return digestOf([serviceId, name, scopes.join(' '), held.join(' '), disabled, createdAt]);
}

/** Of all but the wrapped keys of its secrets. */
export function webhookDigest(row: WebhookRow): string {
  const { webhookId, url, types, enabled, enabledAt, disabledReason, secrets, createdAt } = row;
  const held = secrets.map((secret) => `${secret.createdAt} ${secret.secretId} ${secret.expiresAt}`).sort();
  return digestOf([
    ...[webhookId, url, types.join(' '), enabled, enabledAt, disabledReason],
    ...[held.join(' '), createdAt],
  ]);
}

export function textDigest(text: string): string {
  return digestOf([text]);
}

function digestOf(values: readonly (string | number | boolean)[]): string {
  return hash('sha256', JSON.stringify(values), 'buffer').subarray(0, DIGEST_BYTES).toString('base64url');
}
