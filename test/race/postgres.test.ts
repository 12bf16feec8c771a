/*
 * Goal: the races that SQLite's guard wins in one process are won by PostgreSQL's primary key among several servers.
 * Method: two stores, each with its own connections, as two servers have them, and callers that use either; a mutation of
 * the tables shows that the races would notice.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { AppendOutcome, Store } from '../../src/ports/store.ts';
import { PostgresDatabase } from '../adapters/postgres/database.ts';
import { answer, Chain, registered, session } from '../contract/chain.ts';
import { PostgresServer } from '../services/postgres.ts';

const ROUNDS = 100;
const CALLERS = 24;

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

async function withStores(
  body: (stores: readonly [Store, Store], database: PostgresDatabase) => Promise<void>,
  spoil = '',
) {
  const database = await PostgresDatabase.create(server);
  try {
    const stores = [await database.open(), await database.open()] as const;
    if (spoil !== '') await database.query(spoil);
    await body(stores, database);
  } finally {
    await database.dispose();
  }
}

function assertOneWon(outcomes: readonly (AppendOutcome | undefined)[], lost: AppendOutcome): number {
  assert.equal(outcomes.filter((outcome) => outcome === 'appended').length, 1, 'more or less than one won');
  assert.equal(outcomes.filter((outcome) => outcome === lost).length, outcomes.length - 1);
  return outcomes.indexOf('appended');
}

const storeOf = (stores: readonly [Store, Store], caller: number): Store => stores[caller % 2] as Store;

/** Callers who all decided on the same entry: each spends the same code, challenge or last attempt, in its own way. */
async function raceForVersion(stores: readonly [Store, Store], chain: Chain): Promise<void> {
  const rivals = Array.from({ length: CALLERS }, (_, caller) => {
    const rival = chain.fork();
    return { rival, decision: rival.next({ detail: { caller } }) };
  });
  const outcomes = await Promise.all(
    rivals.map(async ({ decision }, caller) => (await storeOf(stores, caller).append([decision]))[0]),
  );
  const winner = rivals[assertOneWon(outcomes, 'superseded')]?.rival;
  const [record] = await stores[0].load([chain.userId], 0);
  assert.deepEqual([record?.version, record?.hash], [chain.version + 1, winner?.hash]);
  Object.assign(chain, { version: winner?.version, hash: winner?.hash });
}

/** Callers who count in the user's state: each loads, decides, appends, and begins again when another was first. */
async function countTogether(
  stores: readonly [Store, Store],
  userId: number,
  callers: number,
): Promise<void> {
  const count = async (caller: number) => {
    const store = storeOf(stores, caller);
    for (;;) {
      const [record] = await store.load([userId], 0);
      assert.ok(record);
      const chain = Object.assign(new Chain(userId), { version: record.version, hash: record.hash });
      const counted = record.state === '{}' ? 0 : Number(JSON.parse(record.state).count);
      const [outcome] = await store.append([chain.next({ state: JSON.stringify({ count: counted + 1 }) })]);
      if (outcome === 'appended') return;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => count(caller)));
  const [record] = await stores[1].load([userId], 0);
  assert.equal(JSON.parse(record?.state ?? '{}').count, callers, 'a count was lost');
  assert.equal(record?.version, callers + 1);
}

/** Batches of many users from both servers at once, each with some of the other's: whoever loses decides again. */
async function batchTogether(
  stores: readonly [Store, Store],
  chains: readonly Chain[],
  rounds: number,
): Promise<number> {
  let superseded = 0;
  const work = async (store: Store, mine: number) => {
    const heads = new Map(chains.map(({ userId, version, hash }) => [userId, { version, hash }]));
    for (let round = 0; round < rounds; round++) {
      const order = mine === 0 ? chains : chains.toReversed();
      const made = order.flatMap(({ userId }) => {
        const chain = Object.assign(new Chain(userId), heads.get(userId));
        const first = chain.next({ detail: { mine, round } });
        const key = `${mine}/${round}`;
        // Now and then with a row beside it, now and then two versions together.
        if (userId % 5 === 0)
          return [
            { chain, decision: first },
            { chain, decision: chain.next({ detail: { mine } }) },
          ];
        if (userId % 3 === 0) return [{ chain, decision: { ...first, rows: [answer(userId, key)] } }];
        return [{ chain, decision: first }];
      });
      const outcomes = await store.append(made.map(({ decision }) => decision));
      const stale = new Set<number>();
      made.forEach(({ chain: { userId }, decision }, index) => {
        const { version, hash } = decision.entry;
        if (outcomes[index] === 'appended') heads.set(userId, { version, hash });
        else stale.add(userId);
      });
      superseded += stale.size;
      for (const record of await store.load([...stale], Infinity)) {
        if (record) heads.set(record.userId, { version: record.version, hash: record.hash });
      }
    }
  };
  await Promise.all(stores.map(work));
  return superseded;
}

