import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { EntryType } from '../../domain/journal/entry.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/search/count-spans.ts';
import { numbersBySegment, SEGMENT_PAGES, withoutEntries } from '../../domain/search/segment.ts';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
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
import { EntryTally, markOf, storedCounts } from '../sql/tally.ts';
import { type UserScanRow, userScanPage, userScanStatement } from '../sql/user-scan.ts';
import type { Connection } from './connection.ts';
import type { Change, SqliteLeases } from './leases.ts';

const ENTRIES_PER_TURN = 2_048;
const PAGES_PER_TURN = 512;
const ARRAYS = { returnArrays: true } as const;
const DIALECT = {
  contains: (column: string, mark: string) => `instr(${column}, ${mark}) > 0`,
  byName: 'users u',
  mark: (number: number) => `?${number}`,
};

/** What is kept behind the journal, in the file of its owner. */
export class SqliteSearchStore implements SearchStore {
  readonly #connection: Connection;
  readonly #change: Change;
  readonly #leases: SqliteLeases;
  readonly #bodies: ArchivedBodies | undefined;
  readonly #progress: StatementSync;
  readonly #entry: StatementSync;
  readonly #addSegment: StatementSync;
  readonly #addPage: StatementSync;
  readonly #findPage: StatementSync;
  readonly #pagesOf: StatementSync;
  readonly #setPage: StatementSync;
  readonly #forgetUser: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #tally: StatementSync;
  readonly #setCounted: StatementSync;
  readonly #addCount: StatementSync;
  readonly #forget: StatementSync;
  readonly #counts: StatementSync;
  readonly #registered: StatementSync;
  readonly #loggedIn: StatementSync;
  readonly #locked: StatementSync;
  readonly #unlocked: StatementSync;
  readonly #lockedUsers: StatementSync;

