import type { SideRow } from '../../ports/store.ts';
import { storedSession } from '../sql/stored-session.ts';
import type { Result, Statement, Value } from './connection.ts';
import { storable } from './storable.ts';

/** What the number of rows that a statement wrote says about the decision it belongs to. */
export type Expectation =
  /** None: it is taken. */
  | 'insert'
  /** None: the decision is about something that is not there. */
  | 'update'
  /** Any number will do. */
  | 'any';

export interface SideStatement {
  readonly statement: Statement;
  readonly values: readonly Value[];
  readonly expected: Expectation;
}

function inserting(table: string, columns: string): Statement {
  const names = columns.split(', ');
  const marks = names.map((_, index) => `$${index + 1}`).join(', ');
  return {
    name: `${table}_insert`,
    text: `INSERT INTO ${table} (${columns}) VALUES (${marks}) ON CONFLICT DO NOTHING`,
  };
}

const INSERT = {
  username: inserting('usernames', 'username, user_id'),
  user: inserting('users', 'user_id, username, password_hash, mac_key, role, disabled, created_at'),
  token: inserting(
    'tokens',
    'user_id, token_id, type, status, algorithm, digits, period_s, suite, label, seed, activation_question, created_at',
  ),
  session: inserting('sessions', 'user_id, session_id, kind, label, token_id, proof, created_at, expires_at'),
  passkey: inserting('passkeys', 'user_id, credential_id, public_key, sign_count, label, created_at'),
  transaction: inserting(
    'transactions',
    'user_id, transaction_id, status, amount, currency, payee, payer, challenge, service_id, requested_at, expires_at, decided_at, decided_version, reason',
  ),
  service: inserting('services', 'service_id, name, scopes, disabled, created_at'),
  serviceKey: inserting('service_keys', 'hash, service_id, created_at'),
  answer: inserting('answers', 'user_id, key, digest, answer, at'),
} as const;

const UPDATE = {
  user: {
    name: 'users_update',
    text: 'UPDATE users SET password_hash = coalesce($2, password_hash), mac_key = coalesce($3, mac_key), role = coalesce($4, role), disabled = coalesce($5::boolean, disabled) WHERE user_id = $1',
  },
  // A question is only for a token that waits for its first code.
  token: {
    name: 'tokens_update',
    text: "UPDATE tokens SET status = $3::text, activation_question = CASE WHEN $3::text = 'pending' THEN activation_question ELSE '' END WHERE user_id = $1 AND token_id = $2",
  },
  passkey: {
    name: 'passkeys_update',
    text: 'UPDATE passkeys SET sign_count = $3 WHERE user_id = $1 AND credential_id = $2',
  },
  // Only what is pending is decided.
  transaction: {
    name: 'transactions_update',
    text: "UPDATE transactions SET status = $3, decided_at = $4, decided_version = $5, reason = $6 WHERE user_id = $1 AND transaction_id = $2 AND status = 'pending'",
  },
  service: {
    name: 'services_update',
    text: 'UPDATE services SET scopes = $2, disabled = $3 WHERE service_id = $1',
  },
} as const;

const DELETE = {
  session: { name: 'sessions_delete', text: 'DELETE FROM sessions WHERE user_id = $1 AND session_id = $2' },
  sessions: { name: 'sessions_delete_all', text: 'DELETE FROM sessions WHERE user_id = $1' },
  passkey: {
    name: 'passkeys_delete',
    text: 'DELETE FROM passkeys WHERE user_id = $1 AND credential_id = $2',
  },
  serviceKeys: { name: 'service_keys_delete', text: 'DELETE FROM service_keys WHERE service_id = $1' },
} as const;

