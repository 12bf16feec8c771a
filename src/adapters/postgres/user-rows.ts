import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { LIMITS } from '../../limits.ts';
import type {
  Credentials,
  PasskeyRow,
  Role,
  TokenRow,
  TransactionRow,
  UserId,
  UserRecord,
  UserRow,
} from '../../ports/store.ts';
import { type Columns, PASSKEYS, SESSIONS, TOKENS, TRANSACTIONS } from '../sql/columns.ts';
import { type StoredSession, sessionFrom } from '../sql/stored-session.ts';
import type { Connection } from './connection.ts';
import { jsonObject } from './row-sql.ts';
import { cannotBeStored } from './storable.ts';

/** @param user the user's id: a column of the statement around it, or a parameter */
function listOf<Row>(user: string, columns: Columns<Row>, table: string, order: string, more = ''): string {
  return `(SELECT coalesce(json_agg(${jsonObject(columns)} ORDER BY ${order}), '[]') FROM ${table} WHERE user_id = ${user}${more})`;
}

/** One statement, so that a user's entry and rows are of one snapshot. */
const load = (
  user: string,
  where: string,
) => `SELECT u.user_id, u.username, u.role, u.disabled, u.created_at, u.mac_key,
      h.version, h.at, encode(h.hash, 'hex'), h.state,
      ${listOf(user, TOKENS, 'tokens', 'created_at, token_id')},
      ${listOf(user, SESSIONS, 'sessions', 'created_at, session_id')},
      ${listOf(user, TRANSACTIONS, 'transactions', 'transaction_id', " AND status = 'pending'")},
      ${listOf(user, PASSKEYS, 'passkeys', 'created_at, credential_id')},
      CASE WHEN h.at >= $2::bigint THEN (
        WITH RECURSIVE search (low, high) AS (
          SELECT 1, h.version
          UNION ALL
          SELECT CASE WHEN m.at < $2::bigint THEN (low + high) / 2 + 1 ELSE low END,
                 CASE WHEN m.at < $2::bigint THEN high ELSE (low + high) / 2 END
          FROM search, LATERAL (SELECT at FROM journal WHERE user_id = ${user} AND version = (low + high) / 2) AS m
          WHERE low < high
        )
        SELECT coalesce(json_agg(challenge), '[]') FROM journal
        WHERE user_id = ${user} AND version >= (SELECT max(low) FROM search) AND challenge IS NOT NULL
      ) ELSE '[]' END
    FROM users u
    LEFT JOIN LATERAL (
      SELECT version, at, hash, state FROM journal WHERE user_id = ${user} ORDER BY version DESC LIMIT 1
    ) AS h ON true
    WHERE ${where}`;
const LOAD = { name: 'users_load', text: load('u.user_id', 'u.user_id = ANY ($1::bigint[])') };
/** Where users are distributed: a statement goes to one shard as it is. */
const LOAD_ONE = { name: 'users_load_one', text: load('$1::bigint', 'u.user_id = $1::bigint') };
const FIND = {
  name: 'users_find',
  text: 'SELECT u.user_id, u.username, u.password_hash, u.role, u.disabled FROM usernames n JOIN users u ON u.user_id = n.user_id WHERE n.username = $1 AND n.user_id > 0',
};
const LAST = { name: 'users_last', text: 'SELECT coalesce(max(user_id), 0) FROM users' };
const SEARCH = {
  name: 'users_search',
  text: "SELECT user_id, username, role, disabled, created_at FROM users WHERE user_id > $1 AND user_id <= $2 AND ($3::text = '' OR position($3::text IN username) > 0) ORDER BY user_id LIMIT $4",
};
const ALLOCATE = {
  name: 'users_allocate',
  text: "SELECT nextval('user_ids') FROM generate_series(1, $1::int)",
};

/** @param spentSince ms; Infinity: no spent challenges are loaded */
export async function loadUsers(
  connection: Connection,
  userIds: readonly UserId[],
  spentSince: number,
): Promise<(UserRecord | undefined)[]> {
  const ids = [...new Set(userIds)];
  const since = Math.min(Math.max(spentSince, 0), Number.MAX_SAFE_INTEGER);
  const loaded = connection.sharded
    ? await connection.pipeline(ids.map((userId) => [LOAD_ONE, [userId, since]]))
    : [await connection.run(LOAD, [ids, since])];
  const rows = loaded.flatMap((result) => result.rows);
  const records = new Map<UserId, UserRecord>();
  for (const row of rows) {
    const userId = row[0] as UserId;
    records.set(userId, {
      userId,
      username: row[1] as string,
      role: row[2] as Role,
      disabled: row[3] as boolean,
      createdAt: row[4] as number,
      macKey: row[5] as string,
      version: (row[6] as number | null) ?? 0,
      at: (row[7] as number | null) ?? 0,
      hash: (row[8] as string | null) ?? GENESIS_HASH,
      state: (row[9] as string | null) ?? '{}',
      tokens: row[10] as TokenRow[],
      sessions: (row[11] as StoredSession[]).map(sessionFrom),
      pendingTransactions: row[12] as TransactionRow[],
      passkeys: row[13] as PasskeyRow[],
      spentChallenges: row[14] as string[],
    });
  }
  return userIds.map((userId) => records.get(userId));
}

export async function findUser(connection: Connection, username: string): Promise<Credentials | undefined> {
  if (cannotBeStored(username)) return undefined;
  const { rows } = await connection.run(FIND, [username]);
  const [row] = rows;
  if (!row) return undefined;
  return {
    userId: row[0] as UserId,
    username: row[1] as string,
    passwordHash: row[2] as string,
    role: row[3] as Role,
    disabled: row[4] as boolean,
  };
}

/** Searches the table in parts, so that no statement takes long when few rows match. */
export async function listUsers(
  connection: Connection,
  after: UserId,
  limit: number,
  search: string,
): Promise<UserRow[]> {
  if (cannotBeStored(search)) return [];
  const users: UserRow[] = [];
  const last = Number((await connection.run(LAST)).rows[0]?.[0] ?? 0);
  for (let from = after; from < last && users.length < limit; ) {
    const to = from + LIMITS.storeUsersSearchedMax;
    const { rows } = await connection.run(SEARCH, [from, to, search, limit - users.length]);
    for (const [userId, username, role, disabled, createdAt] of rows) {
      users.push({
        userId: userId as UserId,
        username: username as string,
        role: role as Role,
        disabled: disabled as boolean,
        createdAt: createdAt as number,
      });
    }
    from = to;
  }
  return users;
}

export async function allocateUserIds(connection: Connection, count: number): Promise<UserId[]> {
  const { rows } = await connection.run(ALLOCATE, [count]);
  return rows.map(([id]) => id as UserId);
}
