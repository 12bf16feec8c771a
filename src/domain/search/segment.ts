/*
 * The index of the journal is made of segments: each covers 4,096 entries that follow one another, and says for each term
 * which of them have it. A segment is stored as up to 256 pages, by the first byte of the term, so that looking a term up reads
 * one small page of a segment. A stored segment changes only where entries are erased.
 *
 * A page: for each of its terms, in order, the term (4 bytes), how many entries have it (2 bytes), then their numbers within
 * the segment (2 bytes each) where there are fewer than 256, else 4,096 bits. Big endian.
 *
 * Why: docs/DECISIONS.md#the-journal-is-indexed-behind-in-segments
 */
export const SEGMENT_ENTRIES = 4_096;
export const SEGMENT_PAGES = 256;

const LIST_MAX = 255;
const BITMAP_BYTES = SEGMENT_ENTRIES / 8;
const HEAD_BYTES = 6;

/** The first position of a segment; positions begin at 1. */
export function firstPositionOf(segment: number): number {
  return segment * SEGMENT_ENTRIES + 1;
}

/** The segment that has, or will have, a position. */
export function segmentOf(position: number): number {
  return Math.floor((position - 1) / SEGMENT_ENTRIES);
}

/** Positions by their segments, as numbers within each. */
export function numbersBySegment(positions: readonly number[]): ReadonlyMap<number, ReadonlySet<number>> {
  const segments = new Map<number, Set<number>>();
  for (const position of positions) {
    const segment = segmentOf(position);
    const numbers = segments.get(segment) ?? new Set<number>();
    segments.set(segment, numbers.add(position - firstPositionOf(segment)));
  }
  return segments;
}

/** The page that has a term. */
export function pageOf(term: number): number {
  return term >>> 24;
}

export interface SegmentPage {
  readonly page: number;
  readonly postings: Uint8Array;
}

/** Collects the terms of a segment's entries. */
export class SegmentBuilder {
  readonly #entries = new Map<number, number[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds the next entry. */
  add(terms: readonly number[]): void {
    const number = this.#count++;
    for (const term of terms) {
      const entries = this.#entries.get(term);
      if (!entries) this.#entries.set(term, [number]);
      else if (entries.at(-1) !== number) entries.push(number);
    }
  }

  pages(): SegmentPage[] {
    const terms = Float64Array.from(this.#entries.keys()).sort();
    const pages: SegmentPage[] = [];
    for (let first = 0; first < terms.length; ) {
      const page = pageOf(terms[first] ?? 0);
      let last = first;
      let bytes = 0;
      for (; last < terms.length && pageOf(terms[last] ?? 0) === page; last++) {
        bytes += HEAD_BYTES + sizeOf(this.#of(terms[last]).length);
      }
      const postings = Buffer.alloc(bytes);
      let at = 0;
      for (const term of terms.subarray(first, last)) at = write(postings, at, term, this.#of(term));
      pages.push({ page, postings });
      first = last;
    }
    return pages;
  }

  #of(term: number | undefined): readonly number[] {
    return this.#entries.get(term ?? 0) ?? [];
  }
}

function sizeOf(count: number): number {
  return count <= LIST_MAX ? count * 2 : BITMAP_BYTES;
}

function write(postings: Buffer, at: number, term: number, entries: readonly number[]): number {
  postings.writeUInt32BE(term, at);
  postings.writeUInt16BE(entries.length, at + 4);
  const from = at + HEAD_BYTES;
  for (const [index, entry] of entries.entries()) {
    if (entries.length <= LIST_MAX) postings.writeUInt16BE(entry, from + index * 2);
    else postings[from + (entry >> 3)] = (postings[from + (entry >> 3)] ?? 0) | (1 << (entry & 7));
  }
  return from + sizeOf(entries.length);
}

/** Adds the entries that have a term, as a page of their segment tells, to `found`. */
export function readPostings(page: Uint8Array, term: number, found: EntrySet): void {
  const postings = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  for (let at = 0; at < postings.length; ) {
    const here = postings.readUInt32BE(at);
    const count = postings.readUInt16BE(at + 4);
    const from = at + HEAD_BYTES;
    if (here > term) return;
    if (here === term) {
      if (count > LIST_MAX) found.addBits(postings.subarray(from, from + BITMAP_BYTES));
      else for (let index = 0; index < count; index++) found.add(postings.readUInt16BE(from + index * 2));
      return;
    }
    at = from + sizeOf(count);
  }
}

/** A page without some entries. @returns undefined where it has none of them */
export function withoutEntries(page: Uint8Array, forgotten: ReadonlySet<number>): Uint8Array | undefined {
  const postings = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  const kept: { readonly term: number; readonly entries: readonly number[] }[] = [];
  let isChanged = false;
  for (let at = 0; at < postings.length; ) {
    const term = postings.readUInt32BE(at);
    const found = new EntrySet();
    readPostings(postings.subarray(at), term, found);
    const all = found.numbers();
    const entries = all.filter((number) => !forgotten.has(number));
    isChanged ||= entries.length < all.length;
    if (entries.length > 0) kept.push({ term, entries });
    at += HEAD_BYTES + sizeOf(postings.readUInt16BE(at + 4));
  }
  if (!isChanged) return undefined;
  const bytes = kept.reduce((sum, { entries }) => sum + HEAD_BYTES + sizeOf(entries.length), 0);
  const written = Buffer.alloc(bytes);
  let at = 0;
  for (const { term, entries } of kept) at = write(written, at, term, entries);
  return written;
}

/** Some of a segment's entries, by their numbers in it. */
export class EntrySet {
  readonly #bits = new Uint8Array(BITMAP_BYTES);

  add(entry: number): void {
    this.#bits[entry >> 3] = (this.#bits[entry >> 3] ?? 0) | (1 << (entry & 7));
  }

  addBits(bits: Uint8Array): void {
    for (let index = 0; index < BITMAP_BYTES; index++)
      this.#bits[index] = (this.#bits[index] ?? 0) | (bits[index] ?? 0);
  }

  /** Keeps those that are in the other set as well. */
  keep(other: EntrySet): void {
    for (let index = 0; index < BITMAP_BYTES; index++)
      this.#bits[index] = (this.#bits[index] ?? 0) & (other.#bits[index] ?? 0);
  }

  /** Their numbers, ascending. */
  numbers(): number[] {
    const numbers: number[] = [];
    for (let byte = 0; byte < BITMAP_BYTES; byte++) {
      const bits = this.#bits[byte] ?? 0;
      if (bits === 0) continue;
      for (let bit = 0; bit < 8; bit++) if (bits & (1 << bit)) numbers.push(byte * 8 + bit);
    }
    return numbers;
  }
}

/**
 * The entries of a segment that have a term of each list. Numbers of entries within the segment, ascending.
 * @param pageOfTerm the stored page of a term; undefined: the segment has none
 */
export function candidates(
  sought: readonly (readonly number[])[],
  pageOfTerm: (page: number) => Uint8Array | undefined,
): number[] {
  let found: EntrySet | undefined;
  for (const terms of sought) {
    const some = new EntrySet();
    for (const term of terms) {
      const page = pageOfTerm(pageOf(term));
      if (page) readPostings(page, term, some);
    }
    if (found) found.keep(some);
    else found = some;
  }
  return found?.numbers() ?? [];
}
