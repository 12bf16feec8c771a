/*
 * Goal: `changedSince` reports every entry that any server committed, once, however long its unit of work ran; when it
 * cannot know, it says so.
 * Method: the real store beside units of work that are held open; a lost database server; more users than it lists.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { LIMITS } from '../../../src/limits.ts';
import type { Changes } from '../../../src/ports/store.ts';
import { registered } from '../../contract/chain.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

/** Of another server: in a lane of its own, as its next unit of work. */
const ENTRY = `WITH opened AS (INSERT INTO sello.lanes VALUES (7, 0, 0, 0, false) ON CONFLICT DO NOTHING)
  INSERT INTO sello.journal (user_id, version, ordinal, at, type, hash, state, body, lane, seq)
  SELECT n, $2, 1, 1, 'login.accepted', decode(repeat('00', 32), 'hex'), '{}', '{}', 7,
    (SELECT coalesce(max(seq), 0) + 1 FROM sello.journal WHERE lane = 7)
  FROM generate_series($1::int, $3::int) n`;

async function withDatabase(run: (database: PostgresDatabase) => Promise<void>): Promise<void> {
  const database = await PostgresDatabase.create(server);
  try {
    await run(database);
  } finally {
    await database.dispose();
  }
}

function named({ users }: Changes): Map<number, number> {
  assert.ok(users !== 'all');
  return new Map(users.map(({ userId, version }) => [userId, version]));
}

test('each entry once, by whichever server', () =>
  withDatabase(async (database) => {
    const [one, two] = [await database.open(), await database.open()];
    const first = await two.changedSince(undefined);
    assert.deepEqual(first.users, [], 'without a cursor nobody');
    const [alice, bob] = await registered(one, 2);
    assert.ok(alice && bob);
    const second = await two.changedSince(first.cursor);
    assert.deepEqual(
      named(second),
      new Map([
        [alice.userId, 1],
        [bob.userId, 1],
      ]),
    );
    await one.append([alice.next(), alice.next()]);
    await two.append([bob.next()]);
    const third = await two.changedSince(second.cursor);
    assert.deepEqual(
      named(third),
      new Map([
        [alice.userId, 3],
        [bob.userId, 2],
      ]),
    );
    assert.deepEqual((await two.changedSince(third.cursor)).users, []);
  }));

test('a long unit of work is reported when it commits, and later ones that committed earlier before it', () =>
  withDatabase(async (database) => {
    const store = await database.open();
    const slow = new pg.Client({ connectionString: database.url });
    await slow.connect();
    try {
      let { cursor } = await store.changedSince(undefined);
      const [alice] = await registered(store, 1);
      assert.ok(alice);
      await slow.query('BEGIN');
      await slow.query(ENTRY, [900_001, 1, 900_001]);
      for (let round = 0; round < 3; round++) {
        await store.append([alice.next()]);
        const changes = await store.changedSince(cursor);
        assert.deepEqual(
          named(changes),
          new Map([[alice.userId, alice.version]]),
          'not waited for, not told twice',
        );
        ({ cursor } = changes);
      }
      await slow.query('COMMIT');
      const late = await store.changedSince(cursor);
      assert.deepEqual(named(late), new Map([[900_001, 1]]));
      await slow.query('BEGIN');
      await slow.query(ENTRY, [900_002, 1, 900_002]);
      await slow.query('ROLLBACK');
      assert.deepEqual((await store.changedSince(late.cursor)).users, [], 'what was given up never was');
    } finally {
      await slow.end();
    }
  }));

test('everyone, where they are too many to name or the server was lost in between', () =>
  withDatabase(async (database) => {
    const store = await database.open();
    const { cursor } = await store.changedSince(undefined);
    await database.query('SET synchronous_commit = off');
    await database.query(ENTRY, [1_000_000, 1, 1_000_000 + LIMITS.changedEntriesMax]);
    const many = await store.changedSince(cursor);
    assert.equal(many.users, 'all');
    assert.deepEqual((await store.changedSince(many.cursor)).users, []);
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sello%'",
    );
    let found: Changes | undefined;
    for (let attempt = 0; attempt < 50 && !found; attempt++) {
      found = await store.changedSince(many.cursor).catch(() => undefined);
    }
    assert.equal(found?.users, 'all', 'another server may have had less, or more');
    assert.deepEqual((await store.changedSince('nonsense')).users, 'all');
  }));