  constructor(
    connection: Connection,
    change: Change,
    leases: SqliteLeases,
    bodies: ArchivedBodies | undefined,
  ) {
    const { database } = connection;
    this.#connection = connection;
    this.#change = change;
    this.#leases = leases;
    this.#bodies = bodies;
    const prepare = (sql: string) => database.prepare(sql, ARRAYS);
    this.#progress = prepare(
      'SELECT counted, (SELECT coalesce(max(segment) + 1, 0) FROM search_segments) FROM search_progress',
    );
    this.#entry = prepare(
      'SELECT position, user_id, version, at, type, body, lower(hex(hash)) FROM journal WHERE position = ?',
    );
    this.#addSegment = prepare('INSERT INTO search_segments (segment, at_min, at_max) VALUES (?, ?, ?)');
    this.#addPage = prepare('INSERT INTO search_pages (page, postings) VALUES (?, ?)');
    this.#findPage = prepare('SELECT postings FROM search_pages WHERE page = ?');
    this.#pagesOf = prepare('SELECT page, postings FROM search_pages WHERE page >= ? AND page < ?');
    this.#setPage = prepare('UPDATE search_pages SET postings = ? WHERE page = ?');
    this.#forgetUser = prepare('DELETE FROM user_activity WHERE user_id = ?');
    this.#ascending = prepare(
      'SELECT segment FROM search_segments WHERE segment >= ? AND at_max >= ? AND at_min < ? ORDER BY segment LIMIT ?',
    );
    this.#descending = prepare(
      'SELECT segment FROM search_segments WHERE segment <= ? AND at_max >= ? AND at_min < ? ORDER BY segment DESC LIMIT ?',
    );
    this.#tally = prepare(
      `SELECT position, at, type, user_id,
        CASE WHEN type = 'transaction.approved' OR NOT json_valid(body) THEN '' ELSE coalesce(json_extract(body, '$.reason'), '') END,
        CASE WHEN type LIKE '%.refused' AND json_valid(body) THEN json_extract(body, '$.detail.locked_ms') END
        FROM journal WHERE position > ? ORDER BY position LIMIT ?`,
    );
    this.#setCounted = prepare('UPDATE search_progress SET counted = ?');
    this.#addCount = prepare(
      `INSERT INTO entry_counts (unit_ms, at, type, reason, count) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (unit_ms, at, type, reason) DO UPDATE SET count = count + excluded.count`,
    );
    this.#forget = prepare('DELETE FROM entry_counts WHERE unit_ms = ? AND at < ?');
    this.#counts = prepare(
      'SELECT at, type, reason, count FROM entry_counts WHERE unit_ms = ? AND at >= ? AND at < ?',
    );
    this.#registered = prepare('INSERT INTO user_activity (user_id) VALUES (?) ON CONFLICT DO NOTHING');
    this.#loggedIn = prepare(
      `INSERT INTO user_activity (user_id, last_login_at) VALUES (?, ?)
        ON CONFLICT (user_id) DO UPDATE SET last_login_at = excluded.last_login_at`,
    );
    this.#locked = prepare(
      `INSERT INTO user_activity (user_id, locked_until) VALUES (?, ?)
        ON CONFLICT (user_id) DO UPDATE SET locked_until = max(locked_until, excluded.locked_until)`,
    );
    this.#unlocked = prepare('UPDATE user_activity SET locked_until = 0 WHERE user_id = ?');
    this.#lockedUsers = prepare(
      'SELECT user_id FROM user_activity WHERE locked_until > ? ORDER BY user_id LIMIT ?',
    );
  }

  async progress(): Promise<SearchProgress> {
    return this.#connection.read(() => this.#progressNow());
  }

  async readEntries(positions: readonly number[]): Promise<readonly JournalEntry[]> {
    const entries = this.#connection.readTogether(() =>
      positions.flatMap((position) => {
        const row = this.#entry.get(position) as unknown as EntryRow | undefined;
        if (!row) return [];
        const [, userId, version, at, type, body, hash] = row;
        return { position, userId, version, at, type, body, hash };
      }),
    );
    return withBodies(entries, this.#bodies, byPosition);
  }

  async addSegment({ lease, segment, atMin, atMax, pages }: NewSegment): Promise<SearchChange> {
    return this.#change(() => {
      if (!this.#leases.isCurrent(lease)) return 'lease_lost';
      if (this.#progressNow().segments !== segment) return 'superseded';
      this.#addSegment.run(segment, atMin, atMax);
      for (const { page, postings } of pages) this.#addPage.run(segment * SEGMENT_PAGES + page, postings);
      return 'stored';
    });
  }

  async findSegments({
    start,
    order,
    from,
    to,
    limit,
  }: Parameters<SearchStore['findSegments']>[0]): Promise<readonly number[]> {
    const statement = order === 'ascending' ? this.#ascending : this.#descending;
    return this.#connection.read(() =>
      (statement.all(start, bounded(from), bounded(to), limit) as unknown as readonly [number][]).map(
        ([segment]) => segment,
      ),
    );
  }

  async readSegmentPages(
    pages: Parameters<SearchStore['readSegmentPages']>[0],
  ): ReturnType<SearchStore['readSegmentPages']> {
    const found: { segment: number; page: number; postings: Uint8Array }[] = [];
    for (let from = 0; from < pages.length; from += PAGES_PER_TURN) {
      if (from > 0) await setImmediate();
      this.#connection.readTogether(() => {
        for (const { segment, page } of pages.slice(from, from + PAGES_PER_TURN)) {
          const row = this.#findPage.get(segment * SEGMENT_PAGES + page) as unknown as
            | readonly [Uint8Array]
            | undefined;
          if (row) found.push({ segment, page, postings: row[0] });
        }
      });
    }
    return found;
  }

  /** A segment a turn, because reading blocks the process. */
  async forgetEntries({ userId, positions }: Parameters<SearchStore['forgetEntries']>[0]): Promise<void> {
    this.#change(() => this.#forgetUser.run(userId));
    for (const [segment, numbers] of numbersBySegment(positions)) {
      await setImmediate();
      this.#change(() => {
        const first = segment * SEGMENT_PAGES;
        const pages = this.#pagesOf.all(first, first + SEGMENT_PAGES) as unknown as readonly PageRow[];
        for (const [page, postings] of pages) {
          const kept = withoutEntries(postings, numbers);
          if (kept) this.#setPage.run(kept, page);
        }
      });
    }
  }

  /** In parts, with a pause between two, because reading blocks the process. */
  async tally({ after, limit }: { after: number; limit: number }): Promise<Tally> {
    const tally = new EntryTally();
    const marks: UserMark[] = [];
    let [to, lastAt, left] = [after, 0, limit];
    while (left > 0) {
      const count = Math.min(left, ENTRIES_PER_TURN);
      const rows = this.#connection.read(() => this.#tally.all(to, count) as unknown as readonly TallyRow[]);
      for (const [position, at, type, userId, reason, lockedMs] of rows) {
        [to, lastAt] = [position, at];
        tally.add(at, type, reason);
        const mark = markOf(type, userId, at, lockedMs);
        if (mark) marks.push(mark);
      }
      left -= rows.length;
      if (rows.length < count) break;
      if (left > 0) await setImmediate();
    }
    return { to, at: lastAt, counts: tally.counts(), marks };
  }

  async addCounts(change: CountChange): Promise<SearchChange> {
    const { lease, expected, tally, secondsSince, minutesSince, hoursSince } = change;
    return this.#change(() => {
      if (!this.#leases.isCurrent(lease)) return 'lease_lost';
      if (this.#progressNow().counted !== expected) return 'superseded';
      for (const { unit, at, type, reason, count } of storedCounts(change)) {
        this.#addCount.run(unit, at, type, reason, count);
      }
      for (const mark of tally.marks) this.#note(mark);
      this.#forget.run(SECOND_MS, secondsSince);
      this.#forget.run(MINUTE_MS, minutesSince);
      this.#forget.run(HOUR_MS, hoursSince);
      this.#setCounted.run(tally.to);
      return 'stored';
    });
  }

  async readCounts({
    unit,
    from,
    to,
  }: Parameters<SearchStore['readCounts']>[0]): Promise<readonly EntryCount[]> {
    return this.#connection.read(() =>
      (this.#counts.all(unit, from, to) as unknown as readonly CountRow[]).map(
        ([at, type, reason, count]) => ({ at, type, reason, count }),
      ),
    );
  }

  async lockedUsers({ at, limit }: { at: number; limit: number }): Promise<readonly UserId[]> {
    return this.#connection.read(() =>
      (this.#lockedUsers.all(at, limit) as unknown as readonly [UserId][]).map(([userId]) => userId),
    );
  }

  async scanUsers(scan: UserScan): Promise<UserScanPage> {
    const { sql, values } = userScanStatement(scan, DIALECT);
    return this.#connection.read(() => {
      const given: SQLInputValue[] = values.map((value) =>
        typeof value === 'boolean' ? Number(value) : value,
      );
      const rows = this.#connection.database
        .prepare(sql, ARRAYS)
        .all(...given) as unknown as readonly UserScanRow[];
      return userScanPage(scan, rows);
    });
  }

  #progressNow(): SearchProgress {
    const [counted, segments] = this.#progress.get() as unknown as readonly [number, number];
    return { counted, segments };
  }

  #note(mark: UserMark): void {
    if (mark.kind === 'registered') this.#registered.run(mark.userId);
    else if (mark.kind === 'logged_in') this.#loggedIn.run(mark.userId, mark.at);
    else if (mark.kind === 'locked') this.#locked.run(mark.userId, mark.until);
    else this.#unlocked.run(mark.userId);
  }
}

function bounded(at: number): number {
  return Math.min(Math.max(at, 0), Number.MAX_SAFE_INTEGER);
}

type EntryRow = readonly [
  position: number,
  userId: UserId,
  version: number,
  at: number,
  type: EntryType,
  body: string,
  hash: string,
];
type PageRow = readonly [page: number, postings: Uint8Array];
type TallyRow = readonly [
  position: number,
  at: number,
  type: string,
  userId: UserId,
  reason: string,
  lockedMs: number | null,
];
type CountRow = readonly [at: number, type: string, reason: string, count: number];
