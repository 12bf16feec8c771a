/*
 * Goal: the journal's order holds where a process is paused between decision and commit, where the outcome of its COMMIT is
 * unknown, where it is dead or returns after its lane was given up, and where a unit of work becomes visible late.
 * Method: the real store beside another server's units of work, which are held open, left out and committed by hand.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresStore } from '../../../src/adapters/postgres/store.ts';
import type { Changes, Decision } from '../../../src/ports/store.ts';
import { type Chain, registered } from '../../contract/chain.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { PostgresProxy } from '../../services/postgres-proxy.ts';
import { until } from '../../waiting.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

const OPEN_LANE = 'INSERT INTO sello.lanes VALUES ($1, 0, 0, $2, false) ON CONFLICT DO NOTHING';
const ENTRY = `INSERT INTO sello.journal (user_id, version, ordinal, at, type, hash, state, body, lane, seq)
  VALUES ($1, $2, 0, $3, $4, decode($5, 'hex'), $6, $7, $8, $9)`;

/** Another server, which commits by hand. */
class OtherServer {
  readonly #client: pg.Client;
  readonly #lane: number;

  constructor(client: pg.Client, lane: number) {
    this.#client = client;
    this.#lane = lane;
  }

  /** Leaves the unit of work open. */
  async begin(seq: number, { entry }: Decision): Promise<void> {
    await this.#client.query('BEGIN');
    await this.#client.query(OPEN_LANE, [this.#lane, Date.now()]);
    const { userId, version, at, type, hash, state, body } = entry;
    await this.#client.query(ENTRY, [userId, version, at, type, hash, state, body, this.#lane, seq]);
  }

  async commit(): Promise<void> {
    await this.#client.query('COMMIT');
  }

  async append(seq: number, decision: Decision): Promise<void> {
    await this.begin(seq, decision);
    await this.commit();
  }
}

interface Parts {
  readonly database: PostgresDatabase;
  readonly store: PostgresStore;
  readonly other: (lane: number) => Promise<OtherServer>;
}

async function withOthers(body: (parts: Parts) => Promise<void>): Promise<void> {
  const database = await PostgresDatabase.create(server);
  const clients: pg.Client[] = [];
  try {
    const store = await database.open();
    const other = async (lane: number) => {
      const client = new pg.Client({ connectionString: database.url });
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      return new OtherServer(client, lane);
    };
    await body({ database, store, other });
  } finally {
    for (const client of clients) await client.end();
    await database.dispose();
  }
}

/** The journal's entries as `user/version`, in its order. */
async function orderOf(store: Pick<PostgresStore, 'readJournal'>): Promise<string[]> {
  const entries = await store.readJournal({ after: 0, limit: 1_000 });
  assert.deepEqual(
    entries.map(({ position }) => position),
    entries.map((_, index) => index + 1),
  );
  return entries.map(({ userId, version }) => `${userId}/${version}`);
}

const name = ({ userId }: Chain, version: number) => `${userId}/${version}`;

function told({ users }: Changes): string[] {
  assert.ok(users !== 'all');
  return users.map(({ userId, version }) => `${userId}/${version}`).sort();
}

async function lanesOf(database: PostgresDatabase, { userId }: Chain): Promise<string[]> {
  const rows = await database.query(
    'SELECT lane, seq FROM sello.journal WHERE user_id = $1 ORDER BY version',
    [userId],
  );
  return rows.map(({ lane, seq }) => `${lane}/${seq}`);
}

test('a process that is paused between decision and commit holds up nobody, and gets the next places when it commits', () =>
  withOthers(async ({ store, other, database }) => {
    const [a, b] = await registered(store, 2);
    assert.ok(a && b);
    const paused = await other(77);
    await paused.begin(1, a.next());
    let { cursor } = await store.changedSince(undefined);
    for (let round = 0; round < 3; round++) {
      await store.append([b.next()]);
      const changes = await store.changedSince(cursor);
      assert.deepEqual(told(changes), [name(b, b.version)]);
      ({ cursor } = changes);
    }
    const before = await orderOf(store);
    assert.deepEqual(before, [name(a, 1), name(b, 1), name(b, 2), name(b, 3), name(b, 4)]);
    await paused.commit();
    assert.deepEqual(told(await store.changedSince(cursor)), [name(a, 2)]);
    assert.deepEqual(await orderOf(store), [...before, name(a, 2)]);
    assert.deepEqual(await (await database.openReader()).verifyIntegrity(), []);
  }));

