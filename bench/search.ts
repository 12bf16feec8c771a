import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openPostgresStore } from '../src/adapters/postgres/store.ts';
import { openSqliteStore } from '../src/adapters/sqlite/store.ts';
import { findEntries } from '../src/application/search/find-entries.ts';
import { JournalIndexer } from '../src/application/search/journal-indexer.ts';
import { type EntryType, encodeBody } from '../src/domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../src/domain/journal/hash-chain.ts';
import type { EntryFilter } from '../src/domain/search/entry-filter.ts';
import type { Decision, Store } from '../src/ports/store.ts';

/*
 * Measures the search of the journal at a bank's size: writes entries of many users, payees and amounts, indexes them, and times
 * each filter, the first page and a filter that nothing fits.
 *
 *   node bench/search.ts --entries 5000000 --store sqlite:/tmp/search.sqlite
 */

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '5000000' },
    users: { type: 'string', default: '100000' },
    store: { type: 'string', default: 'sqlite:/tmp/sello-search.sqlite' },
    keep: { type: 'boolean', default: false },
  },
});
const ENTRIES = Number(values.entries);
const USERS = Number(values.users);
const BATCH = 1_024;
const RUNS = 5;
const NOW = Date.now();
const SPAN_MS = 86_400_000;

const isSqlite = values.store.startsWith('sqlite:');
const path = values.store.slice('sqlite:'.length);
const store: Store = isSqlite
  ? await openSqliteStore({ path })
  : await openPostgresStore({ url: values.store });

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const usernameOf = (userId: number) => `user${userId}`;
const ibanOf = (number: number) => `ES${(number * 7_919) % 90_000_000}${number % 100}2100${number % 9_973}`;

function entryOf(number: number, at: number): { type: EntryType; body: object } {
  if (number % 20 === 3) return { type: 'login.accepted', body: {} };
  if (number % 500 === 7)
    return {
      type: 'login.refused',
      body: { reason: 'credentials_invalid', detail: { factor: 'password', failures: 1 } },
    };
  return {
    type: 'transaction.approved',
    body: {
      detail: { proofs: 'mac' },
      transaction: {
        ...{
          amount: `${(number * 37) % 2_000}.${10 + (number % 90)}`,
          challenge: at.toString(16).padStart(64, '5'),
        },
        ...{ currency: 'EUR', id: `019ca8d8-${number.toString(16).padStart(8, '0')}` },
        ...{ payee: ibanOf(number % 300_007), payer: ibanOf(number % USERS), v: 1 as const },
      },
    },
  };
}

async function append(decisions: readonly Decision[]): Promise<void> {
  const outcomes = await store.append(decisions);
  const other = outcomes.find((outcome) => outcome !== 'appended');
  if (other !== undefined) throw new Error(`an entry was not appended: ${other}`);
}

