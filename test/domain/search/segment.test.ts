/*
 * Goal: the index never leaves out an entry that fits.
 * Method: random entries and filters, by fast-check; a plain filter over all entries is the reference.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { RecordedBody } from '../../../src/domain/journal/entry.ts';
import { compareAmounts } from '../../../src/domain/search/amount-range.ts';
import { spansOf } from '../../../src/domain/search/count-spans.ts';
import { type EntryFilter, fits } from '../../../src/domain/search/entry-filter.ts';
import { candidates, SEGMENT_ENTRIES, SegmentBuilder } from '../../../src/domain/search/segment.ts';
import { termsOf, termsSought } from '../../../src/domain/search/terms.ts';
import { wordsOf } from '../../../src/domain/search/words.ts';

const WORD = fc.constantFrom(
  'ES79',
  'es79',
  'Müller',
  'muller',
  'rent',
  'Rent 2026',
  '12.50',
  'x-1',
  'ﬁne',
  '',
);
const AMOUNT = fc.constantFrom('0.05', '0.50', '9.99', '10.00', '10', '99999.99', '100000.00');
const TYPE = fc.constantFrom(
  'login.refused',
  'transaction.approved',
  'transaction.refused',
  'admin.user_unlocked',
);

const entry = fc.record({
  userId: fc.integer({ min: 1, max: 4 }),
  at: fc.integer({ min: 1_000, max: 1_010 }),
  type: TYPE,
  reason: fc.option(fc.constantFrom('locked', 'code_wrong'), { nil: undefined }),
  detail: fc.option(fc.record({ service: WORD, label: WORD, address: WORD }), { nil: undefined }),
  transaction: fc.option(fc.record({ payee: WORD, payer: WORD, amount: AMOUNT, id: WORD }), {
    nil: undefined,
  }),
});
type Made = typeof entry extends fc.Arbitrary<infer T> ? T : never;

const filter = fc.record(
  {
    userId: fc.integer({ min: 1, max: 4 }),
    types: fc.array(fc.oneof(TYPE, fc.constantFrom('transaction.*', '*.refused')), {
      minLength: 1,
      maxLength: 2,
    }),
    from: fc.integer({ min: 1_000, max: 1_010 }),
    to: fc.integer({ min: 1_000, max: 1_010 }),
    transaction: WORD,
    payee: fc.constantFrom('ES7', 'ren', 'Rent 20', '2', 'üll'),
    text: fc.constantFrom('es79', 'MULLER', 'rent 2026', '12.50', '50', 'fine', 'nowhere'),
    service: WORD,
    address: WORD,
    reason: fc.constantFrom('locked', 'code_wrong'),
    amountMin: AMOUNT,
    amountMax: AMOUNT,
    currency: fc.constantFrom('EUR', 'JPY'),
  },
  { requiredKeys: [] },
);

function bodyOf({ reason, detail, transaction, type, userId }: Made): RecordedBody {
  return {
    ...{ at: '', type: type as RecordedBody['type'], user: `user${userId}`, version: 1 },
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
    ...(transaction === undefined
      ? {}
      : { transaction: { ...transaction, currency: 'EUR', challenge: '', v: 1 as const } }),
  };
}

test('property: what a segment’s index gives, judged, is what a plain scan of its entries gives', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), filter, (entries, sought) => {
      const asked = sought as EntryFilter;
      const builder = new SegmentBuilder();
      for (const made of entries) builder.add(termsOf(made, bodyOf(made)));
      const pages = new Map(builder.pages().map(({ page, postings }) => [page, postings]));
      const isFit = (number: number) => {
        const made = entries[number];
        return made !== undefined && fits(asked, made, bodyOf(made));
      };
      const terms = termsSought(asked);
      const looked = terms.length === 0 ? [...entries.keys()] : candidates(terms, (page) => pages.get(page));
      assert.deepEqual(looked.filter(isFit), [...entries.keys()].filter(isFit));
    }),
    { numRuns: 2_000 },
  );
});

test('a term that most entries of a segment have is kept as bits, and read back', () => {
  const builder = new SegmentBuilder();
  const has = (number: number) => number % 3 !== 1;
  for (let number = 0; number < SEGMENT_ENTRIES; number++)
    builder.add(has(number) ? [7, 7, 1_000 + number] : []);
  const pages = builder.pages();
  assert.equal(pages.length, 1);
  const found = candidates([[7]], () => pages[0]?.postings);
  assert.deepEqual(found, Array.from({ length: SEGMENT_ENTRIES }, (_, number) => number).filter(has));
  assert.deepEqual(
    candidates([[7], [1_009]], () => pages[0]?.postings),
    [9],
  );
  assert.deepEqual(
    candidates([[8]], () => pages[0]?.postings),
    [],
  );
});

test('amounts are compared exactly, whatever their decimals', () => {
  const ascending = [
    '0',
    '0.05',
    '0.5',
    '9.99',
    '10',
    '100.10',
    '100.2',
    '99999999999999999.01',
    '99999999999999999.02',
  ];
  for (const [index, amount] of ascending.entries()) {
    for (const [other, than] of ascending.entries()) {
      assert.equal(Math.sign(compareAmounts(amount, than)), Math.sign(index - other), `${amount} ${than}`);
    }
  }
  assert.equal(compareAmounts('10.00', '10'), 0);
  assert.equal(compareAmounts('007.0', '7'), 0);
});

test('words are compared without case, accents and compatibility forms, whole and in their parts', () => {
  assert.deepEqual([...wordsOf(['Ñandú S.A.', 'ﬁ-9'])], ['nandu', 's.a.', 's', 'a', 'fi-9', 'fi', '9']);
});

test('property: the spans of counts cover each minute once, in few rows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 1_440 }), (start, length) => {
      const minutes: number[] = [];
      let rows = 0;
      for (const { unit, from, to } of spansOf(start * 60_000, (start + length) * 60_000)) {
        assert.ok(from % unit === 0 && to % unit === 0);
        rows += (to - from) / unit;
        for (let at = from; at < to; at += 60_000) minutes.push(at / 60_000);
      }
      assert.deepEqual(
        minutes,
        Array.from({ length }, (_, index) => start + index),
      );
      assert.ok(rows <= 24 + 2 * 60);
    }),
  );
});