test('after a COMMIT without an answer the process goes on in another lane, and what comes late in the first gets its place', () =>
  withOthers(async ({ database, store }) => {
    const proxy = await PostgresProxy.start(server.port);
    try {
      const behind = await database.open({
        url: database.url.replace(`:${server.port}/`, `:${proxy.port}/`),
      });
      const [a, b] = await registered(behind, 2);
      assert.ok(a && b);
      proxy.next('late');
      const appending = behind.append([a.next()]);
      await until(() => proxy.cuts > 0);
      // Meanwhile the same process decides about others, without waiting for what is in doubt.
      await behind.append([b.next()]);
      await behind.append([b.next()]);
      proxy.release();
      assert.deepEqual(await appending, ['appended']);
      await behind.append([a.next()]);
      const inDoubt = await lanesOf(database, a);
      const others = await lanesOf(database, b);
      assert.equal(inDoubt[0], others[0], 'one unit of work');
      assert.notEqual(
        inDoubt[1]?.split('/')[0],
        others[1]?.split('/')[0],
        'nothing follows a COMMIT in doubt',
      );
      assert.notEqual(
        inDoubt[1]?.split('/')[0],
        inDoubt[2]?.split('/')[0],
        'nothing follows a COMMIT in doubt',
      );
      assert.deepEqual(
        (await orderOf(store)).sort(),
        [1, 2, 3].flatMap((n) => [name(a, n), name(b, n)]).sort(),
      );
    } finally {
      await proxy.stop();
    }
  }));

test('a lane is not gone on with after the database server was lost', () =>
  withOthers(async ({ database, store }) => {
    const [a] = await registered(store, 1);
    assert.ok(a);
    await store.append([a.next()]);
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sello%'",
    );
    await until(
      async () =>
        (await store.ping().then(
          () => true,
          () => false,
        )) === true,
    );
    await store.append([a.next()]);
    const [first, second, third] = await lanesOf(database, a);
    assert.equal(second, `${first?.split('/')[0]}/2`, 'one lane, numbered on');
    assert.notEqual(third?.split('/')[0], first?.split('/')[0]);
    assert.match(String(third), /\/1$/);
  }));

test('a unit of work that is visible before the one before it waits for it, with what stands on it; its news do not wait', () =>
  withOthers(async ({ store, other }) => {
    const [a, b, c] = await registered(store, 3);
    assert.ok(a && b && c);
    const sharded = await other(78);
    let { cursor } = await store.changedSince(undefined);
    const first = a.next();
    await sharded.append(2, b.next());
    // Another server has read that, and decides on.
    await store.append([b.next(), c.next()]);
    for (let round = 0; round < 2; round++) {
      const changes = await store.changedSince(cursor);
      assert.ok(
        told(changes).includes(name(b, round === 0 ? 3 : 2)),
        'told, and told again until the gap is closed',
      );
      ({ cursor } = changes);
    }
    const [, , , ...waiting] = await orderOf(store);
    assert.deepEqual(waiting, [], 'what stands on it waits');
    await sharded.append(1, first);
    const [, , , ...order] = await orderOf(store);
    assert.deepEqual(order.slice(0, 2), [name(a, 2), name(b, 2)]);
    assert.deepEqual(order.slice(2).sort(), [name(b, 3), name(c, 2)].sort());
    assert.ok(told(await store.changedSince(cursor)).includes(name(a, 2)));
  }));

test('a dead process leaves a quiet lane; what it commits when it returns is found, and told', () =>
  withOthers(async ({ database, store, other }) => {
    const [a, b] = await registered(store, 2);
    assert.ok(a && b);
    const dead = await other(79);
    await dead.append(1, a.next());
    await orderOf(store);
    const isQuiet = async () =>
      (await database.query('SELECT quiet FROM sello.lanes WHERE lane = 79'))[0]?.quiet === true;
    await store.lookAtLanes({ all: false });
    assert.equal(await isQuiet(), false, 'it was written in a moment ago');
    await delay(5);
    await store.lookAtLanes({ all: false, quietMs: 1 });
    assert.equal(await isQuiet(), true);
    // This server's own lane too, which it would not use again by then.
    await database.query('UPDATE sello.lanes SET quiet = false WHERE lane > 0 AND lane <> 79');
    let { cursor } = await store.changedSince(undefined);
    await dead.append(2, a.next());
    await store.append([b.next()]);
    assert.deepEqual((await orderOf(store)).at(-1), name(b, 2), 'nobody looks there');
    await store.lookAtLanes({ all: false });
    assert.equal(await isQuiet(), false);
    assert.deepEqual((await orderOf(store)).at(-1), name(a, 3));
    const changes = await store.changedSince(cursor);
    assert.ok(told(changes).includes(name(a, 3)));
    ({ cursor } = changes);
    assert.deepEqual(told(await store.changedSince(cursor)), []);
  }));

test('an entry that stands on one in a quiet lane is not placed before it, and does not wait for a look at the lane', () =>
  withOthers(async ({ database, store, other }) => {
    const [a, b] = await registered(store, 2);
    assert.ok(a && b);
    const dead = await other(80);
    await dead.append(1, a.next());
    await orderOf(store);
    await database.query('UPDATE sello.lanes SET quiet = true WHERE lane = 80');
    await dead.append(2, a.next());
    await store.append([a.next(), b.next()]);
    const order = await orderOf(store);
    assert.deepEqual(order.slice(2, 4), [name(a, 2), name(a, 3)]);
    assert.deepEqual(order.slice(4).sort(), [name(a, 4), name(b, 2)].sort());
  }));
