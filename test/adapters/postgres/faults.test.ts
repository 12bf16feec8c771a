/*
 * Goal: whatever happens to the database, callers get an answer within a bound, nothing is half done, and the store
 * recovers by itself when a server takes writes again.
 * Method: a primary with a synchronous standby, which is stopped, hung or promoted; other clients hold locks and use up
 * connections.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { openPostgresStore, type PostgresStore } from '../../../src/adapters/postgres/store.ts';
import { StartRefused, StoreUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { Store } from '../../../src/ports/store.ts';
import { Chain, registered, token } from '../../contract/chain.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { PostgresProxy } from '../../services/postgres-proxy.ts';
import { until } from '../../waiting.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

/** What a caller waits at most, with what a busy machine may add. */
const BOUND_MS = LIMITS.storeAnswerTimeMs + LIMITS.storeQueryTimeMs + 8_000;
/** Shorter than in production, and as long in proportion: what they do is the same. */
const TIMES = { waitMs: 1_000, answerMs: 1_500, queryMs: 600, statementMs: 400 };

async function withDatabase(body: (database: PostgresDatabase) => Promise<void>): Promise<void> {
  const database = await PostgresDatabase.create(server);
  try {
    await body(database);
  } finally {
    await database.dispose();
  }
}

async function oneOf(store: Store): Promise<Chain> {
  const [chain] = await registered(store, 1);
  assert.ok(chain);
  return chain;
}

