import type { EntryType } from '../../domain/journal/entry.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/search/count-spans.ts';
import { numbersBySegment, SEGMENT_PAGES, withoutEntries } from '../../domain/search/segment.ts';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { HeldLease } from '../../ports/lease.ts';
import type {
  CountChange,
  EntryCount,
  NewSegment,
  SearchChange,
  SearchProgress,
  SearchStore,
  Tally,
  UserMark,
  UserScan,
  UserScanPage,
} from '../../ports/search-store.ts';
import type { UserId } from '../../ports/store.ts';
import { byPosition, withBodies } from '../sql/archived-bodies.ts';
import { MARKS, markOf, storedCounts } from '../sql/tally.ts';
import { type UserScanRow, userScanPage, userScanStatement } from '../sql/user-scan.ts';
import type { Connection } from './connection.ts';
import type { JournalRows } from './journal-rows.ts';
import { beginUnderLease, type OnConnection } from './leases.ts';
import { ENTRIES_OF_PLACE, placedEntries, placedInShards } from './placed-entries.ts';
import { cannotBeStored } from './storable.ts';
import { commitDurably } from './synchronous-commit.ts';

const PROGRESS = {
  name: 'search_progress',
  text: 'SELECT counted, (SELECT coalesce(max(segment) + 1, 0) FROM search_segments) FROM search_progress',
};
/** Entries by their positions: the unit of work that has each, and the entry of that order in it. */
const ENTRIES = {
  name: 'search_entries',
  text: `SELECT asked.position, j.user_id, j.version, j.at, j.type, j.body, encode(j.hash, 'hex')
    FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (position, number)
    CROSS JOIN LATERAL (
      SELECT xid, lane, seq, first_position FROM places WHERE first_position <= asked.position ORDER BY first_position DESC LIMIT 1
    ) AS p
    CROSS JOIN LATERAL (
      SELECT * FROM (${ENTRIES_OF_PLACE}) AS own ORDER BY ordinal OFFSET asked.position - p.first_position LIMIT 1
    ) AS j
    ORDER BY asked.number`,
  sharded: `SELECT * FROM ${placedInShards(
    "j.user_id, j.version, j.at, j.type, j.body, encode(j.hash, 'hex')",
    `SELECT first_position, lane, seq, xid FROM places WHERE first_position IN (
      SELECT (SELECT max(first_position) FROM places WHERE first_position <= asked.position) FROM unnest($1::bigint[]) AS asked (position))`,
  )} WHERE position = ANY ($1::bigint[]) ORDER BY array_position($1::bigint[], position)`,
};
/** The entries of a range of positions, as `journal_range` reads them. */
const COLUMNS = 'j.user_id, j.at, j.type, j.body';
const within = (placed: string) => `${placed} WHERE position BETWEEN $1::bigint AND $2::bigint`;
const PLACED = within(placedEntries(COLUMNS));
const PLACED_IN_SHARDS = within(placedInShards(COLUMNS));
/**
 * Members of a body by their place in RFC 8785 JSON, where quotes within strings are escaped: a body that was changed to what
 * is no JSON must not fail the statement.
 */
const REASON = String.raw`'(?:^\{"at":"[^"]*",|\},)"reason":"([^"\\]*)"'`;
const LOCKED_MS = `'"locked_ms":([0-9]{1,15})'`;
const ofTally = (placed: string) => `SELECT at / ${SECOND_MS} * ${SECOND_MS}, type,
      CASE WHEN type <> 'transaction.approved' THEN coalesce(substring(body from ${REASON}), '') ELSE '' END,
      count(*), max(position) FROM ${placed} GROUP BY 1, 2, 3`;
const TALLY = { name: 'search_tally', text: ofTally(PLACED), sharded: ofTally(PLACED_IN_SHARDS) };
const ofMarked = (placed: string) => `SELECT user_id, at, type,
      CASE WHEN type LIKE '%.refused' THEN substring(body from ${LOCKED_MS})::bigint END
    FROM ${placed} AND (type = ANY ($3::text[]) OR (type LIKE '%.refused' AND body LIKE '%"locked_ms"%'))
    ORDER BY position`;
