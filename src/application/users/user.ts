import { decodeState, type UserState } from '../../domain/user-state.ts';
import type {
  PasskeyRow,
  Role,
  SessionRow,
  SideRow,
  TokenRow,
  TransactionRow,
  UserId,
  UserRecord,
} from '../../ports/store.ts';

/** A user as their latest entry left them. Immutable: a decision makes the next one. */
export interface User {
  readonly id: UserId;
  readonly username: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly macKey: string;
  readonly createdAt: number;
  readonly tokens: readonly TokenRow[];
  readonly sessions: readonly SessionRow[];
  readonly passkeys: readonly PasskeyRow[];
  /** Pending transactions. */
  readonly pending: readonly TransactionRow[];
  readonly version: number;
  /** The time of the latest entry, ms since 1970. */
  readonly at: number;
  readonly hash: string;
  readonly state: UserState;
}

const NONE: readonly never[] = Object.freeze([]);

export function userFrom(record: UserRecord): User {
  return {
    id: record.userId,
    username: record.username,
    role: record.role,
    disabled: record.disabled,
    macKey: record.macKey,
    createdAt: record.createdAt,
    // The many users that have none share one array.
    tokens: withoutRevoked(record.tokens),
    sessions: record.sessions.length === 0 ? NONE : record.sessions,
    passkeys: record.passkeys.length === 0 ? NONE : record.passkeys,
    pending: record.pendingTransactions.length === 0 ? NONE : record.pendingTransactions,
    version: record.version,
    at: record.at,
    hash: record.hash,
    state: decodeState(record.state),
  };
}

/** Leaves out revoked tokens: no decision needs them. */
function withoutRevoked(tokens: readonly TokenRow[]): readonly TokenRow[] {
  const kept = tokens.filter((token) => token.status !== 'revoked');
  return kept.length === 0 ? NONE : kept;
}

/** Returns the user with the rows applied. Does not set the entry's version, time, hash and state. */
export function withRows(user: User, rows: readonly SideRow[]): User {
  let { tokens, sessions, passkeys, pending } = user;
  let profile: Partial<Pick<User, 'username' | 'macKey' | 'role' | 'disabled'>> = {};
  for (const row of rows) {
    switch (row.kind) {
      case 'token.insert':
        tokens = [...tokens, row.token];
        break;
      case 'token.update':
        tokens = withoutRevoked(
          tokens.map((token) =>
            token.tokenId === row.tokenId ? { ...token, status: row.status, activationQuestion: '' } : token,
          ),
        );
        break;
      case 'session.insert':
        sessions = [...sessions, row.session];
        break;
      case 'session.delete':
        sessions = sessions.filter((session) => session.sessionId !== row.sessionId);
        break;
      case 'session.delete_all':
        sessions = NONE;
        break;
      case 'passkey.insert':
        passkeys = [...passkeys, row.passkey];
        break;
      case 'passkey.update':
        passkeys = passkeys.map((passkey) =>
          passkey.credentialId === row.credentialId ? { ...passkey, signCount: row.signCount } : passkey,
        );
        break;
      case 'passkey.delete':
        passkeys = passkeys.filter((passkey) => passkey.credentialId !== row.credentialId);
        break;
      case 'user.update':
        profile = {
          ...profile,
          ...(row.macKey === undefined ? {} : { macKey: row.macKey }),
          ...(row.role === undefined ? {} : { role: row.role }),
          ...(row.disabled === undefined ? {} : { disabled: row.disabled }),
        };
        break;
      case 'user.rename':
        profile = { ...profile, username: row.username };
        break;
      case 'transaction.insert':
        pending = [...pending, row.transaction];
        break;
      case 'transaction.update':
        pending = pending.filter((transaction) => transaction.transactionId !== row.transactionId);
        break;
      case 'service.insert':
      case 'service.update':
      case 'webhook.insert':
      case 'webhook.update':
      case 'webhook.delete':
      case 'webhook.command':
      case 'user.insert':
      case 'idempotency.insert':
      case 'identity.insert':
      case 'identity.update':
      case 'identity_secrets.insert':
      case 'identity_secrets.enrol':
      case 'identity_secrets.delete':
      case 'message.insert':
      case 'inbox.deliver':
      case 'inbox.delete':
        break;
    }
  }
  return { ...user, ...profile, tokens, sessions, passkeys, pending };
}
