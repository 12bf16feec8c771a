/**
 * Goal: whenever the process is stopped, every acknowledged decision is there afterwards, whole and once, the
 * heads are those of the journal, and the store goes on.
 * Method: a child appends and stops itself at each step of an append and of the write-behind, or is stopped at a
 * moment of chance; then its database is opened and everything is compared. (The system's cache outlives a
 * process, so this does not show that a commit reaches the disk: `synchronous = FULL` is for that.)
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { Step } from '../../src/adapters/sqlite/step.ts';
import type { SqliteStore } from '../../src/adapters/sqlite/store.ts';
import { chainHash, GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { fastFolder, SqliteFolder } from '../adapters/sqlite/folder.ts';
import { Chain, digestOf } from '../contract/chain.ts';

const CHILD = new URL('sqlite-crash-child.ts', import.meta.url).pathname;
const STEPS: Readonly<Record<Step, readonly number[]>> = {
  'append.begin': [1, 60],
  'append.begun': [1, 33],
  'append.row_written': [1, 101, 700],
  'append.entries_written': [1, 77],
  'append.heads_written': [2, 45, 90],
  'append.committed': [1, 7, 64],
  'sweep.begun': [1, 3],
  'sweep.block_written': [1, 2, 9],
  'sweep.watermark_written': [1, 2, 5],
  'sweep.written': [1, 4],
  'sweep.committed': [1, 4],
};

interface Crashed {
  /** The highest acknowledged version of each user. */
  readonly acknowledged: ReadonlyMap<number, number>;
  readonly batches: number;
  readonly signal: NodeJS.Signals | null;
}

/** @param afterMs stops the child from outside, wherever it is then */
async function crash(path: string, step: string, occurrence: number, afterMs?: number): Promise<Crashed> {
  const child = spawn(process.execPath, [CHILD, path, step, String(occurrence)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const timer = afterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), afterMs);
  const [, signal] = await once(child, 'close');
  clearTimeout(timer);
  const lines = output.split('\n').slice(0, -1);
  const acknowledged = new Map<number, number>();
  for (const [userId, version] of lines.flatMap((line) => line.split(',')).map((pair) => pair.split(' '))) {
    if (userId && version) acknowledged.set(Number(userId), Number(version));
  }
  return { acknowledged, batches: lines.length, signal };
}

/** Reads everything, and compares it with itself. @returns the chains of all users as they are */
async function assertConsistent(store: SqliteStore): Promise<Map<number, Chain>> {
  const chains = new Map<number, Chain>();
  const rowsExpected = new Set<string>();
  const waiting = new Set<string>();
  const approved = new Map<string, number>();
  for (const entry of await store.readJournal({ after: 0, limit: 1_000_000 })) {
    const { position, userId, version, body, hash } = entry;
    const chain = chains.get(userId) ?? new Chain(userId);
    assert.equal(version, chain.version + 1, `user ${userId} at position ${position}`);
    assert.equal(hash, chainHash(chain.version === 0 ? GENESIS_HASH : chain.hash, body));
    if (version > 1 && (userId + version - 1) % 5 === 1) rowsExpected.add(`${userId}/${version}`);
    if (version > 1 && (userId + version - 1) % 5 === 2) waiting.add(`${userId}/${version}`);
    if (waiting.delete(`${userId}/${version - 1}`)) approved.set(`${userId}/${version - 1}`, version);
    chains.set(userId, Object.assign(chain, { version, hash }));
  }
  const ids = [...chains.keys()];
  const rowsFound = new Set<string>();
  const waitingFound = new Set<string>();
  (await store.load(ids, 0)).forEach((record, index) => {
    const chain = chains.get(ids[index] ?? 0);
    assert.deepEqual([record?.version, record?.hash], [chain?.version, chain?.hash], `head of ${ids[index]}`);
    const names = record?.tokens.map(({ tokenId }) => tokenId) ?? [];
    for (const name of names) rowsFound.add(name);
    for (const { transactionId } of record?.pendingTransactions ?? []) waitingFound.add(transactionId);
    assert.deepEqual(
      new Set(record?.sessions.map(({ sessionId }) => sessionId)),
      new Set(names.map(digestOf)),
    );
  });
  assert.deepEqual(rowsFound, rowsExpected);
  assert.deepEqual(waitingFound, waiting);
  for (const [transactionId, version] of approved) {
    const userId = Number(transactionId.split('/')[0]);
    const found = await store.findTransaction({ userId, transactionId });
    assert.deepEqual([found?.status, found?.decidedVersion], ['approved', version], transactionId);
  }
  const keys = [...rowsExpected].map((key) => ({ userId: Number(key.split('/')[0]), key }));
  assert.ok((await store.findIdempotencyRecords(keys)).every((found) => found !== undefined));
  assert.deepEqual(await store.verifyIntegrity(), []);
  return chains;
}