const MARKED = { name: 'search_marks', text: ofMarked(PLACED), sharded: ofMarked(PLACED_IN_SHARDS) };
const ofLastAt = (placed: string) => `SELECT at FROM ${placed} ORDER BY position DESC LIMIT 1`;
const LAST_AT = { name: 'search_last_at', text: ofLastAt(PLACED), sharded: ofLastAt(PLACED_IN_SHARDS) };
const ADD_SEGMENT = {
  name: 'search_segments_insert',
  text: 'INSERT INTO search_segments (segment, at_min, at_max) VALUES ($1, $2, $3)',
};
const ADD_PAGES = {
  name: 'search_pages_insert',
  text: `INSERT INTO search_pages (page, postings)
    SELECT page, decode(postings, 'hex') FROM unnest($1::bigint[], $2::text[]) AS pages (page, postings)`,
};
const PAGES = {
  name: 'search_pages_read',
  text: 'SELECT page, postings FROM search_pages WHERE page = ANY ($1::bigint[])',
};
const PAGES_OF = {
  name: 'search_pages_of',
  text: 'SELECT page, postings FROM search_pages WHERE page >= $1 AND page < $2',
};
const SET_PAGES = {
  name: 'search_pages_set',
  text: `UPDATE search_pages SET postings = decode(changed.postings, 'hex')
    FROM unnest($1::bigint[], $2::text[]) AS changed (page, postings) WHERE search_pages.page = changed.page`,
};
const FORGET_USER = {
  name: 'user_activity_forget',
  text: 'DELETE FROM user_activity WHERE user_id = $1',
};
const FIND = {
  ascending: {
    name: 'search_segments_ascending',
    text: 'SELECT segment FROM search_segments WHERE segment >= $1 AND at_max >= $2 AND at_min < $3 ORDER BY segment LIMIT $4',
  },
  descending: {
    name: 'search_segments_descending',
    text: 'SELECT segment FROM search_segments WHERE segment <= $1 AND at_max >= $2 AND at_min < $3 ORDER BY segment DESC LIMIT $4',
  },
};
const ADD_COUNTS = {
  name: 'entry_counts_add',
  text: `INSERT INTO entry_counts AS c (unit_ms, at, type, reason, count)
    SELECT unit, at, type, reason, count
      FROM jsonb_to_recordset($1::jsonb) AS counted (unit integer, at bigint, type text, reason text, count bigint)
    ON CONFLICT (unit_ms, at, type, reason) DO UPDATE SET count = c.count + excluded.count`,
};
const FORGET = {
  name: 'entry_counts_forget',
  text: 'DELETE FROM entry_counts WHERE unit_ms = $1 AND at < $2',
};
const COUNTS = {
  name: 'entry_counts_read',
  text: 'SELECT at, type, reason, count FROM entry_counts WHERE unit_ms = $1 AND at >= $2 AND at < $3',
};
const SET_COUNTED = { name: 'search_progress_set', text: 'UPDATE search_progress SET counted = $1' };
const ADD_ACTIVITY = {
  name: 'user_activity_add',
  text: `INSERT INTO user_activity AS a (user_id, last_login_at, locked_until)
    SELECT user_id, last_login_at, locked_until
      FROM jsonb_to_recordset($1::jsonb) AS done (user_id bigint, last_login_at bigint, locked_until bigint)
    ON CONFLICT (user_id) DO UPDATE SET
      last_login_at = CASE WHEN excluded.last_login_at > 0 THEN excluded.last_login_at ELSE a.last_login_at END,
      locked_until = greatest(a.locked_until, excluded.locked_until)`,
};
const UNLOCK = {
  name: 'user_activity_unlock',
  text: 'UPDATE user_activity SET locked_until = 0 WHERE user_id = ANY ($1::bigint[])',
};
const LOCKED = {
  name: 'user_activity_locked',
  text: 'SELECT user_id FROM user_activity WHERE locked_until > $1 ORDER BY user_id LIMIT $2',
};
const DIALECT = {
  contains: (column: string, mark: string) => `position(${mark}::text IN ${column}) > 0`,
  byName: 'usernames n JOIN users u ON u.user_id = n.user_id AND u.username = n.username',
  mark: (number: number) => `$${number}`,
};
const IN_SHARDS = { ...DIALECT, besideUser: true, byName: 'users u' };

/** What is kept behind the journal, in a database that servers share. */
export class PostgresSearchStore implements SearchStore {
  readonly #read: OnConnection;
  readonly #change: OnConnection;
  readonly #journal: JournalRows;
  readonly #bodies: ArchivedBodies | undefined;

