/*
 * Goal: of callers that decided on the same entry exactly one wins, and the race would detect a broken guard.
 * Method: rounds on a real store, then on one whose guard was removed.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Guard } from '../../src/adapters/sqlite/guard.ts';
import type { AppendOutcome, Decision, Store } from '../../src/ports/store.ts';
import { fastFolder, SqliteFolder } from '../adapters/sqlite/folder.ts';
import { Chain, registered } from '../contract/chain.ts';

const ROUNDS = 1_000;
const CALLERS = 200;

/** Appends at a moment of its own: at once, some microtasks later, or in a later turn of the event loop. */
async function call(store: Store, decision: Decision, caller: number): Promise<AppendOutcome | undefined> {
  if (caller % 7 === 0) await setImmediate();
  for (let wait = caller % 3; wait > 0; wait--) await undefined;
  return (await store.append([decision]))[0];
}

/** Callers who all decided on the same entry: each spends the same code, challenge or last attempt, in its own way. */
async function raceForVersion(store: Store, chain: Chain, callers: number): Promise<void> {
  const rivals = Array.from({ length: callers }, (_, caller) => {
    const rival = chain.fork();
    return { rival, decision: rival.next({ detail: { caller } }) };
  });
  const outcomes = await Promise.all(rivals.map(({ decision }, caller) => call(store, decision, caller)));
  const winners = rivals.filter((_, index) => outcomes[index] === 'appended');
  assert.equal(winners.length, 1, 'more or less than one won');
  assert.equal(outcomes.filter((outcome) => outcome === 'superseded').length, callers - 1);
  const [record] = await store.load([chain.userId], 0);
  const winner = winners[0]?.rival;
  assert.deepEqual([record?.version, record?.hash], [chain.version + 1, winner?.hash]);
  Object.assign(chain, { version: winner?.version, hash: winner?.hash });
}

/** Callers who count in the user's state: each loads, decides, appends, and begins again when another was first. */
async function countTogether(store: Store, userId: number, callers: number): Promise<void> {
  const count = async (caller: number) => {
    for (;;) {
      const [record] = await store.load([userId], 0);
      assert.ok(record);
      if (caller % 5 === 0) await setImmediate();
      const chain = Object.assign(new Chain(userId), { version: record.version, hash: record.hash });
      const counted = record.state === '{}' ? 0 : Number(JSON.parse(record.state).count);
      const [outcome] = await store.append([chain.next({ state: JSON.stringify({ count: counted + 1 }) })]);
      if (outcome === 'appended') return;
      await undefined;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => count(caller)));
  const [record] = await store.load([userId], 0);
  assert.equal(JSON.parse(record?.state ?? '{}').count, callers, 'a count was lost');
  assert.equal(record?.version, callers + 1);
}

async function withUsers(guard: Guard | undefined, body: (store: Store, chains: Chain[]) => Promise<void>) {
  const folder = new SqliteFolder(fastFolder());
  try {
    const store = await folder.open(guard ? { guard } : {});
    await body(store, await registered(store, 10));
  } finally {
    await folder.dispose();
  }
}

describe('race for a version', () => {
  test(`of ${CALLERS} callers exactly one wins, ${ROUNDS} times over`, async () => {
    await withUsers(undefined, async (store, chains) => {
      for (let round = 0; round < ROUNDS; round++) {
        const chain = chains[round % chains.length];
        assert.ok(chain);
        await raceForVersion(store, chain, CALLERS);
      }
      const entries = await store.readJournal({ after: 0, limit: 2 * ROUNDS });
      assert.equal(entries.length, chains.length + ROUNDS);
    });
  });

  test('callers that load, decide and append again lose no count', async () => {
    await withUsers(undefined, async (store, chains) => {
      for (const { userId } of chains) await countTogether(store, userId, 50);
    });
  });

  test('mutation: without the guard both races fail', async () => {
    await withUsers({ admits: () => true }, async (store, chains) => {
      const [a, b] = chains;
      assert.ok(a && b);
      await assert.rejects(raceForVersion(store, a, CALLERS), /more or less than one won/);
      await assert.rejects(countTogether(store, b.userId, 50), /a count was lost/);
    });
  });

  test('mutation: with a guard that lets one version through twice, the race fails', async () => {
    const lenient: Guard = { admits: (head, version) => version === head + 1 || version === head };
    await withUsers(lenient, async (store, [a]) => {
      assert.ok(a);
      await assert.rejects(raceForVersion(store, a, 2), /more or less than one won/);
    });
  });
});
