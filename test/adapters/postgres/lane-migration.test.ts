/*
 * Goal: a database of the version before, which ordered by transaction ids, is brought to lanes while servers of both versions
 * work: each sees all entries in one order, and what has its place keeps it.
 * Method: real tables of that version; the statements of that version beside the store of this one.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { readAddress } from '../../../src/adapters/postgres/address.ts';
import { LOCK_SEQUENCER, LOCK_SPACE } from '../../../src/adapters/postgres/advisory-locks.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { LANES_VERSION, MIGRATIONS } from '../../../src/adapters/postgres/schema.ts';
import type { PostgresStore } from '../../../src/adapters/postgres/store.ts';
import { StartRefused } from '../../../src/domain/errors.ts';
import type { Decision } from '../../../src/ports/store.ts';
import { Chain, registered } from '../../contract/chain.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { until } from '../../waiting.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

const OLD_MIGRATIONS = MIGRATIONS.slice(0, LANES_VERSION - 2);

/** A server of the version before, by its statements. */
class OldServer {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  static async connect(database: PostgresDatabase): Promise<OldServer> {
    const client = new pg.Client({ connectionString: database.url, application_name: 'sello' });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('SET search_path = sello, pg_catalog');
    return new OldServer(client);
  }

  async begin({ entry }: Decision): Promise<void> {
    const { userId, version, at, type, hash, state, body } = entry;
    await this.#client.query('BEGIN');
    await this.#client.query(
      `INSERT INTO journal (user_id, version, ordinal, at, type, hash, state, body)
        VALUES ($1, $2, 0, $3, $4, decode($5, 'hex'), $6, $7)`,
      [userId, version, at, type, hash, state, body],
    );
  }

  async commit(): Promise<void> {
    await this.#client.query('COMMIT');
  }

  async append(decision: Decision): Promise<void> {
    await this.begin(decision);
    await this.commit();
  }

  async order(): Promise<string[]> {
    await this.#client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${LOCK_SPACE}, ${LOCK_SEQUENCER});
      INSERT INTO places (first_position, xid, entries)
      SELECT coalesce((SELECT first_position + entries FROM places ORDER BY first_position DESC LIMIT 1), 1)
        + coalesce(sum(entries) OVER (ORDER BY xid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), xid, entries
      FROM (SELECT xid, count(*) AS entries FROM journal WHERE xid > coalesce((SELECT max(xid) FROM places), '0'::xid8)
        AND xid < pg_snapshot_xmin(pg_current_snapshot()) GROUP BY xid ORDER BY xid LIMIT 4096) AS units;
      COMMIT`);
    const { rows } = await this.#client.query(
      `SELECT position, user_id, version FROM (
        SELECT p.first_position + row_number() OVER (PARTITION BY j.xid ORDER BY j.ordinal) - 1 AS position, j.user_id, j.version
        FROM places p JOIN journal j ON j.xid = p.xid) AS placed ORDER BY position`,
    );
    assert.deepEqual(
      rows.map(({ position }) => Number(position)),
      rows.map((_, index) => index + 1),
    );
    return rows.map(({ user_id, version }) => `${user_id}/${version}`);
  }

  async snapshot(): Promise<string> {
    const { rows } = await this.#client.query('SELECT pg_current_snapshot()::text AS now');
    return String(rows[0]?.now);
  }

  async changedSince(snapshot: string): Promise<string[]> {
    const { rows } = await this.#client.query(
      'SELECT user_id, version FROM journal WHERE xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot) ORDER BY 1, 2',
      [snapshot],
    );
    return rows.map(({ user_id, version }) => `${user_id}/${version}`);
  }

  async end(): Promise<void> {
    await this.#client.end();
  }
}

async function withTablesOfBefore(body: (database: PostgresDatabase) => Promise<void>): Promise<void> {
  const database = await PostgresDatabase.create(server);
  try {
    await migrate(readAddress(database.url), undefined, OLD_MIGRATIONS);
    await body(database);
  } finally {
    await database.dispose();
  }
}

async function orderOf(store: Pick<PostgresStore, 'readJournal'>): Promise<string[]> {
  const entries = await store.readJournal({ after: 0, limit: 10_000 });
  assert.deepEqual(
    entries.map(({ position }) => position),
    entries.map((_, index) => index + 1),
  );
  return entries.map(({ userId, version }) => `${userId}/${version}`);
}

test('servers of both versions see each other’s entries, at once and in one order', () =>
  withTablesOfBefore(async (database) => {
    const old = await OldServer.connect(database);
    try {
      const [early] = [new Chain(900)];
      await old.append(early.next());
      assert.deepEqual(await old.order(), ['900/1']);
      const { byLanes } = await migrate(readAddress(database.url), undefined);
      assert.equal(byLanes, false, 'old servers may run on');
      const store = await database.open();
      const [a] = await registered(store, 1);
      assert.ok(a);
      const { cursor } = await store.changedSince(undefined);
      const snapshot = await old.snapshot();
      for (let round = 0; round < 4; round++) {
        await store.append([a.next()]);
        await old.append(early.next());
        // Each places what the other has committed.
        await (round % 2 === 0 ? old.order() : orderOf(store));
        await old.append(a.next());
      }
      assert.deepEqual(await orderOf(store), await old.order());
      assert.equal((await orderOf(store)).length, 14);
      const { users } = await store.changedSince(cursor);
      assert.ok(users !== 'all');
      assert.deepEqual(
        new Map(users.map(({ userId, version }) => [userId, version])),
        new Map([
          [900, 5],
          [a.userId, 9],
        ]),
      );
      assert.equal((await old.changedSince(snapshot)).length, 12);
      // An old server's long unit of work holds the order up, as it always did; nobody passes it.
      await old.begin(early.next());
      await store.append([a.next()]);
      await old.commit();
      assert.deepEqual(await orderOf(store), await old.order());
      assert.deepEqual((await orderOf(store)).slice(14), ['900/6', `${a.userId}/10`]);
      assert.deepEqual(
        await (await database.openReader())
          .verifyIntegrity()
          .then((found) => found.filter((line) => !line.includes('name'))),
        [],
      );
    } finally {
      await old.end();
    }
  }));

test('finishing gives what is committed its place in the old order, while a server works, and refuses old servers', () =>
  withTablesOfBefore(async (database) => {
    const address = readAddress(database.url);
    const old = await OldServer.connect(database);
    const early = new Chain(900);
    for (let entry = 0; entry < 20; entry++) await old.append(early.next());
    await migrate(address, undefined);
    const store = await database.open();
    const chains = await registered(store, 2);
    const sealed = await orderOf(store);
    const ids = chains.map(({ userId }) => userId);
    await assert.rejects(
      migrate(address, undefined, MIGRATIONS, { toLanes: true }),
      (error) =>
        error instanceof StartRefused &&
        /servers of a version before have 1 connections open/.test(error.message),
    );
    let running = true;
    let following = true;
    const work = chains.map(async (chain) => {
      while (running) assert.deepEqual(await store.append([chain.next()]), ['appended']);
    });
    const follow = (async () => {
      let seen: string[] = [];
      let { cursor } = await store.changedSince(undefined);
      const told = new Map<number, number>();
      for (let last = false; !last; ) {
        last = !following;
        const order = await orderOf(store);
        assert.deepEqual(order.slice(0, seen.length), seen, 'what had its place keeps it');
        seen = order;
        const changes = await store.changedSince(cursor);
        ({ cursor } = changes);
        const known = changes.users === 'all' ? await store.load(ids, Infinity) : changes.users;
        for (const user of known) if (user) told.set(user.userId, user.version);
      }
      return told;
    })();
    await old.end();
    const gone =
      "SELECT count(*) = 0 AS gone FROM pg_stat_activity WHERE application_name = 'sello' AND datname = current_database()";
    await until(async () => (await database.query(gone))[0]?.gone === true);
    const { byLanes } = await migrate(address, undefined, MIGRATIONS, { toLanes: true });
    assert.equal(byLanes, true);
    for (
      const before = chains.map(({ version }) => version);
      chains.some(({ version }, n) => version < (before[n] ?? 0) + 3);
    )
      await store.ping();
    running = false;
    await Promise.all(work);
    // One more look after the last commit.
    following = false;
    const told = await follow;
    for (const { userId, version } of chains) assert.equal(told.get(userId), version, 'news went on');
    const order = await orderOf(store);
    assert.deepEqual(order.slice(0, sealed.length), sealed);
    assert.equal(order.length, 20 + chains.reduce((sum, { version }) => sum + version, 0));
    for (const chain of chains) {
      const own = order.filter((entry) => entry.startsWith(`${chain.userId}/`));
      assert.deepEqual(
        own,
        Array.from({ length: chain.version }, (_, n) => `${chain.userId}/${n + 1}`),
      );
    }
    assert.deepEqual(await orderOf(await database.openReader()), order);
    assert.deepEqual(await orderOf(await database.open()), order);
    // A server of the version before that was forgotten, or comes back.
    const late = await OldServer.connect(database);
    await assert.rejects(late.append(early.next()), { code: '23514' });
    await late.end();
    const [row] = await database.query('SELECT compatible_from FROM sello.schema_version');
    assert.equal(row?.compatible_from, LANES_VERSION);
    assert.equal((await migrate(address, undefined, MIGRATIONS, { toLanes: true })).byLanes, true, 'again');
  }));

test('finishing that was interrupted is done by the next attempt', () =>
  withTablesOfBefore(async (database) => {
    const address = readAddress(database.url);
    await migrate(address, undefined);
    const store = await database.open();
    const [a] = await registered(store, 1);
    assert.ok(a);
    // As an index is left that could not be completed.
    await database.query('CREATE INDEX journal_by_lane ON sello.journal (lane, seq) WHERE lane IS NOT NULL');
    await database.query(
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sello.journal_by_lane'::regclass",
    );
    assert.equal((await migrate(address, undefined, MIGRATIONS, { toLanes: true })).byLanes, true);
    await store.append([a.next()]);
    assert.deepEqual(await orderOf(store), [`${a.userId}/1`, `${a.userId}/2`]);
    const indexes = await database.query(
      "SELECT c.relname AS name FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'sello.journal'::regclass AND indisvalid ORDER BY 1",
    );
    assert.deepEqual(
      indexes.map(({ name }) => name),
      ['journal_by_lane', 'journal_by_old_xid', 'journal_pkey'],
    );
  }));