  constructor(
    read: OnConnection,
    change: OnConnection,
    journal: JournalRows,
    bodies: ArchivedBodies | undefined,
  ) {
    this.#read = read;
    this.#change = change;
    this.#journal = journal;
    this.#bodies = bodies;
  }

  async progress(): Promise<SearchProgress> {
    return this.#read(progressNow);
  }

  async readEntries(positions: readonly number[]): Promise<readonly JournalEntry[]> {
    if (positions.length === 0) return [];
    const entries = await this.#read(async (connection) => {
      const { rows } = await connection.run(ENTRIES, [positions]);
      return rows.map(([position, userId, version, at, type, body, hash]) => ({
        ...{ position: Number(position), userId: userId as UserId, version: version as number },
        ...{ at: at as number, type: type as EntryType, body: body as string, hash: hash as string },
      }));
    });
    return withBodies(entries, this.#bodies, byPosition);
  }

  async addSegment({ lease, segment, atMin, atMax, pages }: NewSegment): Promise<SearchChange> {
    return this.#changeUnder(
      lease,
      ({ segments }) => segments === segment,
      async (connection) => {
        await connection.pipeline([
          [ADD_SEGMENT, [segment, atMin, atMax]],
          [
            ADD_PAGES,
            [
              `{${pages.map(({ page }) => segment * SEGMENT_PAGES + page).join(',')}}`,
              `{${pages.map(({ postings }) => Buffer.from(postings).toString('hex')).join(',')}}`,
            ],
          ],
        ]);
      },
    );
  }

  async findSegments({
    start,
    order,
    from,
    to,
    limit,
  }: Parameters<SearchStore['findSegments']>[0]): Promise<readonly number[]> {
    return this.#read(async (connection) => {
      const { rows } = await connection.run(FIND[order], [start, bounded(from), bounded(to), limit]);
      return rows.map(([segment]) => Number(segment));
    });
  }

  async readSegmentPages(
    pages: Parameters<SearchStore['readSegmentPages']>[0],
  ): ReturnType<SearchStore['readSegmentPages']> {
    if (pages.length === 0) return [];
    return this.#read(async (connection) => {
      const { rows } = await connection.run(PAGES, [
        pages.map(({ segment, page }) => segment * SEGMENT_PAGES + page),
      ]);
      return rows.map(([page, postings]) => ({
        segment: Math.floor(Number(page) / SEGMENT_PAGES),
        page: Number(page) % SEGMENT_PAGES,
        postings: bytesOf(postings),
      }));
    });
  }

  async forgetEntries({ userId, positions }: Parameters<SearchStore['forgetEntries']>[0]): Promise<void> {
    await this.#read((connection) => connection.run(FORGET_USER, [userId]));
    for (const [segment, numbers] of numbersBySegment(positions)) {
      await this.#read(async (connection) => {
        const first = segment * SEGMENT_PAGES;
        const { rows } = await connection.run(PAGES_OF, [first, first + SEGMENT_PAGES]);
        const changed = rows.flatMap(([page, postings]) => {
          const kept = withoutEntries(bytesOf(postings), numbers);
          return kept ? [{ page: Number(page), postings: Buffer.from(kept).toString('hex') }] : [];
        });
        if (changed.length === 0) return;
        await connection.run(SET_PAGES, [
          `{${changed.map(({ page }) => page).join(',')}}`,
          `{${changed.map(({ postings }) => `"${postings}"`).join(',')}}`,
        ]);
      });
    }
  }

  async tally({ after, limit }: { after: number; limit: number }): Promise<Tally> {
    return this.#read(async (connection) => {
      await this.#journal.complete(connection);
      const range = [after + 1, after + limit];
      const [counted, marked, last] = await connection.pipeline([
        [TALLY, range],
        [MARKED, [...range, Object.keys(MARKS)]],
        [LAST_AT, range],
      ]);
      const counts: EntryCount[] = [];
      let to = after;
      for (const [at, type, reason, count, position] of counted?.rows ?? []) {
        to = Math.max(to, Number(position));
        counts.push({ at: Number(at), type: String(type), reason: String(reason), count: Number(count) });
      }
      const marks: UserMark[] = [];
      for (const [userId, at, type, lockedMs] of marked?.rows ?? []) {
        const locked = lockedMs === null ? null : Number(lockedMs);
        const mark = markOf(String(type), Number(userId), Number(at), locked);
        if (mark) marks.push(mark);
      }
      return { to, at: Number(last?.rows[0]?.[0] ?? 0), counts, marks };
    });
  }

  async addCounts(change: CountChange): Promise<SearchChange> {
    const { lease, expected, tally, secondsSince, minutesSince, hoursSince } = change;
    return this.#changeUnder(
      lease,
      ({ counted }) => counted === expected,
      async (connection) => {
        const { unlocked, activity } = activityOf(tally.marks);
        await connection.pipeline([
          [ADD_COUNTS, [JSON.stringify(storedCounts(change))]],
          [UNLOCK, [unlocked]],
          [ADD_ACTIVITY, [JSON.stringify(activity)]],
          [FORGET, [SECOND_MS, secondsSince]],
          [FORGET, [MINUTE_MS, minutesSince]],
          [FORGET, [HOUR_MS, hoursSince]],
          [SET_COUNTED, [tally.to]],
        ]);
      },
    );
  }

  async readCounts({
    unit,
    from,
    to,
  }: Parameters<SearchStore['readCounts']>[0]): Promise<readonly EntryCount[]> {
    return this.#read(async (connection) => {
      const { rows } = await connection.run(COUNTS, [unit, from, to]);
      return rows.map(([at, type, reason, count]) => ({
        ...{ at: Number(at), type: String(type), reason: String(reason), count: Number(count) },
      }));
    });
  }

  async lockedUsers({ at, limit }: { at: number; limit: number }): Promise<readonly UserId[]> {
    return this.#read(async (connection) => {
      const { rows } = await connection.run(LOCKED, [at, limit]);
      return rows.map(([userId]) => Number(userId));
    });
  }

  async scanUsers(scan: UserScan): Promise<UserScanPage> {
    return this.#read(async (connection) => {
      const { sql, values } = userScanStatement(scan, connection.sharded ? IN_SHARDS : DIALECT);
      if (values.some((value) => typeof value === 'string' && cannotBeStored(value)))
        return { users: [], next: undefined };
      const { rows } = await connection.run(sql, values);
      return userScanPage(scan, rows as unknown as readonly UserScanRow[]);
    });
  }

  /** Runs one unit of work under the lease, if the progress is the expected one. */
  #changeUnder(
    lease: HeldLease,
    isExpected: (progress: SearchProgress) => boolean,
    work: (connection: Connection) => Promise<void>,
  ): Promise<SearchChange> {
    return this.#change(async (connection) => {
      const isHeld = await beginUnderLease(connection, lease);
      if (!isHeld || !isExpected(await progressNow(connection))) {
        await connection.run('ROLLBACK');
        return isHeld ? 'superseded' : 'lease_lost';
      }
      await work(connection);
      await commitDurably(connection);
      return 'stored';
    });
  }
}

