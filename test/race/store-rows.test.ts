/*
 * Goal: of callers that use one name or one idempotency key exactly one wins, and the race would detect a missing index.
 * Method: rounds on a real store, then on one whose unique index was removed.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { AppendOutcome, Decision, Store } from '../../src/ports/store.ts';
import { fastFolder, SqliteFolder } from '../adapters/sqlite/folder.ts';
import { answer, Chain, registered } from '../contract/chain.ts';

const ROUNDS = 1_000;
const CALLERS = 200;

async function call(store: Store, decision: Decision, caller: number): Promise<AppendOutcome | undefined> {
  if (caller % 7 === 0) await setImmediate();
  return (await store.append([decision]))[0];
}

function assertOneWon(outcomes: readonly (AppendOutcome | undefined)[], lost: AppendOutcome): number {
  assert.equal(outcomes.filter((outcome) => outcome === 'appended').length, 1, 'more or less than one won');
  assert.equal(outcomes.filter((outcome) => outcome === lost).length, outcomes.length - 1);
  return outcomes.indexOf('appended');
}

/** Callers who register the same name under ids of their own. */
async function raceForName(store: Store, username: string, callers: number): Promise<void> {
  const ids = await store.allocateUserIds(callers);
  const outcomes = await Promise.all(
    ids.map((userId, caller) => call(store, new Chain(userId, username).registration(), caller)),
  );
  const winner = assertOneWon(outcomes, 'conflict');
  assert.equal((await store.findUser(username))?.userId, ids[winner]);
  const records = await store.load(ids, 0);
  assert.equal(records.filter((record) => record !== undefined).length, 1);
}

/** Callers who repeat one request under its idempotency key, each with an answer of its own. */
async function raceForKey(store: Store, chain: Chain, key: string, callers: number): Promise<void> {
  const { userId } = chain;
  const rivals = Array.from({ length: callers }, (_, caller) => {
    const rival = chain.fork();
    const row = { ...answer(userId, key), answer: `{"caller":${caller}}` };
    return { rival, decision: rival.next({ rows: [row] }) };
  });
  const outcomes = await Promise.all(rivals.map(({ decision }, caller) => call(store, decision, caller)));
  const winner = assertOneWon(outcomes, 'superseded');
  const [found] = await store.findIdempotencyRecords([{ userId, key }]);
  assert.equal(found?.answer, `{"caller":${winner}}`);
  Object.assign(chain, { version: rivals[winner]?.rival.version, hash: rivals[winner]?.rival.hash });

  // Those who decide again on the winner's entry, and did not look for its answer.
  const late = await Promise.all(
    Array.from({ length: 3 }, (_, caller) =>
      call(store, chain.fork().next({ rows: [answer(userId, key)] }), caller),
    ),
  );
  assert.deepEqual(new Set(late), new Set(['conflict']));
}

async function withStore(spoil: string, body: (store: Store) => Promise<void>): Promise<void> {
  const folder = new SqliteFolder(fastFolder());
  try {
    const store = await folder.open();
    // After the start, which compares the schema.
    if (spoil !== '') {
      const database = new DatabaseSync(folder.path, { enableForeignKeyConstraints: false });
      database.exec(spoil);
      database.close();
    }
    await body(store);
  } finally {
    await folder.dispose();
  }
}

describe('race for a row', () => {
  test(`of ${CALLERS} registrations of a name exactly one wins, ${ROUNDS / 5} times over`, async () => {
    await withStore('', async (store) => {
      for (let round = 0; round < ROUNDS / 5; round++) await raceForName(store, `name ${round}`, CALLERS);
    });
  });

  test(`of ${CALLERS} uses of an idempotency key exactly one wins, ${ROUNDS} times over`, async () => {
    await withStore('', async (store) => {
      const chains = await registered(store, 10);
      for (let round = 0; round < ROUNDS; round++) {
        const chain = chains[round % chains.length];
        assert.ok(chain);
        await raceForKey(store, chain, `key ${round}`, CALLERS);
      }
    });
  });

  test('mutation: with names not unique the race fails', async () => {
    const spoil = `DROP TABLE users; CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT NOT NULL,
      password_hash TEXT NOT NULL, mac_key TEXT NOT NULL, role TEXT NOT NULL, disabled INTEGER NOT NULL,
      created_at INTEGER NOT NULL, claim_version INTEGER NOT NULL) STRICT`;
    await withStore(spoil, async (store) => {
      await assert.rejects(raceForName(store, 'name', CALLERS), /more or less than one won/);
    });
  });

  test('mutation: with keys not unique the race fails', async () => {
    const spoil = `DROP TABLE answers; CREATE TABLE answers (position INTEGER PRIMARY KEY, user_id INTEGER NOT NULL,
      key TEXT NOT NULL, digest TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) STRICT`;
    await withStore(spoil, async (store) => {
      const [chain] = await registered(store, 1);
      assert.ok(chain);
      await assert.rejects(raceForKey(store, chain, 'key', CALLERS));
    });
  });
});
