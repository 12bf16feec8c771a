import { setImmediate } from 'node:timers/promises';
import { decodeBody, type RecordedBody, rfc3339 } from '../../domain/journal/entry.ts';
import { cannotFit, type EntryFilter, fits } from '../../domain/search/entry-filter.ts';
import {
  candidates,
  firstPositionOf,
  pageOf,
  SEGMENT_ENTRIES,
  segmentOf,
} from '../../domain/search/segment.ts';
import { termsSought } from '../../domain/search/terms.ts';
import { LIMITS } from '../../limits.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { Store } from '../../ports/store.ts';

export type SearchOrder = 'newest' | 'oldest';

export interface EntrySearch<T> {
  readonly filter: EntryFilter;
  readonly order: SearchOrder;
  /** The position that the page before ended with, not included; undefined: from the start of the order. */
  readonly cursor: number | undefined;
  readonly limit: number;
  /** Called with each entry that fits. @returns undefined for one that is not to be listed */
  readonly take: (entry: JournalEntry, body: RecordedBody) => T | undefined | Promise<T | undefined>;
  /** How long it may take, ms. */
  readonly timeMs?: number;
  readonly signal?: AbortSignal;
}

export interface FoundPage<T> {
  readonly found: readonly T[];
  /** The cursor of the next page; undefined: everything was searched. */
  readonly next: number | undefined;
  /** The time of the entry that was looked at last, ms since 1970; undefined: none was. */
  readonly reachedAt: number | undefined;
  /** Entries up to this position are indexed; those after it were read one by one. */
  readonly indexedTo: number;
}

/**
 * Searches the entries of all users in the journal's order: where the index has come, by its segments; the entries after it
 * one by one, so that none is missed. A page ends when it is full, when everything was searched, or when its time is over: then
 * it may be short, even empty, and the next one goes on.
 *
 * What the index finds are candidates. `fits` judges each, so the index never shows an entry that does not fit.
 */
export async function findEntries<T>(
  store: Pick<Store, 'search' | 'readJournal' | 'readJournalBackwards'>,
  search: EntrySearch<T>,
): Promise<FoundPage<T>> {
  const { segments } = await store.search.progress();
  const [latest] = await store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
  const walk = new Walk(store, search, segments * SEGMENT_ENTRIES, latest?.position ?? 0);
  return walk.run();
}

/** One page of a search: how far it has come, and what it has found. */
class Walk<T> {
  readonly #store: Pick<Store, 'search' | 'readJournal' | 'readJournalBackwards'>;
  readonly #search: EntrySearch<T>;
  readonly #indexedTo: number;
  /** The position up to which it goes by the index: none where every entry fits. */
  readonly #byIndexTo: number;
  readonly #last: number;
  readonly #sought: readonly (readonly number[])[];
  readonly #endsAt: number;
  readonly #found: T[] = [];
  /** Few at first: where many entries fit, the page is full soon. */
  #segmentsPerRead = 2;
  /** The next position to look at. */
  #at: number;
  #reachedAt: number | undefined;

  constructor(
    store: Pick<Store, 'search' | 'readJournal' | 'readJournalBackwards'>,
    search: EntrySearch<T>,
    indexedTo: number,
    last: number,
  ) {
    this.#store = store;
    this.#search = search;
    this.#indexedTo = indexedTo;
    this.#last = last;
    this.#sought = termsSought(search.filter);
    const { from, to } = search.filter;
    const isAll = this.#sought.length === 0 && from === undefined && to === undefined;
    this.#byIndexTo = isAll ? 0 : indexedTo;
    this.#endsAt = performance.now() + (search.timeMs ?? LIMITS.searchTimeMs);
    const { cursor, order } = search;
    if (order === 'newest') this.#at = Math.min(last, (cursor ?? last + 1) - 1);
    else this.#at = (cursor ?? 0) + 1;
  }

  async run(): Promise<FoundPage<T>> {
    // At least one step, so that each page gets on.
    for (let step = 0; !this.#isDone && (step === 0 || !this.#isOver); step++) {
      await setImmediate();
      if (this.#at > this.#byIndexTo) await this.#readTail();
      else await this.#readSegments();
    }
    return {
      found: this.#found,
      next: this.#isDone ? undefined : this.#isNewest ? this.#at + 1 : this.#at - 1,
      reachedAt: this.#reachedAt,
      indexedTo: this.#indexedTo,
    };
  }

  get #isNewest(): boolean {
    return this.#search.order === 'newest';
  }

