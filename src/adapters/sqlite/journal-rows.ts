import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { StoreUnavailable } from '../../domain/errors.ts';
import type { EntryType } from '../../domain/journal/entry.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { LIMITS } from '../../limits.ts';
import type { JournalEntry, LinkedEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import type { JournalIndex } from './journal-index.ts';
import { type EntryLocation, JournalSkipIndex } from './journal-skip-index.ts';

const ENTRY = 'position, user_id, version, at, type, body, lower(hex(hash)), previous_position';

/** Reads the journal in its order, and a user's entries along their links (`previous_position`). */
export class JournalRows {
  readonly #index: JournalIndex;
  readonly #after: StatementSync;
  readonly #before: StatementSync;
  readonly #at: StatementSync;
  readonly #time: StatementSync;
  readonly #last: StatementSync;
  readonly #previous: StatementSync;
  readonly #head: StatementSync;
  readonly #link: StatementSync;
  readonly #hash: StatementSync;
  /** The entry after which the last page of a user ended, so that the next page need not walk there again. */
  readonly #pageEnds = new Map<UserId, EntryLocation>();
  readonly #skipIndex = new JournalSkipIndex();

  constructor(database: DatabaseSync, index: JournalIndex) {
    this.#index = index;
    const arrays = { returnArrays: true };
    this.#after = database.prepare(
      `SELECT ${ENTRY} FROM journal WHERE position > ? ORDER BY position LIMIT ?`,
      arrays,
    );
    this.#before = database.prepare(
      `SELECT ${ENTRY} FROM journal WHERE position < ? ORDER BY position DESC LIMIT ?`,
      arrays,
    );
    this.#at = database.prepare(`SELECT ${ENTRY} FROM journal WHERE position = ?`, arrays);
    this.#time = database.prepare('SELECT at FROM journal WHERE position = ?', arrays);
    this.#last = database.prepare('SELECT coalesce(max(position), 0) FROM journal', arrays);
    this.#previous = database.prepare('SELECT previous_position FROM journal WHERE position = ?', arrays);
    this.#head = database.prepare(
      'SELECT user_id, version, at, challenge, lower(hex(hash)), state, previous_position FROM journal WHERE position = ?',
      arrays,
    );
    this.#link = database.prepare(
      'SELECT at, challenge, previous_position FROM journal WHERE position = ?',
      arrays,
    );
    this.#hash = database.prepare('SELECT lower(hex(hash)) FROM journal WHERE position = ?', arrays);
  }

  read(after: number, limit: number): JournalEntry[] {
    return (this.#after.all(after, limit) as unknown as readonly EntryRow[]).map(entryFrom);
  }

  /** Each with the hash of its user's entry before it. */
  readLinked(after: number, limit: number): LinkedEntry[] {
    return (this.#after.all(after, limit) as unknown as readonly EntryRow[]).map((row) => this.#linked(row));
  }

  /** Newest first, below the position; Infinity: from the latest. */
  readBackwards(below: number, limit: number): JournalEntry[] {
    const position = Math.min(below, Number.MAX_SAFE_INTEGER);
    return (this.#before.all(position, limit) as unknown as readonly EntryRow[]).map(entryFrom);
  }

  /** The parts of the user's latest entry that a decision needs. */
  head(userId: UserId): Head | undefined {
    const position = this.#index.heads.position(userId);
    if (position === 0) return undefined;
    const row = this.#head.get(position) as unknown as HeadRow | undefined;
    if (!row || row[0] !== userId || row[1] !== this.#index.heads.version(userId)) throw damaged(position);
    return { version: row[1], at: row[2], challenge: row[3], hash: row[4], state: row[5], previous: row[6] };
  }

  /** The challenges spent by the user's entries of `since` (ms) or later. */
  spentChallenges(head: Head, since: number): string[] {
    const challenges: string[] = [];
    let { at, challenge, previous } = head;
    while (at >= since) {
      if (challenge !== null) challenges.push(challenge);
      if (previous === 0) break;
      const row = this.#link.get(previous) as unknown as LinkRow | undefined;
      if (!row) throw damaged(previous);
      [at, challenge, previous] = row;
    }
    return challenges;
  }

  /** Pauses during a long walk, so that other work goes on. Entries do not change, so the walk misses none. */
  async readUser(userId: UserId, below: number, limit: number): Promise<JournalEntry[]> {
    const { heads } = this.#index;
    const newest = Math.min(heads.version(userId), below - 1);
    let next: EntryLocation = { version: heads.version(userId), position: heads.position(userId) };
    const pageEnd = this.#pageEnds.get(userId);
    for (const nearer of [pageEnd, this.#skipIndex.above(userId, newest)]) {
      if (nearer && nearer.version >= newest && nearer.version < next.version) next = nearer;
    }

    let hops = 0;
    while (next.version > newest && next.position > 0) {
      next = { version: next.version - 1, position: this.#previousOf(next.position) };
      this.#skipIndex.passed(userId, next);
      if (++hops % LIMITS.journalHopsPerTurnMax === 0) await setImmediate();
    }
    const entries: JournalEntry[] = [];
    while (entries.length < limit && next.version > 0) {
      const row = this.#at.get(next.position) as unknown as EntryRow | undefined;
      if (!row || row[1] !== userId || row[2] !== next.version) throw damaged(next.position);
      entries.push(entryFrom(row));
      next = { version: next.version - 1, position: row[7] };
    }
    this.#remember(userId, next);
    return entries;
  }

  /**
   * The user's entries of one time. The journal is in order of time except where a clock was set back, so a binary
   * search finds the first entry of that time. When it finds nothing, the user's latest entries are walked, a bounded
   * number, since a caller can ask for any time.
   */
  async findAt(userId: UserId, at: number): Promise<LinkedEntry[]> {
    const found: LinkedEntry[] = [];
    for (let position = this.#firstPositionAt(at); found.length <= LIMITS.batchMax; position++) {
      const row = this.#at.get(position) as unknown as EntryRow | undefined;
      if (!row || row[3] !== at) break;
      if (row[1] === userId) found.push(this.#linked(row));
    }
    return found.length > 0 ? found : this.#walkTo(userId, at);
  }

  #walkTo(userId: UserId, at: number): LinkedEntry[] {
    const found: LinkedEntry[] = [];
    let position = this.#index.heads.position(userId);
    for (let hops = 0; position > 0 && hops < LIMITS.journalTimeSearchHopsMax; hops++) {
      const link = this.#link.get(position) as unknown as LinkRow | undefined;
      if (!link) throw damaged(position);
      if (link[0] < at) break;
      const row = link[0] === at ? (this.#at.get(position) as unknown as EntryRow | undefined) : undefined;
      if (row) found.push(this.#linked(row));
      position = link[2];
    }
    return found.reverse();
  }

  #linked(row: EntryRow): LinkedEntry {
    const [previous] = row[7] > 0 ? ((this.#hash.get(row[7]) ?? []) as unknown as readonly string[]) : [];
    return { ...entryFrom(row), previous: previous ?? GENESIS_HASH };
  }

  /** The first position whose entry is not earlier, if times never decrease. */
  #firstPositionAt(at: number): number {
    let low = 1;
    let high = (this.#last.get() as unknown as readonly [number])[0] + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#time.get(middle) as unknown as readonly [number] | undefined;
      if (row && row[0] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #previousOf(position: number): number {
    const row = this.#previous.get(position) as unknown as readonly [number] | undefined;
    if (!row) throw damaged(position);
    return row[0];
  }

  #remember(userId: UserId, pageEnd: EntryLocation): void {
    this.#pageEnds.delete(userId);
    if (pageEnd.version === 0) return;
    this.#pageEnds.set(userId, pageEnd);
    if (this.#pageEnds.size > LIMITS.journalPageEndsMax) {
      for (const oldest of this.#pageEnds.keys()) {
        this.#pageEnds.delete(oldest);
        break;
      }
    }
  }
}

export interface Head {
  readonly version: number;
  readonly at: number;
  readonly challenge: string | null;
  readonly hash: string;
  readonly state: string;
  /** The position of the user's previous entry; 0 without one. */
  readonly previous: number;
}

type EntryRow = readonly [
  position: number,
  userId: UserId,
  version: number,
  at: number,
  type: EntryType,
  body: string,
  hash: string,
  previous: number,
];
type HeadRow = readonly [
  userId: UserId,
  version: number,
  at: number,
  challenge: string | null,
  hash: string,
  state: string,
  previous: number,
];
type LinkRow = readonly [at: number, challenge: string | null, previous: number];

function entryFrom([position, userId, version, at, type, body, hash]: EntryRow): JournalEntry {
  return { position, userId, version, at, type, body, hash };
}

function damaged(position: number): StoreUnavailable {
  return new StoreUnavailable(
    `the journal is damaged: entry ${position} is not what the entries after it say; stop the server, keep the file, and restore a backup`,
  );
}
