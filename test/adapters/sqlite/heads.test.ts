/*
 * Goal: the table of heads follows the journal in bounded steps, and missing heads are completed from the journal.
 * Method: another connection reads watermark and heads; the test corrupts them between two openings.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { openSqliteStore, type SqliteStore } from '../../../src/adapters/sqlite/store.ts';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import { type Chain, registered } from '../../contract/chain.ts';
import { until } from '../../waiting.ts';
import { fastFolder, SqliteFolder } from './folder.ts';

let folder: SqliteFolder;
beforeEach(() => {
  folder = new SqliteFolder(fastFolder());
});
afterEach(() => folder.dispose());

async function assertHeads(store: SqliteStore, chains: readonly Chain[]): Promise<void> {
  const records = await store.load(
    chains.map(({ userId }) => userId),
    0,
  );
  records.forEach((record, index) => {
    const chain = chains[index];
    assert.deepEqual([record?.version, record?.hash], [chain?.version, chain?.hash], `user ${chain?.userId}`);
  });
}

/** The file's own watermark and heads, read by another connection. */
function stored(path: string): { watermark: number; last: number; blocks: number } {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database
    .prepare(
      'SELECT (SELECT position FROM watermark) AS watermark, (SELECT max(position) FROM journal) AS last, (SELECT count(*) FROM heads) AS blocks',
    )
    .get();
  database.close();
  return { watermark: Number(row?.watermark), last: Number(row?.last), blocks: Number(row?.blocks) };
}