async function assertWhole(store: Store): Promise<number> {
  const heads = new Map<number, number>();
  let count = 0;
  for (let after = 0; ; ) {
    const page = await store.readJournal({ after, limit: 1_000 });
    for (const { position, userId, version } of page) {
      assert.equal(position, ++count, 'the positions have a gap');
      assert.equal(version, (heads.get(userId) ?? 0) + 1, `user ${userId} is out of order`);
      heads.set(userId, version);
    }
    after = page.at(-1)?.position ?? after;
    if (page.length === 0) return count;
  }
}

describe('PostgreSQL: races from two servers', () => {
  test(`for a version: of ${CALLERS} callers exactly one wins, ${ROUNDS} times over`, () =>
    withStores(async (stores) => {
      const chains = await registered(stores[0], 10);
      for (let round = 0; round < ROUNDS; round++) await raceForVersion(stores, chains[round % 10] as Chain);
      assert.equal(await assertWhole(stores[1]), 10 + ROUNDS);
    }));

  test('callers that load, decide and append again lose no count', () =>
    withStores(async (stores) => {
      for (const { userId } of await registered(stores[0], 2)) await countTogether(stores, userId, 20);
    }));

  test('batches in opposite order of users: none waits for the other in a circle, no version twice, no gap', () =>
    withStores(async (stores, database) => {
      const chains = await registered(stores[0], 60);
      const superseded = await batchTogether(stores, chains, 20);
      assert.ok(superseded > 0, 'they did not meet');
      await assertWhole(stores[0]);
      const [deadlocks] = await server.query(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = $1',
        'postgres',
        [database.name],
      );
      assert.equal(Number(deadlocks?.deadlocks), 0);
    }));

  test(`for a name: of ${CALLERS} registrations exactly one wins, ${ROUNDS / 5} times over`, () =>
    withStores(async (stores) => {
      for (let round = 0; round < ROUNDS / 5; round++) {
        const username = `name ${round}`;
        const ids = await stores[0].allocateUserIds(CALLERS);
        const outcomes = await Promise.all(
          ids.map(
            async (userId, caller) =>
              (await storeOf(stores, caller).append([new Chain(userId, username).registration()]))[0],
          ),
        );
        const winner = assertOneWon(outcomes, 'conflict');
        assert.equal((await stores[1].findUser(username))?.userId, ids[winner]);
        assert.equal((await stores[1].load(ids, 0)).filter((record) => record !== undefined).length, 1);
      }
    }));

  test(`for a name in letters of different scripts: of ${CALLERS} look-alikes exactly one wins, ${ROUNDS / 5} times over`, () =>
    withStores(async (stores) => {
      for (let round = 0; round < ROUNDS / 5; round++) {
        // Latin, with one or two letters of Cyrillic or Greek: all look like `aao`.
        const names = Array.from({ length: CALLERS }, (_, caller) => {
          const letters = [
            ['a', '\u0430', '\u03b1'],
            ['a', '\u0430', '\u03b1'],
            ['o', '\u043e', '\u03bf'],
          ];
          return `${letters.map((same, place) => same[Math.floor(caller / 3 ** place) % 3]).join('')}${round}`;
        });
        const ids = await stores[0].allocateUserIds(CALLERS);
        const outcomes = await Promise.all(
          ids.map(async (userId, caller) => {
            const chain = new Chain(userId, names[caller]);
            return (await storeOf(stores, caller).append([chain.registration()]))[0];
          }),
        );
        const winner = assertOneWon(outcomes, 'conflict');
        assert.equal((await stores[1].findUser(names[winner] as string))?.userId, ids[winner]);
        assert.equal((await stores[1].load(ids, 0)).filter((record) => record !== undefined).length, 1);
      }
    }));

  test(`for an idempotency key: exactly one of ${CALLERS} wins, and who did not look for its answer is refused`, () =>
    withStores(async (stores) => {
      const chains = await registered(stores[0], 5);
      for (let round = 0; round < ROUNDS / 5; round++) {
        const chain = chains[round % 5] as Chain;
        const { userId } = chain;
        const key = `key ${round}`;
        const rivals = Array.from({ length: CALLERS }, (_, caller) => {
          const rival = chain.fork();
          return {
            rival,
            decision: rival.next({ rows: [{ ...answer(userId, key), answer: `{"caller":${caller}}` }] }),
          };
        });
        const outcomes = await Promise.all(
          rivals.map(async ({ decision }, caller) => (await storeOf(stores, caller).append([decision]))[0]),
        );
        const winner = assertOneWon(outcomes, 'superseded');
        assert.equal(
          (await stores[1].findIdempotencyRecords([{ userId, key }]))[0]?.answer,
          `{"caller":${winner}}`,
        );
        Object.assign(chain, { version: rivals[winner]?.rival.version, hash: rivals[winner]?.rival.hash });
        const late = chain.fork().next({ rows: [answer(userId, key)] });
        assert.deepEqual(await storeOf(stores, round).append([late]), ['conflict']);
      }
    }));

  test('what one server ends, the other has ended at once', () =>
    withStores(async (stores) => {
      const [chain] = await registered(stores[0], 1);
      assert.ok(chain);
      const { userId } = chain;
      const row = session(userId, 's');
      await stores[0].append([chain.next({ rows: [{ kind: 'session.insert', session: row }] })]);
      assert.deepEqual((await stores[1].load([userId], 0))[0]?.sessions, [row]);
      await stores[1].append([chain.next({ rows: [{ kind: 'session.delete_all', userId }] })]);
      assert.deepEqual((await stores[0].load([userId], 0))[0]?.sessions, []);
    }));

  test('readers of both servers see each entry once and in its place, while both write', () =>
    withStores(async (stores) => {
      const chains = await registered(stores[0], 40);
      let running = true;
      const seen: [Map<number, string>, Map<number, string>] = [new Map(), new Map()];
      const read = async (store: Store, own: Map<number, string>) => {
        for (let after = 0, last = false; !last; ) {
          last = !running;
          const page = await store.readJournal({ after, limit: 64 });
          for (const { position, hash } of page) {
            assert.equal(position, after + 1, 'an entry was missed');
            after = position;
            own.set(position, hash);
          }
          if (page.length > 0) last = false;
        }
      };
      const reading = stores.map((store, index) => read(store, seen[index as 0 | 1]));
      const write = async (chain: Chain, caller: number) => {
        for (let round = 0; round < 15; round++) await storeOf(stores, caller).append([chain.next()]);
      };
      await Promise.all(chains.map(write));
      running = false;
      await Promise.all(reading);
      assert.equal(seen[0].size, 40 * 16);
      assert.deepEqual([...seen[0]], [...seen[1]]);
    }));

  test('mutation: where each entry gets the next free version instead, the race fails', () =>
    withStores(
      async (stores) => {
        const [chain] = await registered(stores[0], 1);
        assert.ok(chain);
        await assert.rejects(raceForVersion(stores, chain), /more or less than one won/);
      },
      `CREATE FUNCTION sello.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         NEW.version := (SELECT coalesce(max(version), 0) + 1 FROM sello.journal WHERE user_id = NEW.user_id);
         RETURN NEW;
       END $$;
       CREATE TRIGGER spoil BEFORE INSERT ON sello.journal FOR EACH ROW EXECUTE FUNCTION sello.spoil()`,
    ));
});