/** The store that a crash left is right, goes on, and is right after that. */
async function assertRecovers(folder: SqliteFolder, crashed: Crashed): Promise<void> {
  const store = await folder.open({ sweepEntriesMin: 300 });
  const chains = await assertConsistent(store);
  let ahead = 0;
  for (const [userId, version] of crashed.acknowledged) {
    const found = chains.get(userId)?.version ?? 0;
    assert.ok(found >= version, `user ${userId}: version ${version} was acknowledged, ${found} is there`);
  }
  for (const [userId, { version }] of chains) ahead += version - (crashed.acknowledged.get(userId) ?? 0);
  // What was committed and not yet acknowledged is one batch at most.
  assert.ok(ahead <= 100, `${ahead} entries that nobody was told of`);
  const fresh = (await store.allocateUserIds(1))[0] ?? 0;
  assert.ok(!chains.has(fresh));

  const next = [...chains.values()]
    .slice(0, 50)
    .map((chain) => chain.next({ at: 9_000, type: 'login.refused' }));
  const outcomes = await store.append(next);
  assert.ok(outcomes.every((outcome) => outcome === 'appended'));
  await store.close();
  const database = new DatabaseSync(folder.path, { readOnly: true });
  const row = database
    .prepare(
      'SELECT (SELECT position FROM watermark) AS watermark, (SELECT max(position) FROM journal) AS last',
    )
    .get();
  database.close();
  assert.equal(row?.watermark ?? 0, row?.last ?? 0);
}

describe('a process stopped at a step of its own', { concurrency: 2 }, () => {
  for (const [step, occurrences] of Object.entries(STEPS)) {
    test(`${step}, at occurrences ${occurrences.join(', ')}`, async () => {
      for (const occurrence of occurrences) {
        const folder = new SqliteFolder(fastFolder());
        try {
          const crashed = await crash(folder.path, step, occurrence);
          assert.equal(crashed.signal, 'SIGKILL', `${step} was not reached ${occurrence} times`);
          await assertRecovers(folder, crashed);
        } finally {
          await folder.dispose();
        }
      }
    });
  }

  test('at no step: what is closed in order is complete', async () => {
    const folder = new SqliteFolder(fastFolder());
    try {
      const ended = await crash(folder.path, 'none', 1);
      assert.equal(ended.signal, null);
      assert.ok(ended.batches > 400);
      await assertRecovers(folder, ended);
    } finally {
      await folder.dispose();
    }
  });
});

describe('a process stopped from outside', { concurrency: 2 }, () => {
  test('at moments of chance, twelve times', async () => {
    const folder = new SqliteFolder();
    try {
      let stopped = 0;
      for (let round = 0; round < 12; round++) {
        const own = new SqliteFolder(folder.folder);
        const crashed = await crash(own.path, 'none', 1, 60 + round * 25 + Math.random() * 25);
        if (crashed.signal === 'SIGKILL') stopped++;
        await assertRecovers(own, crashed);
        await own.dispose();
      }
      assert.ok(stopped >= 6, `${stopped} of 12 were stopped at work`);
    } finally {
      await folder.dispose();
    }
  });

  test('with the end of the write-ahead log lost, as in a power failure, the rest is consistent', async () => {
    const folder = new SqliteFolder(fastFolder());
    try {
      // Before the log is first carried over into the database.
      const crashed = await crash(folder.path, 'append.committed', 12);
      assert.equal(crashed.signal, 'SIGKILL');
      const log = `${folder.path}-wal`;
      const { length } = readFileSync(log);
      let lastEntries = -1;
      for (let part = 0; part <= 24; part++) {
        const own = new SqliteFolder(folder.folder);
        copyFileSync(folder.path, own.path);
        copyFileSync(log, `${own.path}-wal`);
        truncateSync(`${own.path}-wal`, Math.floor((length * part) / 24));
        const store = await own.open();
        const entries = [...(await assertConsistent(store)).values()].reduce(
          (sum, { version }) => sum + version,
          0,
        );
        assert.ok(entries >= lastEntries);
        lastEntries = entries;
        await store.close();
        await own.dispose();
      }
      const acknowledged = [...crashed.acknowledged.values()].reduce((sum, version) => sum + version, 0);
      assert.ok(lastEntries >= acknowledged, 'the whole log holds all that was acknowledged');
    } finally {
      await folder.dispose();
    }
  });
});

test('the steps that are tested are those there are', () => {
  const source = readFileSync(join(import.meta.dirname, '../../src/adapters/sqlite/step.ts'), 'utf8');
  const named = [...source.matchAll(/'((?:append|sweep)\.\w+)'/g)].map(([, step]) => step);
  assert.deepEqual(named.sort(), Object.keys(STEPS).sort());
});