/** The statements that write a row that belongs to a decision, in their order. */
export function statementsOf(row: SideRow): SideStatement[] {
  switch (row.kind) {
    case 'user.insert':
      return [
        insert(INSERT.username, [storable(row.username), row.userId]),
        insert(INSERT.user, [
          row.userId,
          storable(row.username),
          row.passwordHash,
          row.macKey,
          row.role,
          row.disabled,
          row.createdAt,
        ]),
      ];
    case 'user.update': {
      const { userId, passwordHash = null, macKey = null, role = null, disabled = null } = row;
      return [update(UPDATE.user, [userId, passwordHash, macKey, role, disabled])];
    }
    case 'token.insert': {
      const { token } = row;
      return [
        insert(INSERT.token, [
          token.userId,
          token.tokenId,
          token.type,
          token.status,
          token.algorithm,
          token.digits,
          token.periodS,
          token.suite,
          storable(token.label),
          token.seed,
          token.activationQuestion,
          token.createdAt,
        ]),
      ];
    }
    case 'token.update':
      return [update(UPDATE.token, [row.userId, row.tokenId, row.status])];
    case 'session.insert': {
      const session = storedSession(row.session);
      return [
        insert(INSERT.session, [
          session.userId,
          session.sessionId,
          session.kind,
          storable(session.label),
          session.tokenId,
          session.proof,
          session.createdAt,
          session.expiresAt,
        ]),
      ];
    }
    case 'session.delete':
      return [any(DELETE.session, [row.userId, row.sessionId])];
    case 'session.delete_all':
      return [any(DELETE.sessions, [row.userId])];
    case 'passkey.insert': {
      const { userId, credentialId, publicKey, signCount, label, createdAt } = row.passkey;
      return [
        insert(INSERT.passkey, [userId, credentialId, publicKey, signCount, storable(label), createdAt]),
      ];
    }
    case 'passkey.update':
      return [update(UPDATE.passkey, [row.userId, row.credentialId, row.signCount])];
    case 'passkey.delete':
      return [any(DELETE.passkey, [row.userId, row.credentialId])];
    case 'transaction.insert': {
      const { transaction } = row;
      return [
        insert(INSERT.transaction, [
          transaction.userId,
          transaction.transactionId,
          transaction.status,
          transaction.amount,
          transaction.currency,
          storable(transaction.payee),
          storable(transaction.payer),
          transaction.challenge,
          transaction.serviceId,
          transaction.requestedAt,
          transaction.expiresAt,
          transaction.decidedAt,
          transaction.decidedVersion,
          storable(transaction.reason),
        ]),
      ];
    }
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
    case 'service.insert': {
      const { serviceId, name, scopes, disabled, createdAt } = row.service;
      return [
        insert(INSERT.service, [serviceId, storable(name), JSON.stringify(scopes), disabled, createdAt]),
        ...keysOf(row.service),
      ];
    }
    case 'service.update': {
      const { serviceId, scopes, disabled } = row.service;
      return [
        update(UPDATE.service, [serviceId, JSON.stringify(scopes), disabled]),
        any(DELETE.serviceKeys, [serviceId]),
        ...keysOf(row.service),
      ];
    }
    case 'idempotency.insert':
      return [insert(INSERT.answer, [row.userId, storable(row.key), row.digest, row.answer, row.at])];
  }
}

function keysOf({
  serviceId,
  keys,
}: Extract<SideRow, { kind: 'service.insert' }>['service']): SideStatement[] {
  return keys.map(({ hash, createdAt }) => insert(INSERT.serviceKey, [hash, serviceId, createdAt]));
}

const insert = (statement: Statement, values: readonly Value[]): SideStatement => ({
  statement,
  values,
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

/** `taken`: a row of it is there already. `missing`: what it changes is not there. */
export type Written = 'written' | 'taken' | 'missing';

export function writtenBy(statements: readonly SideStatement[], results: readonly Result[]): Written {
  let written: Written = 'written';
  statements.forEach(({ expected }, index) => {
    if (written !== 'written' || expected === 'any' || results[index]?.count === 1) return;
    written = expected === 'insert' ? 'taken' : 'missing';
  });
  return written;
}