  /** Whether everything was searched. */
  get #isDone(): boolean {
    return this.#at < 1 || this.#at > this.#last;
  }

  get #isOver(): boolean {
    const { limit, signal } = this.#search;
    return this.#found.length >= limit || performance.now() > this.#endsAt || signal?.aborted === true;
  }

  /** Reads the next entries after the index, one by one. */
  async #readTail(): Promise<void> {
    const limit = LIMITS.searchEntriesPerRead;
    const entries = this.#isNewest
      ? await this.#store.readJournalBackwards({ below: this.#at + 1, limit })
      : await this.#store.readJournal({ after: this.#at - 1, limit });
    const inTail = entries.filter(({ position }) => position > this.#byIndexTo);
    await this.#judge(inTail);
    if (this.#isFull) return;
    if (this.#isNewest)
      this.#at = inTail.length < limit ? this.#byIndexTo : (inTail.at(-1)?.position ?? 1) - 1;
    else if (entries.length < limit) this.#at = this.#last + 1;
  }

  get #isFull(): boolean {
    return this.#found.length >= this.#search.limit;
  }

  /** Looks into the next segments: reads the entries that the index names, and no others. */
  async #readSegments(): Promise<void> {
    const { from = 0, to = Number.MAX_SAFE_INTEGER } = this.#search.filter;
    const isIndexed = this.#sought.length > 0;
    const limit = isIndexed ? this.#segmentsPerRead : 1;
    this.#segmentsPerRead = Math.min(2 * this.#segmentsPerRead, LIMITS.searchSegmentsPerRead);
    const start = segmentOf(this.#at);
    const order = this.#isNewest ? 'descending' : 'ascending';
    const segments = await this.#store.search.findSegments({ start, order, from, to, limit });
    const positions = isIndexed ? await this.#candidatesIn(segments) : segments.flatMap(positionsOf);
    const isAhead = (position: number) => (this.#isNewest ? position <= this.#at : position >= this.#at);
    const ahead = positions.filter(isAhead).sort((a, b) => (this.#isNewest ? b - a : a - b));
    for (let index = 0; index < ahead.length; index += LIMITS.searchEntriesPerRead) {
      if (index > 0) {
        await setImmediate();
        if (this.#isOver) return;
      }
      await this.#judge(await this.#read(ahead.slice(index, index + LIMITS.searchEntriesPerRead), isIndexed));
    }
    if (this.#isFull) return;
    const last = segments.at(-1);
    // No further segment has entries of the time asked for.
    if (segments.length < limit || last === undefined) this.#at = this.#isNewest ? 0 : this.#byIndexTo + 1;
    else this.#at = this.#isNewest ? firstPositionOf(last) - 1 : firstPositionOf(last + 1);
  }

  /** Candidates are read one by one; where every entry of a time is looked at, a run of them at once. */
  async #read(positions: readonly number[], isIndexed: boolean): Promise<readonly JournalEntry[]> {
    if (isIndexed) return this.#store.search.readEntries(positions);
    const after = Math.min(positions[0] ?? 1, positions.at(-1) ?? 1) - 1;
    const entries = await this.#store.readJournal({ after, limit: positions.length });
    return this.#isNewest ? entries.toReversed() : entries;
  }

  async #candidatesIn(segments: readonly number[]): Promise<number[]> {
    const wanted = new Set(this.#sought.flat().map(pageOf));
    const pages = segments.flatMap((segment) => [...wanted].map((page) => ({ segment, page })));
    const read = new Map<number, Map<number, Uint8Array>>();
    for (const { segment, page, postings } of await this.#store.search.readSegmentPages(pages)) {
      const known = read.get(segment) ?? new Map<number, Uint8Array>();
      read.set(segment, known.set(page, postings));
    }
    return segments.flatMap((segment) => {
      const known = read.get(segment);
      if (!known) return [];
      return candidates(this.#sought, (page) => known.get(page)).map(
        (number) => firstPositionOf(segment) + number,
      );
    });
  }

  /** Takes those entries that fit, in order, until the page is full. */
  async #judge(entries: readonly JournalEntry[]): Promise<void> {
    const { filter, take } = this.#search;
    for (const entry of entries) {
      if (this.#isFull) return;
      this.#at = this.#isNewest ? entry.position - 1 : entry.position + 1;
      this.#reachedAt = entry.at;
      if (cannotFit(filter, entry)) continue;
      const body = bodyOf(entry);
      if (!fits(filter, entry, body)) continue;
      const taken = await take(entry, body);
      if (taken !== undefined) this.#found.push(taken);
    }
  }
}

/** Of an entry whose body was erased, what its columns tell. */
function bodyOf({ at, type, version, body }: JournalEntry): RecordedBody {
  return body === '' ? { at: rfc3339(at), type, user: '', version } : decodeBody(body);
}

function positionsOf(segment: number): number[] {
  const first = firstPositionOf(segment);
  return Array.from({ length: SEGMENT_ENTRIES }, (_, index) => first + index);
}
