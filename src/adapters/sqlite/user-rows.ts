import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { LIMITS } from '../../limits.ts';
import type { PasskeyRow, Role, TokenRow, UserId, UserRecord, UserRow } from '../../ports/store.ts';
import { PASSKEYS, SESSIONS, TOKENS } from '../sql/columns.ts';
import { type StoredSession, sessionFrom } from '../sql/stored-session.ts';
import type { JournalRows } from './journal-rows.ts';
import { plainRows, selectList } from './row-sql.ts';
import type { TransactionRows } from './transaction-rows.ts';

const NONE: readonly never[] = Object.freeze([]);

/** Reads users with their rows. */
export class UserRows {
  readonly #journal: JournalRows;
  readonly #transactions: TransactionRows;
  readonly #user: StatementSync;
  readonly #tokens: StatementSync;
  readonly #sessions: StatementSync;
  readonly #passkeys: StatementSync;
  readonly #last: StatementSync;
  readonly #search: StatementSync;

  constructor(database: DatabaseSync, journal: JournalRows, transactions: TransactionRows) {
    this.#journal = journal;
    this.#transactions = transactions;
    const arrays = { returnArrays: true };
    this.#user = database.prepare(
      'SELECT username, role, disabled, created_at, mac_key FROM users WHERE user_id = ?',
      arrays,
    );
    this.#tokens = database.prepare(
      `SELECT ${selectList(TOKENS)} FROM tokens WHERE user_id = ? ORDER BY created_at, token_id`,
    );
    this.#sessions = database.prepare(
      `SELECT ${selectList(SESSIONS)} FROM sessions WHERE user_id = ? ORDER BY created_at, session_id`,
    );
    this.#passkeys = database.prepare(
      `SELECT ${selectList(PASSKEYS)} FROM passkeys WHERE user_id = ? ORDER BY created_at, credential_id`,
    );
    this.#last = database.prepare('SELECT coalesce(max(user_id), 0) FROM users', arrays);
    this.#search = database.prepare(
      "SELECT user_id, username, role, disabled, created_at FROM users WHERE user_id > ?1 AND user_id <= ?2 AND (?3 = '' OR instr(username, ?3) > 0) ORDER BY user_id LIMIT ?4",
      arrays,
    );
  }

  load(userId: UserId, spentSince: number): UserRecord | undefined {
    const row = this.#user.get(userId) as unknown as ProfileRow | undefined;
    if (!row) return undefined;
    const head = this.#journal.head(userId);
    const tokens = plainRows<TokenRow>(this.#tokens.all(userId));
    const sessions = plainRows<StoredSession>(this.#sessions.all(userId)).map(sessionFrom);
    return {
      userId,
      username: row[0],
      role: row[1],
      disabled: row[2] === 1,
      createdAt: row[3],
      macKey: row[4],
      version: head?.version ?? 0,
      at: head?.at ?? 0,
      hash: head?.hash ?? GENESIS_HASH,
      state: head?.state ?? '{}',
      tokens,
      sessions,
      passkeys: plainRows<PasskeyRow>(this.#passkeys.all(userId)),
      pendingTransactions: this.#transactions.pending(userId),
      spentChallenges: head ? this.#journal.spentChallenges(head, spentSince) : NONE,
    };
  }

  lastId(): UserId {
    return (this.#last.get() as unknown as readonly [number])[0];
  }

  /** Searches the table in parts with a pause between, so that a search with few matches does not block other work. */
  async list(after: UserId, limit: number, search: string): Promise<UserRow[]> {
    const users: UserRow[] = [];
    let from = after;
    for (const last = this.lastId(); from < last && users.length < limit; ) {
      if (from > after) await setImmediate();
      const to = from + LIMITS.usersSearchedPerTurnMax;
      const rows = this.#search.all(
        from,
        to,
        search,
        limit - users.length,
      ) as unknown as readonly ListedRow[];
      for (const [userId, username, role, disabled, createdAt] of rows) {
        users.push({ userId, username, role, disabled: disabled === 1, createdAt });
      }
      from = to;
    }
    return users;
  }
}

type ProfileRow = readonly [
  username: string,
  role: Role,
  disabled: number,
  createdAt: number,
  macKey: string,
];
type ListedRow = readonly [userId: UserId, username: string, role: Role, disabled: number, createdAt: number];