describe('SQLite heads', () => {
  test('are written in slices with the appends, the watermark never more than two sweeps behind', async () => {
    const blocksWritten: number[] = [];
    let inAppend = 0;
    const store = await folder.open({
      sweepEntriesMin: 2_000,
      onStep(step) {
        if (step === 'append.begin') inAppend = 0;
        if (step === 'sweep.block_written') inAppend++;
        if (step === 'append.committed') blocksWritten.push(inAppend);
      },
    });
    const chains = await registered(store, 2_560);
    for (let round = 0; round < 400; round++) {
      const from = (round * 37) % 2_500;
      await store.append(chains.slice(from, from + 50).map((chain) => chain.next()));
      if (round > 100) {
        const { watermark, last } = stored(folder.path);
        assert.ok(last - watermark <= 2 * 2_000 + 100, `${last - watermark} entries behind`);
      }
    }
    // 11 blocks a sweep of 2,000 entries: an append of 50 pays for less than one.
    assert.equal(Math.max(...blocksWritten.slice(1)), 1);
    assert.ok(blocksWritten.filter((count) => count > 0).length > 50);
    await assertHeads(store, chains);
  });

  test('are written when no append comes, and at the close', async () => {
    const store = await folder.open();
    const chains = await registered(store, 600);
    assert.equal(stored(folder.path).watermark, 0);
    await until(() => stored(folder.path).watermark >= 600);
    assert.equal(stored(folder.path).blocks, 3);
    await store.append(chains.map((chain) => chain.next()));
    await store.close();
    assert.deepEqual(stored(folder.path), { watermark: 1_200, last: 1_200, blocks: 3 });
    await assertHeads(await folder.open(), chains);
  });

  test('that are older than the journal, of another journal or gone are completed from it', async () => {
    const store = await folder.open();
    const chains = await registered(store, 600);
    await store.close();
    const spoil = [
      'DELETE FROM heads; UPDATE watermark SET position = 0',
      'UPDATE watermark SET position = 99999',
      'UPDATE watermark SET position = 300',
    ];
    for (const sql of spoil) {
      const database = new DatabaseSync(folder.path);
      database.exec(sql);
      database.close();
      const again = await folder.open();
      await assertHeads(again, chains);
      await again.append(chains.slice(100, 200).map((chain) => chain.next()));
      await again.close();
      const { watermark, last } = stored(folder.path);
      assert.equal(watermark, last);
    }
    await assertHeads(await folder.open(), chains);
  });

  test('that were written with an append that failed are written again', async () => {
    let atCommit = '';
    const store = await folder.open({
      sweepEntriesMin: 600,
      onStep(step, database) {
        if (step === 'append.heads_written') database.exec(atCommit);
      },
    });
    const chains = await registered(store, 600);
    // Too little to take a block along: the file's heads are older now.
    await store.append(chains.slice(0, 2).map((chain) => chain.next()));
    atCommit = 'ROLLBACK';
    await assert.rejects(store.append(chains.map((chain) => chain.fork().next())));
    atCommit = '';
    await store.close();
    const { watermark, last } = stored(folder.path);
    assert.deepEqual([watermark, last], [602, 602]);
    await assertHeads(await folder.open(), chains);
  });

  test('of ids far apart take little', async () => {
    const store = await folder.open();
    const [chain] = await registered(store, 1);
    assert.ok(chain);
    await assert.rejects(
      store.append([{ entry: { ...chain.fork().next().entry, userId: 2 ** 31, version: 1 }, rows: [] }]),
      RangeError,
    );
    await assert.rejects(
      store.append([{ entry: { ...chain.fork().next().entry, userId: -1, version: 1 }, rows: [] }]),
      RangeError,
    );
    const far = { entry: { ...chain.fork().next().entry, userId: 5_000_000, version: 1 }, rows: [] };
    assert.deepEqual(await store.append([far, chain.next()]), ['appended', 'appended']);
    await store.close();
    assert.equal(stored(folder.path).blocks, 2);
    assert.equal((await (await folder.open()).readUserJournal(5_000_000, { below: 9, limit: 9 })).length, 1);
  });

  /**
   * Goal: whatever the order of appends, failures, restarts and kills, the store is what a model of it is.
   * Method: a random list of acts. A kill is a copy of the files as they are, opened instead of the original.
   */
  test('whatever happens, are those of the journal', async () => {
    const act = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          act: fc.constant('append'),
          from: fc.nat(699),
          count: fc.integer({ min: 1, max: 90 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          act: fc.constantFrom('full', 'commit_failed', 'commit_unknown', 'restart', 'kill', 'rivals'),
          from: fc.nat(699),
          count: fc.integer({ min: 1, max: 90 }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const own = new SqliteFolder(fastFolder());
        let pagesMax = 0;
        let atCommit = '';
        const options = {
          sweepEntriesMin: 100,
          onStep(step: string, database: DatabaseSync) {
            if (step === 'append.begun') database.exec(`PRAGMA max_page_count = ${pagesMax || 1_000_000}`);
            if (step === 'append.heads_written') database.exec(atCommit);
          },
        };
        let { path } = own;
        let store = await openSqliteStore({ path, ...options });
        try {
          const chains = await registered(store, 700);
          for (const [index, { act, from, count }] of acts.entries()) {
            const some = chains.slice(from, from + count);
            if (act === 'append') {
              assert.deepEqual(
                new Set(await store.append(some.map((chain) => chain.next()))),
                new Set(['appended']),
              );
            } else if (act === 'rivals') {
              const rivals = some.map((chain) =>
                Object.assign(chain.fork(), { version: chain.version - 1 }).next(),
              );
              assert.deepEqual(new Set(await store.append(rivals)), new Set(['superseded']));
            } else if (act === 'full') {
              pagesMax = 1;
              const many = [...some, ...chains.slice(0, 200)].map((chain) =>
                chain.fork().next({ state: 'x'.repeat(2_000) }),
              );
              await assert.rejects(store.append(many), StoreUnavailable);
              pagesMax = 0;
            } else if (act === 'commit_failed') {
              // The transaction is gone when it is to be committed, heads and all.
              atCommit = 'ROLLBACK';
              await assert.rejects(store.append(some.map((chain) => chain.fork().next())));
              atCommit = '';
            } else if (act === 'commit_unknown') {
              // It was committed, and the answer is an error all the same: then it stands.
              atCommit = 'COMMIT';
              const decisions = some.map((chain) => chain.next());
              await assert.rejects(store.append(decisions));
              atCommit = '';
              assert.deepEqual(new Set(await store.append(decisions)), new Set(['superseded']));
            } else if (act === 'restart') {
              await store.close();
              store = await openSqliteStore({ path, ...options });
            } else {
              const copies = join(own.folder, `kill-${index}`);
              mkdirSync(copies);
              // By another process: closing a file here would release this process's locks on it.
              execFileSync('cp', [path, `${path}-wal`, copies]);
              await store.close();
              path = join(copies, 'sello.sqlite');
              store = await openSqliteStore({ path, ...options });
            }
          }
          await assertHeads(store, chains);
          const entries = await store.readJournal({ after: 0, limit: 1_000_000 });
          assert.ok(entries.every(({ position }, index) => position === index + 1));
          assert.deepEqual(await store.verifyIntegrity(), []);
        } finally {
          await store.close();
          await own.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });
});
