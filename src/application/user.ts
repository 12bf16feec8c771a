import { decodeState, type UserState } from '../domain/user-state.ts';
import type { Role, SessionRow, SideRow, TokenRow, UserId, UserRecord } from '../ports/store.ts';

/** A user as the latest entry left them: never changed, a decision makes the next one. */
export interface User {
  readonly id: UserId;
  readonly username: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly macKey: string;
  readonly createdAt: number;
  readonly tokens: readonly TokenRow[];
  readonly sessions: readonly SessionRow[];
  readonly version: number;
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
    // One shared array for the many users who have none.
    tokens: record.tokens.length === 0 ? NONE : record.tokens,
    sessions: record.sessions.length === 0 ? NONE : record.sessions,
    version: record.version,
    hash: record.hash,
    state: decodeState(record.state),
  };
}

/** The user after these rows were committed, before the entry's version, hash and state are set. */
export function withRows(user: User, rows: readonly SideRow[]): User {
  let { tokens, sessions } = user;
  let profile: Partial<Pick<User, 'macKey' | 'role' | 'disabled'>> = {};
  for (const row of rows) {
    switch (row.kind) {
      case 'token.insert':
        tokens = [...tokens, row.token];
        break;
      case 'token.update':
        tokens = tokens.map((token) =>
          token.tokenId === row.tokenId ? { ...token, status: row.status, activationQuestion: '' } : token,
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
      case 'user.update':
        profile = {
          ...(row.macKey === undefined ? {} : { macKey: row.macKey }),
          ...(row.role === undefined ? {} : { role: row.role }),
          ...(row.disabled === undefined ? {} : { disabled: row.disabled }),
        };
        break;
      case 'user.insert':
      case 'answer.insert':
        break;
    }
  }
  return { ...user, ...profile, tokens, sessions };
}