/**
 * What the marks come to. Users who were unlocked are unlocked first, then the locks after that are set, so that the last of
 * what happened holds.
 */
function activityOf(marks: readonly UserMark[]): {
  readonly unlocked: readonly number[];
  readonly activity: readonly { user_id: number; last_login_at: number; locked_until: number }[];
} {
  const users = new Map<UserId, { user_id: number; last_login_at: number; locked_until: number }>();
  const unlocked = new Set<number>();
  for (const mark of marks) {
    const { userId } = mark;
    const user = users.get(userId) ?? { user_id: userId, last_login_at: 0, locked_until: 0 };
    users.set(userId, user);
    if (mark.kind === 'logged_in') user.last_login_at = mark.at;
    else if (mark.kind === 'locked') user.locked_until = Math.max(user.locked_until, mark.until);
    else if (mark.kind === 'unlocked') {
      user.locked_until = 0;
      unlocked.add(userId);
    }
  }
  return { unlocked: [...unlocked], activity: [...users.values()] };
}

async function progressNow(connection: Connection): Promise<SearchProgress> {
  const [row] = (await connection.run(PROGRESS)).rows;
  return { counted: Number(row?.[0]), segments: Number(row?.[1]) };
}

/** A `bytea` as the driver gives it. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value).replace(/^\\x/, ''), 'hex');
}

function bounded(at: number): number {
  return Math.min(Math.max(at, 0), Number.MAX_SAFE_INTEGER);
}