function recordingLog(): {
  said: string[];
  log: { info(f: object, m: string): void; warn(f: object, m: string): void };
} {
  const said: string[] = [];
  const say = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`);
  return { said, log: { info: say, warn: say } };
}

/** Somebody else's connection, in the middle of a unit of work. */
async function another(database: PostgresDatabase, sql: string): Promise<{ end(): Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query(sql);
  return { end: () => client.end() };
}

/** @returns how long it took to say that it cannot be done now */
async function heldUp(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await assert.rejects(call(), StoreUnavailable);
  return performance.now() - startedAt;
}

describe('PostgreSQL: fail-over', () => {
  test('the primary dies and its standby takes over: decisions wait and go on there, none lost, none doubled', async () => {
    const primary = await PostgresServer.start({
      settings: { synchronous_standby_names: '*', synchronous_commit: 'local' },
    });
    let standby: PostgresServer | undefined;
    let store: PostgresStore | undefined;
    try {
      standby = await PostgresServer.startStandby(primary);
      const { name, owner, url } = await primary.createDatabase();
      await primary.query('ALTER SYSTEM SET synchronous_commit = on');
      await primary.query('SELECT pg_reload_conf()');
      const { said, log } = recordingLog();
      const both = url.replace(`:${primary.port}/`, `:${primary.port},127.0.0.1:${standby.port}/`);
      const password = new URL(url).password;
      store = await openPostgresStore({ url: both, log, connectionsMax: 4 });
      await assert.rejects(
        openPostgresStore({ url: standby.url(name, owner, password) }),
        (error) => error instanceof StartRefused && /is a standby, which takes no writes/.test(error.message),
      );
      const chains = await registered(store, 8);
      const told = new Map(chains.map((chain) => [chain.userId, 1]));
      let running = true;
      let longestMs = 0;
      const writers = chains.map(async (chain) => {
        while (running) {
          const decision = chain.fork().next();
          const startedAt = performance.now();
          const [outcome] = await (store as PostgresStore).append([decision]).catch((error: unknown) => {
            assert.ok(error instanceof StoreUnavailable, String(error));
            return ['unknown' as const];
          });
          longestMs = Math.max(longestMs, performance.now() - startedAt);
          const [record] = await readAgain(store as PostgresStore, chain);
          if (outcome === 'appended') {
            told.set(chain.userId, decision.entry.version);
            assert.ok((record?.version ?? 0) >= decision.entry.version, 'an acknowledged decision is lost');
          } else if (outcome === 'superseded') assert.fail('nobody else decides about this user');
          Object.assign(chain, { version: record?.version, hash: record?.hash });
        }
      });
      await delay(200);
      await primary.stop('immediate');
      await standby.promote();
      await standby.query("ALTER SYSTEM SET synchronous_standby_names = ''");
      await standby.query('SELECT pg_reload_conf()');
      // Each of them goes on there.
      const promoted = new Map(told);
      await until(() => chains.every(({ userId }) => told.get(userId) !== promoted.get(userId)));
      running = false;
      await Promise.all(writers);
      assert.ok(longestMs < BOUND_MS, `${longestMs} ms`);
      for (const chain of chains) {
        const entries = await store.readUserJournal(chain.userId, { below: Infinity, limit: 10_000 });
        assert.equal(entries.length, entries[0]?.version);
        assert.ok((entries[0]?.version ?? 0) >= (told.get(chain.userId) ?? 0));
      }
      const all = await store.readJournal({ after: 0, limit: 100_000 });
      assert.deepEqual(
        all.map(({ position }) => position),
        all.map((_, index) => index + 1),
      );
      const text = said.join('\n');
      assert.match(text, /the database is lost: looking for the server that takes writes/);
      assert.match(text, new RegExp(`the database answers again .*127\\.0\\.0\\.1:${standby.port}`));
      assert.doesNotMatch(text, new RegExp(password));
    } finally {
      await store?.close();
      await standby?.remove();
      await primary.remove();
    }
  });

  test('a standby that was behind took over: what stood on lost entries is superseded, and leaves no gap', () =>
    withDatabase(async (database) => {
      const store = await database.open();
      const chain = await oneOf(store);
      await store.append([chain.next()]);
      const rival = chain.fork();
      await store.append([chain.next()]);
      // As a server that has fewer entries would be: the last one never came to it.
      await server.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        'postgres',
        [database.name],
      );
      await database.query(`DELETE FROM sello.journal WHERE user_id = ${chain.userId} AND version = 3`);
      assert.deepEqual(await store.append([chain.next()]), ['superseded']);
      assert.deepEqual(await store.append([rival.next()]), ['appended']);
    }));
});

async function readAgain(store: Store, { userId }: Chain): ReturnType<Store['load']> {
  for (;;) {
    try {
      return await store.load([userId], 0);
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable, String(error));
    }
  }
}

interface BehindProxy {
  readonly proxy: PostgresProxy;
  /** Goes past the proxy. */
  readonly direct: PostgresStore;
  readonly store: PostgresStore;
}

function behindProxy(run: (parts: BehindProxy) => Promise<void>): Promise<void> {
  return withDatabase(async (database) => {
    const proxy = await PostgresProxy.start(server.port);
    const direct = await database.open();
    const store = await database.open({
      url: database.url.replace(`:${server.port}/`, `:${proxy.port}/`),
      times: TIMES,
    });
    try {
      await run({ proxy, direct, store });
    } finally {
      await proxy.stop();
    }
  });
}

describe('PostgreSQL: no server', () => {
  test('callers get an error within a bound, then at once, naming the cause; it recovers by itself', () =>
    withDatabase(async (database) => {
      const { said, log } = recordingLog();
      const store = await database.open({ log, times: TIMES });
      const chain = await oneOf(store);
      await server.stop('immediate');
      try {
        const firstMs = await heldUp(() => store.append([chain.fork().next()]));
        assert.ok(firstMs < BOUND_MS, `${firstMs} ms`);
        const calls = [() => store.ping(), () => store.load([chain.userId], 0), () => store.findUser('x')];
        for (const call of calls) {
          const ms = await heldUp(call);
          assert.ok(ms < TIMES.waitMs, `no second wait: ${ms} ms`);
        }
        assert.match(
          said.join('\n'),
          /waiting for a database server that takes writes .*nobody listens there/,
        );
      } finally {
        await server.run();
      }
      await readAgain(store, chain);
      assert.match(said.join('\n'), /the database answers again/);
      await store.ping();
      assert.deepEqual(await store.append([chain.next()]), ['appended']);
    }));

  test('the outcome of a COMMIT that no server can tell is reported as unknown, and is determined later', () =>
    behindProxy(async ({ proxy, direct, store }) => {
      const chain = await oneOf(direct);
      proxy.next('answer_lost');
      proxy.refuseAfterCut = true;
      await assert.rejects(
        store.append([chain.next()]),
        (error) => error instanceof StoreUnavailable && /^the outcome is unknown: /.test(error.message),
      );
      assert.equal((await direct.load([chain.userId], 0))[0]?.version, 2, 'it was done');
      proxy.refuseAfterCut = false;
      const record = await readAgain(store, chain);
      assert.equal(record[0]?.hash, chain.hash);
    }));

  test('a server that hangs is given up within the bound', () =>
    behindProxy(async ({ proxy, direct, store }) => {
      const chain = await oneOf(direct);
      proxy.hang();
      const ms = await heldUp(() => store.append([chain.next()]));
      assert.ok(ms < BOUND_MS, `${ms} ms`);
    }));
});

describe('PostgreSQL: others are in the way', () => {
  test('a full pool: callers wait in line and get an error when it takes too long; decisions go first', () =>
    withDatabase(async (database) => {
      const store = await database.open({ connectionsMax: 2 });
      const [a, b, c] = await registered(store, 3);
      assert.ok(a && b && c);
      // Two units of work wait for rows that somebody else holds: both connections are in use.
      const holder = await another(
        database,
        `INSERT INTO sello.journal SELECT user_id, 2, 0, 0, null, 'x', null, hash, '{}', '{}', 1, 1 FROM sello.journal WHERE user_id IN (${a.userId}, ${b.userId})`,
      );
      const stuck = [store.append([a.fork().next()]), store.append([b.fork().next()])];
      const reading = store.load([c.userId], 0);
      const deciding = store.append([c.next()]);
      assert.equal(store.connections.open, 2);
      await holder.end();
      assert.deepEqual(await Promise.all(stuck), [['appended'], ['appended']]);
      assert.deepEqual(await deciding, ['appended']);
      assert.equal((await reading)[0]?.version, 2, 'the decision was before the read');
      assert.deepEqual(store.connections, { open: 2, waiting: 0 });
    }));

  test('the server accepts no more connections: this is reported, and open connections continue', () =>
    withDatabase(async (database) => {
      await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 2`);
      const store = await database.open({ connectionsMax: 8 });
      const chains = await registered(store, 20);
      const outcomes = await Promise.all(chains.map((chain) => store.append([chain.next()])));
      assert.deepEqual(new Set(outcomes.flat()), new Set(['appended']));
    }));

  test('a row that stays locked: the statement is given up with StoreUnavailable within the bound', () =>
    withDatabase(async (database) => {
      const store = await database.open({ times: TIMES });
      const [a, b] = await registered(store, 2);
      assert.ok(a && b);
      const holder = await another(
        database,
        `INSERT INTO sello.journal SELECT user_id, 2, 0, 0, null, 'x', null, hash, '{}', '{}', 1, 1 FROM sello.journal WHERE user_id = ${a.userId}`,
      );
      const ms = await heldUp(() => store.append([a.fork().next(), b.fork().next()]));
      assert.ok(ms >= TIMES.statementMs && ms < BOUND_MS, `${ms} ms`);
      await holder.end();
      assert.equal((await store.load([b.userId], 0))[0]?.version, 1, 'nothing of it stays');
      assert.deepEqual(await store.append([a.next(), b.next()]), ['appended', 'appended']);
    }));

  test('a deadlock between two servers is resolved, and both go on', () =>
    withDatabase(async (database) => {
      const [one, other] = [await database.open(), await database.open()];
      for (let round = 0; round < 3; round++) {
        const ids = await one.allocateUserIds(4);
        const [a, b, c, d] = ids;
        assert.ok(a && b && c && d);
        const names = [`first ${round}`, `second ${round}`] as const;
        // Two names in opposite order: names are not in the order of users.
        const outcomes = await Promise.all([
          one.append([new Chain(a, names[0]).registration(), new Chain(b, names[1]).registration()]),
          other.append([new Chain(c, names[1]).registration(), new Chain(d, names[0]).registration()]),
        ]);
        assert.equal(outcomes.flat().filter((outcome) => outcome === 'appended').length, 2, String(outcomes));
        for (const name of names) assert.ok(ids.includes((await one.findUser(name))?.userId ?? 0));
      }
    }));

  test('a serialisation failure is tried again', () =>
    withDatabase(async (database) => {
      await database.query(`ALTER ROLE ${database.name} SET default_transaction_isolation = 'serializable'`);
      const stores = await Promise.all([database.open(), database.open()]);
      const chains = await registered(stores[0] as Store, 4);
      await Promise.all(
        stores.map(async (store) => {
          for (let round = 0; round < 20; round++) {
            const [outcome] = await store.append(
              chains.slice(0, 1).map((chain) => chain.fork().next({ detail: { round } })),
            );
            assert.ok(outcome === 'appended' || outcome === 'superseded');
          }
        }),
      );
      assert.equal((await stores[0]?.load([chains[0]?.userId ?? 0], 0))?.[0]?.version, 2);
    }));

  test('a terminated backend loses no decision', () =>
    withDatabase(async (database) => {
      const store = await database.open();
      const chains = await registered(store, 8);
      let running = true;
      const writers = chains.map(async (chain) => {
        while (running) assert.deepEqual(await store.append([chain.next()]), ['appended']);
      });
      for (let kill = 0; kill < 5; kill++) {
        await delay(40);
        await server.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
          'postgres',
          [database.name],
        );
      }
      running = false;
      await Promise.all(writers);
      for (const chain of chains) assert.equal((await store.load([chain.userId], 0))[0]?.hash, chain.hash);
    }));

  test('labels with a character that PostgreSQL cannot store break nothing', () =>
    withDatabase(async (database) => {
      const store = await database.open();
      const [a, b] = await registered(store, 2);
      assert.ok(a && b);
      const row = { kind: 'token.insert', token: token(a.userId, 't', { label: 'a\0b' }) } as const;
      assert.deepEqual(await store.append([a.next({ rows: [row] }), b.next()]), ['appended', 'appended']);
      assert.equal((await store.load([a.userId], 0))[0]?.tokens[0]?.label, 'a\ufffdb');
      assert.equal(await store.findUser('a\0b'), undefined);
      assert.deepEqual(await store.listUsers({ after: 0, limit: 9, search: '\0' }), []);
      assert.deepEqual(await store.findIdempotencyRecords([{ userId: a.userId, key: '\0' }]), [undefined]);
    }));
});
