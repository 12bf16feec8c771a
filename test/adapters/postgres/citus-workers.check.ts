/*
 * Goal: on a coordinator and two workers the store does what it does on one server: tables with data are distributed, servers hear of
 * each other, each version is won once, and what a unit of work shows piece by piece is never taken for whole.
 * Method: three real servers; units of work that are prepared on a worker and not committed yet.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readAddress } from '../../../src/adapters/postgres/address.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { hashOf } from '../../../src/adapters/postgres/shards.ts';
import type { Store } from '../../../src/ports/store.ts';
import { type Chain, registered } from '../../contract/chain.ts';
import { addCitus, citusMissing, startCitus } from '../../services/citus.ts';
import type { PostgresServer } from '../../services/postgres.ts';
import { PostgresDatabase } from './database.ts';

const missing = citusMissing();

describe('Citus with two workers', { skip: missing ?? false }, () => {
  const servers: PostgresServer[] = [];
  after(async () => {
    for (const server of servers) await server.remove();
  });

  async function cluster(): Promise<PostgresDatabase> {
    while (servers.length < 3) servers.push(await startCitus({ fast: true }));
    const [coordinator, ...workers] = servers;
    assert.ok(coordinator);
    const database = await PostgresDatabase.create(coordinator);
    for (const worker of workers) {
      await worker.query(`CREATE ROLE ${database.name} LOGIN`);
      await worker.query(`CREATE DATABASE ${database.name} OWNER ${database.name}`);
      await worker.query('CREATE EXTENSION citus', database.name);
    }
    return database;
  }

  /** The server and the table in which a user's rows are. */
  async function shardOf(database: PostgresDatabase, table: string, user: number) {
    const [row] = await database.query(
      `SELECT nodeport, '${table}_' || shardid AS name FROM pg_dist_shard_placement
       WHERE shardid = get_shard_id_for_distribution_column('sello.${table}', ${user}::bigint)`,
    );
    const worker = servers.find(({ port }) => port === row?.nodeport);
    assert.ok(worker);
    return { worker, table: String(row?.name) };
  }

  const distribute = (database: PostgresDatabase) =>
    migrate(readAddress(database.url), undefined, undefined, { shards: true });

  async function distributed(): Promise<PostgresDatabase> {
    const database = await cluster();
    await addCitus(servers[0] as PostgresServer, database.name, servers.slice(1));
    await distribute(database);
    return database;
  }

  test('tables with data are distributed once, and only where Citus is ready and no server works', async () => {
    const database = await cluster();
    const [coordinator, ...workers] = servers as [PostgresServer, ...PostgresServer[]];
    const store = await database.open();
    const chains = await registered(store, 40);
    await store.readJournal({ after: 0, limit: 1 });
    await assert.rejects(distribute(database), /has no Citus: install it/);
    await coordinator.query('CREATE EXTENSION citus', database.name);
    await assert.rejects(distribute(database), /does not know its own address/);
    await coordinator.query(
      `SELECT citus_set_coordinator_host('127.0.0.1', ${coordinator.port})`,
      database.name,
    );
    await assert.rejects(distribute(database), /no node that holds shards/);
    for (const { port } of workers) await database.query(`SELECT citus_add_node('127.0.0.1', ${port})`);
    await assert.rejects(distribute(database), /servers have \d+ connections open/);
    await store.close();
    await database.query("SELECT create_distributed_table('sello.answers', 'key')");
    await assert.rejects(distribute(database), /were distributed in another way \(answers\)/);
    await database.query("SELECT undistribute_table('sello.answers')");

    assert.deepEqual((await distribute(database)).distributed, { shards: 4, nodes: 2, already: false });
    assert.deepEqual((await distribute(database)).distributed, { shards: 4, nodes: 2, already: true });
    const again = await database.open();
    assert.equal((await again.readJournal({ after: 0, limit: 100 })).length, 40);
    assert.deepEqual(await again.append(chains.map((chain) => chain.next())), Array(40).fill('appended'));
    const reader = await database.openReader();
    assert.equal((await reader.readJournal({ after: 0, limit: 100 })).length, 80);
    assert.deepEqual(await reader.verifyIntegrity(), []);
    assert.equal(
      (await reader.heads({ after: 0, limit: 99 })).every(
        ({ version, position }) => version === 2 && position <= 80,
      ),
      true,
    );
    await database.dispose();
  });

  test('users hash to the shards that Citus has them in', async () => {
    const database = await distributed();
    const users = [0, 1, 7, 4_711, 2 ** 31 - 1, 2 ** 31, 2 ** 40 + 5, 2 ** 53 - 1];
    for (const user of users) {
      const [row] = await database.query(
        `SELECT shardminvalue::int AS low, shardmaxvalue::int AS high FROM pg_dist_shard
         WHERE shardid = get_shard_id_for_distribution_column('sello.journal', ${user}::bigint)`,
      );
      const hash = hashOf(user);
      assert.ok(Number(row?.low) <= hash && hash <= Number(row?.high), `user ${user}`);
    }
    await database.dispose();
  });

  test('two servers race for each version: one wins, both hear of it, and every entry gets one place', async () => {
    const database = await distributed();
    const [one, two] = [await database.open(), await database.open()];
    const chains = await registered(one, 24);
    const start = await two.changedSince(undefined);
    for (let round = 0; round < 20; round++) {
      const rivals = chains.map((chain) => [chain.fork(), chain.fork()] as const);
      const calls = [one, two].map((store, side) =>
        store.append(rivals.map((pair) => (pair[side] as Chain).next({ detail: { round, side } }))),
      );
      const [first, second] = await Promise.all(calls);
      rivals.forEach((pair, index) => {
        const won = [first?.[index], second?.[index]].map((outcome) => outcome === 'appended');
        assert.equal(won.filter(Boolean).length, 1, 'more or less than one won');
        const winner = pair[won[0] ? 0 : 1];
        Object.assign(chains[index] as Chain, { version: winner.version, hash: winner.hash });
      });
    }
    const { users } = await two.changedSince(start.cursor);
    assert.ok(users !== 'all');
    assert.deepEqual(new Set(users.map(({ version }) => version)), new Set([21]));
    assert.equal(users.length, 24);
    const entries = await one.readJournal({ after: 0, limit: 1_000 });
    assert.deepEqual(
      entries.map(({ position }) => position),
      Array.from({ length: 24 * 21 }, (_, index) => index + 1),
    );
    for (const { userId } of chains)
      assert.deepEqual(
        entries.filter((entry) => entry.userId === userId).map(({ version }) => version),
        Array.from({ length: 21 }, (_, index) => index + 1),
      );
    await database.dispose();
  });

  test('a unit of work that a worker has prepared and not committed holds up its lane alone, and gets its place when it is', async () => {
    const database = await distributed();
    const store = await database.open();
    const [a] = await registered(store, 1);
    assert.ok(a);
    await placed(store);
    const start = await store.changedSince(undefined);
    const { worker, table } = await shardOf(database, 'journal', a.userId);
    await database.query('INSERT INTO sello.lanes VALUES (7, 0, 0, 0, false)');
    const row = (version: number, seq: number) =>
      `INSERT INTO sello.${table} (user_id, version, ordinal, at, type, hash, state, body, lane, seq)
       VALUES (${a.userId}, ${version}, 0, 5000, 'login.accepted', decode(repeat('0${version}', 32), 'hex'), '{}', '{}', 7, ${seq})`;
    // As when the worker has not heard of the coordinator's decision yet.
    const direct = 'SET citus.enable_manual_changes_to_shards = on';
    await worker.query(`${direct}; BEGIN; ${row(2, 1)}; PREPARE TRANSACTION 'half'`, database.name);
    await worker.query(`${direct}; ${row(3, 2)}`, database.name);
    const [b] = await registered(store, 1);
    assert.ok(b);
    assert.deepEqual(await placed(store), [
      [a.userId, 1],
      [b.userId, 1],
    ]);
    const news = await store.changedSince(start.cursor);
    assert.ok(
      news.users !== 'all' && news.users.some(({ userId, version }) => userId === a.userId && version === 3),
    );
    await worker.query("COMMIT PREPARED 'half'", database.name);
    assert.deepEqual(await placed(store), [
      [a.userId, 1],
      [b.userId, 1],
      [a.userId, 2],
      [a.userId, 3],
    ]);
    await database.dispose();
  });

  test('an inbox ends before a message that its sender’s shard does not show yet', async () => {
    const database = await distributed();
    const store = await database.open();
    const [sender, recipient] = await registered(store, 2);
    assert.ok(sender && recipient);
    const { worker, table } = await shardOf(database, 'messages', sender.userId);
    const message = (id: string) =>
      `(user_id, message_id, jti, digest, bytes, parts, sent_at, expires_at)
       VALUES (${sender.userId}, '${id}', 'jti ${id}', repeat('0', 64), 5, 1, 1000, 9000)`;
    for (const id of ['1', '2', '3']) {
      await database.query(
        `INSERT INTO sello.inbox VALUES (${recipient.userId}, '${id}', ${sender.userId}, 5, 1000, 9000, 0, '')`,
      );
      if (id !== '2') await database.query(`INSERT INTO sello.messages ${message(id)}`);
    }
    const direct = 'SET citus.enable_manual_changes_to_shards = on';
    const second = `INSERT INTO sello.${table} ${message('2')}`;
    await worker.query(`${direct}; BEGIN; ${second}; PREPARE TRANSACTION 'half of a message'`, database.name);
    const listed = async () =>
      (await store.listInbox({ userId: recipient.userId, after: '', at: 2_000, limit: 9 })).map(
        ({ messageId }) => messageId,
      );
    assert.deepEqual(await listed(), ['1']);
    await worker.query("COMMIT PREPARED 'half of a message'", database.name);
    assert.deepEqual(await listed(), ['1', '2', '3']);
    await database.dispose();
  });
});

async function placed(store: Store): Promise<(readonly [number, number])[]> {
  const entries = await store.readJournal({ after: 0, limit: 100 });
  return entries.map(({ userId, version }) => [userId, version] as const);
}
