import type { UserFilter, UserOrder, UserScan, UserScanPage } from '../../ports/search-store.ts';
import type { Role } from '../../ports/store-rows.ts';

const KEYS: Readonly<Record<UserOrder, string>> = {
  registered: 'u.user_id',
  name: 'u.username',
  last_login: 'a.last_login_at',
};

/** A row of the statement below: a user, or the part's end. */
export type UserScanRow = readonly [
  userId: number,
  username: string,
  role: Role,
  disabled: number | boolean,
  createdAt: number,
  lastLogInAt: number,
  count: number,
];

/** How an engine writes what differs. */
export interface UserScanDialect {
  /** Whether tokens are looked for in the part itself, beside the user: elsewhere the rows are in shards. */
  readonly besideUser?: boolean;
  /** SQL for "`column` contains the text `mark`". */
  readonly contains: (column: string, mark: string) => string;
  /** The users `u`, by an index on their names. */
  readonly byName: string;
  /** The mark of the n-th value, from 1. */
  readonly mark: (number: number) => string;
}

/**
 * The statement that reads one part of the list of users: the next `scanned` in the order (`part`), of them those that fit, and
 * at last the part's end, whose id is negative and whose `n` says how many were read.
 */
export function userScanStatement(
  { order, descending, after, scanned, limit, filter }: UserScan,
  dialect: UserScanDialect,
): { readonly sql: string; readonly values: readonly (string | number | boolean)[] } {
  const values: (string | number | boolean)[] = [];
  const mark = (value: string | number | boolean) => dialect.mark(values.push(value));
  const { byName } = dialect;
  const key = KEYS[order];
  const id = order === 'last_login' ? 'a.user_id' : 'u.user_id';
  const way = descending ? 'DESC' : 'ASC';
  const beyond = descending ? '<' : '>';
  const starts: string[] = ['u.user_id > 0'];
  if (after && order === 'registered') starts.push(`u.user_id ${beyond} ${mark(after.userId)}`);
  else if (after && order === 'name') starts.push(`${key} ${beyond} ${mark(after.key)}`);
  else if (after) starts.push(`(${key}, ${id}) ${beyond} (${mark(after.key)}, ${mark(after.userId)})`);
  if (filter.prefix !== undefined && order === 'name') {
    starts.push(`u.username >= ${mark(filter.prefix)}`, `u.username < ${mark(`${filter.prefix}\u{10ffff}`)}`);
  }
  const from =
    order === 'last_login'
      ? 'user_activity a JOIN users u ON u.user_id = a.user_id'
      : `${order === 'name' ? byName : 'users u'} LEFT JOIN user_activity a ON a.user_id = u.user_id`;
  const part = `SELECT u.user_id, u.username, u.role, u.disabled, u.created_at, coalesce(a.last_login_at, 0) AS last_login_at${dialect.besideUser ? `, ${HAS_TOKEN} AS has_token` : ''}
      FROM ${from} WHERE ${starts.join(' AND ')} ORDER BY ${key} ${way}${order === 'registered' ? '' : `, ${id} ${way}`} LIMIT ${mark(scanned)}`;
  const fitting = conditionsOf(filter, dialect, mark);
  const inner = { registered: 'user_id', name: 'username', last_login: 'last_login_at' }[order];
  return {
    sql: `WITH part AS (${part})
      SELECT user_id, username, role, disabled, created_at, last_login_at, 0 AS n FROM (SELECT * FROM part WHERE ${fitting} ORDER BY ${inner} ${way}, user_id ${way} LIMIT ${mark(limit)}) AS found
      UNION ALL
      SELECT -user_id, username, role, disabled, created_at, last_login_at, (SELECT count(*) FROM part)
        FROM (SELECT * FROM part ORDER BY ${inner} ${descending ? 'ASC' : 'DESC'}, user_id ${descending ? 'ASC' : 'DESC'} LIMIT 1) AS ended`,
    values,
  };
}

const HAS_TOKEN = "EXISTS (SELECT 1 FROM tokens t WHERE t.user_id = u.user_id AND t.status = 'active')";

function conditionsOf(
  filter: UserFilter,
  { contains, besideUser }: UserScanDialect,
  mark: (value: string | number | boolean) => string,
): string {
  const conditions: string[] = ['1 = 1'];
  const { search, prefix, role, disabled, token, lastLogInBefore, lastLogInSince } = filter;
  if (search !== undefined) conditions.push(contains('username', mark(search)));
  if (prefix !== undefined) {
    conditions.push(`username >= ${mark(prefix)}`, `username < ${mark(`${prefix}\u{10ffff}`)}`);
  }
  if (role !== undefined) conditions.push(`role = ${mark(role)}`);
  if (disabled !== undefined) conditions.push(`disabled = ${mark(disabled)}`);
  if (lastLogInBefore !== undefined) conditions.push(`last_login_at < ${mark(lastLogInBefore)}`);
  if (lastLogInSince !== undefined) conditions.push(`last_login_at >= ${mark(lastLogInSince)}`);
  if (token !== undefined) {
    const has = besideUser ? 'has_token' : HAS_TOKEN.replace('u.', 'part.');
    conditions.push(`${token ? '' : 'NOT '}${has}`);
  }
  return conditions.join(' AND ');
}

/** The part of the list that the statement's rows say. */
export function userScanPage(
  { order, scanned, limit }: UserScan,
  rows: readonly UserScanRow[],
): UserScanPage {
  const users = rows
    .filter(([userId]) => userId > 0)
    .map(([userId, username, role, disabled, createdAt, lastLogInAt]) => ({
      ...{ userId, username, role, disabled: Boolean(disabled), createdAt, lastLogInAt },
    }));
  const placeOf = (userId: number, name: string, lastLogInAt: number) => ({
    key: { registered: 0, name, last_login: lastLogInAt }[order],
    userId,
  });
  const last = users.at(-1);
  if (users.length === limit && last) {
    return { users, next: placeOf(last.userId, last.username, last.lastLogInAt) };
  }
  const end = rows.find(([userId]) => userId < 0);
  const more = end !== undefined && Number(end[6]) >= scanned;
  return { users, next: more ? placeOf(-end[0], end[1], Number(end[5])) : undefined };
}