async function write(): Promise<void> {
  const versions = new Int32Array(USERS + 1);
  const hashes = new Array<string>(USERS + 1).fill(GENESIS_HASH);
  const decide = (
    userId: number,
    at: number,
    type: EntryType,
    more: object,
    rows: Decision['rows'],
  ): Decision => {
    const version = (versions[userId] ?? 0) + 1;
    versions[userId] = version;
    const body = encodeBody({ ...more, at, type, user: usernameOf(userId), version });
    const hash = chainHash(hashes[userId] ?? '', body);
    hashes[userId] = hash;
    return { entry: { userId, version, at, type, state: '{}', body, hash, challenge: undefined }, rows };
  };
  const ids = await store.allocateUserIds(USERS);
  const startedAt = performance.now();
  for (let from = 0; from < USERS; from += BATCH) {
    await append(
      ids.slice(from, from + BATCH).map((userId) =>
        decide(userId, NOW - SPAN_MS, 'user.registered', {}, [
          {
            ...{ kind: 'user.insert', userId, username: usernameOf(userId), passwordHash: '', macKey: '' },
            ...{ role: 'user', disabled: false, createdAt: NOW - SPAN_MS },
          },
        ]),
      ),
    );
  }
  for (let from = USERS; from < ENTRIES; from += BATCH) {
    const decisions: Decision[] = [];
    for (let number = from; number < Math.min(ENTRIES, from + BATCH); number++) {
      const at = Math.floor(NOW - SPAN_MS + (number / ENTRIES) * SPAN_MS);
      const { type, body } = entryOf(number, at);
      decisions.push(decide(((number * 7_919) % USERS) + 1, at, type, body, []));
    }
    await append(decisions);
  }
  say(`${ENTRIES} entries written in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

async function index(): Promise<void> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const indexer = new JournalIndexer({ store, clock: { now: () => NOW }, holder: 'bench', restless: true });
  await indexer.catchUp();
  const { user, system } = process.cpuUsage(cpu);
  const { counted, segments } = await store.search.progress();
  await indexer.stop();
  say(
    `indexed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s, ${((user + system) / counted).toFixed(2)} µs of CPU an entry; ${segments} segments`,
  );
}

async function timed(
  name: string,
  filter: EntryFilter,
  order: 'newest' | 'oldest' = 'newest',
): Promise<void> {
  const times: number[] = [];
  let told = '';
  for (let run = 0; run < RUNS; run++) {
    const startedAt = performance.now();
    let pages = 0;
    let found = 0;
    for (let cursor: number | undefined; ; ) {
      const page = await findEntries(store, { filter, order, cursor, limit: 50, take: (entry) => entry });
      pages++;
      found += page.found.length;
      cursor = page.next;
      if (cursor === undefined || found >= 50) break;
    }
    times.push(performance.now() - startedAt);
    told = `${found} found in ${pages} page${pages === 1 ? '' : 's'}`;
  }
  times.sort((a, b) => a - b);
  say(`| ${name}, ${order} first | ${(times[RUNS >> 1] ?? 0).toFixed(0)} ms | ${told} |`);
}

async function figures(): Promise<void> {
  const startedAt = performance.now();
  const rows = await store.search.readCounts({ unit: 60_000, from: NOW - 3_600_000, to: NOW });
  say(`| counts of an hour | ${(performance.now() - startedAt).toFixed(1)} ms | ${rows.length} rows |`);
}

// The indexer's rests keep no process alive.
const alive = setInterval(() => {}, 1_000);
try {
  const [latest] = await store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
  if ((latest?.position ?? 0) < ENTRIES) await write();
  await index();
  const number = Math.floor(ENTRIES / 3);
  const at = NOW - SPAN_MS / 2;
  await timed('nothing asked', {});
  await timed('user', { userId: 77 });
  await timed('user and type', { userId: 77, types: ['login.*'] });
  await timed('type', { types: ['login.refused'] });
  await timed('type that no entry has', { types: ['key.rotated'] });
  await timed('ten minutes at noon', { from: at, to: at + 600_000 });
  await timed('ten minutes at noon', { from: at, to: at + 600_000 }, 'oldest');
  await timed('transaction', {
    transaction: `019ca8d8-${(number - (number % 20) + 4).toString(16).padStart(8, '0')}`,
  });
  await timed('part of a payee', { payee: ibanOf(12_345).slice(2, 10) });
  await timed('end of a payee', { payee: ibanOf(12_345).slice(-6) });
  await timed('text: a payer', { text: ibanOf(4_711).toLowerCase() });
  await timed('text: a payer', { text: ibanOf(4_711).toLowerCase() }, 'oldest');
  await timed('text that no entry has', { text: 'nowhere' });
  await timed('amount 1999 and more', { amountMin: '1999.00' });
  await timed('amount, payee and type', {
    amountMin: '10',
    amountMax: '99.99',
    payee: '2100',
    types: ['transaction.approved'],
  });
  await timed('address that no entry has', { address: '192.0.2.1' });
  await figures();
} finally {
  clearInterval(alive);
  await store.close();
  if (isSqlite && !values.keep)
    for (const end of ['', '-wal', '-shm', '.lock']) await rm(`${path}${end}`, { force: true });
}
