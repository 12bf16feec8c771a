/*
 * Goal: a search finds what a plain scan of the journal finds, however far the index has come, page by page, in both orders.
 * Method: the real stores with some thousand entries; random filters against a filter over all entries.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { findEntries } from '../../../src/application/search/find-entries.ts';
import { JournalIndexer } from '../../../src/application/search/journal-indexer.ts';
import { decodeBody, type EntryType } from '../../../src/domain/journal/entry.ts';
import { type EntryFilter, fits } from '../../../src/domain/search/entry-filter.ts';
import { SEGMENT_ENTRIES } from '../../../src/domain/search/segment.ts';
import type { Store } from '../../../src/ports/store.ts';
import { PostgresDatabase } from '../../adapters/postgres/database.ts';
import { SqliteFolder } from '../../adapters/sqlite/folder.ts';
import { type Chain, registered } from '../../contract/chain.ts';
import { PostgresServer } from '../../services/postgres.ts';

const USERS = 40;
const BATCH = 500;
/** Two whole segments, and a part of a third. */
const ENTRIES = 2 * SEGMENT_ENTRIES + 700;
const NOW = 1_000_000_000;

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

const indexer = (store: Store) => new JournalIndexer({ store, clock: { now: () => NOW }, holder: 'test' });

const TYPES: readonly EntryType[] = [
  'transaction.approved',
  'transaction.approved',
  'transaction.approved',
  'login.accepted',
  'login.refused',
  'code.refused',
];

/** Some entries; what they hold follows from their number. */
async function fill(store: Store, chains: readonly Chain[], from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += BATCH) {
    const decisions = Array.from({ length: Math.min(BATCH, to - number) }, (_, index) => {
      const n = number + index;
      const chain = chains[(n * 7) % USERS] as Chain;
      const type = TYPES[n % TYPES.length] as EntryType;
      return chain.next({
        ...{ type, at: NOW - 10 * (to - n) },
        ...(type === 'code.refused' ? { reason: n % 18 === 5 ? 'code_wrong' : 'code_spent' } : {}),
        ...(type === 'transaction.approved'
          ? {
              transaction: {
                ...{ amount: `${n}.50`, challenge: 'ab', currency: n % 2 ? 'EUR' : 'USD' },
                ...{ id: `transfer-${n}`, payee: `ES79 ${n % 1_000}`, payer: `GB${n % 13}`, v: 1 as const },
              },
            }
          : {}),
        ...(n % 100 === 3 ? { detail: { service: `shop${n % 3}`, label: `Büro ${n}` } } : {}),
      });
    });
    await store.append(decisions);
  }
}

const filters = fc.record(
  {
    userId: fc.integer({ min: 1, max: USERS + 1 }),
    types: fc.constantFrom(['transaction.approved'], ['*.refused'], ['login.*'], ['login.refused', 'code.*']),
    from: fc.integer({ min: NOW - 10 * ENTRIES, max: NOW }),
    to: fc.integer({ min: NOW - 10 * ENTRIES, max: NOW }),
    payee: fc.constantFrom('9 12', '79', '999', 'no'),
    text: fc.constantFrom('gb7', 'buro', 'shop1 BÜRO', 'usd', 'nobody'),
    service: fc.constantFrom('shop1', 'shop9'),
    reason: fc.constantFrom('code_wrong', 'code_spent'),
    transaction: fc.constantFrom('transfer-6', 'transfer-8000', 'transfer-7'),
    amountMin: fc.constantFrom('0', '4000', '8191.50'),
    amountMax: fc.constantFrom('99.99', '5000'),
  },
  { requiredKeys: [] },
);

async function searchAll(store: Store, filter: EntryFilter, order: 'newest' | 'oldest', timeMs: number) {
  const found: number[] = [];
  let pages = 0;
  for (let cursor: number | undefined; ; pages++) {
    const page = await findEntries(store, {
      filter,
      order,
      cursor,
      limit: 50,
      timeMs,
      take: (entry) => entry,
    });
    found.push(...page.found.map(({ position }) => position));
    if (page.next === undefined) return { found, pages };
    assert.notEqual(page.next, cursor, 'a page gets on, however little time it has');
    cursor = page.next;
  }
}

for (const [name, open] of [
  [
    'SQLite',
    async () => {
      const folder = new SqliteFolder();
      return { store: await folder.open(), dispose: () => folder.dispose() };
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const database = await PostgresDatabase.create(server);
      return { store: await database.open(), dispose: () => database.dispose() };
    },
  ],
] as const) {
  test(`${name}: property: a search by any filters finds what a plain scan finds, before, while and after the index follows`, async (t) => {
    const { store, dispose } = await open();
    t.after(dispose);
    const chains = await registered(store, USERS);
    const all = async () => {
      const entries = [];
      for (let position = 0; ; position += 2_000) {
        const page = await store.readJournal({ after: position, limit: 2_000 });
        entries.push(...page);
        if (page.length < 2_000) return entries;
      }
    };
    const check = async (runs: number) => {
      const entries = await all();
      await fc.assert(
        fc.asyncProperty(filters, fc.boolean(), async (sought, isNewest) => {
          const filter = sought as EntryFilter;
          const fitting = entries
            .filter((entry) => fits(filter, entry, decodeBody(entry.body)))
            .map(({ position }) => position);
          const { found } = await searchAll(store, filter, isNewest ? 'newest' : 'oldest', 1_000);
          assert.deepEqual(found, isNewest ? fitting.reverse() : fitting);
        }),
        { numRuns: runs },
      );
    };
    await fill(store, chains, 0, 600);
    await check(3);
    await fill(store, chains, 600, ENTRIES);
    const work = indexer(store);
    assert.equal(await work.catchUp(), true);
    assert.deepEqual(await store.search.progress(), { counted: ENTRIES + USERS, segments: 2 });
    await fill(store, chains, ENTRIES, ENTRIES + 300);
    await check(40);

    // What takes too long goes on from its cursor.
    const rare = { text: 'buro', types: ['login.accepted'] };
    const fitting = (await all()).filter((entry) => fits(rare, entry, decodeBody(entry.body)));
    const { found, pages } = await searchAll(store, rare, 'newest', 0);
    assert.deepEqual(found, fitting.map(({ position }) => position).reverse());
    assert.ok(pages >= 2);

    // Another process goes on where one stopped, and does nothing while that one has the lease.
    const other = indexer(store);
    assert.equal(await other.catchUp(), false);
    await work.stop();
    assert.equal(await other.catchUp(), true);
    assert.equal((await store.search.progress()).counted, ENTRIES + 300 + USERS);
    await other.stop();
  });
}
