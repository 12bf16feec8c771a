/*
 * Goal: with a full disk decisions are refused and none is damaged.
 * Method: a limit on the number of pages, and a small tmpfs where the test runs as root.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openSqliteStore } from '../../../src/adapters/sqlite/store.ts';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { Chain } from '../../contract/chain.ts';
import { registered, session } from '../../contract/chain.ts';
import { SqliteFolder } from './folder.ts';

let folder: SqliteFolder;
beforeEach(() => {
  folder = new SqliteFolder();
});
afterEach(() => folder.dispose());

function isFull(error: Error): boolean {
  assert.ok(error instanceof StoreUnavailable, String(error));
  assert.match(error.message, /disk is full/);
  assert.doesNotMatch(error.message, /INSERT|SQL/i);
  return true;
}

/** Large ones, so that they need new pages. */
function decisions(chains: readonly Chain[]) {
  return chains.map((chain) => chain.next({ state: JSON.stringify('x'.repeat(3_000)) }));
}

describe('SQLite on a full disk', () => {
  test('nothing of a refused append stays; when there is space again, appends go on', async () => {
    let pagesMax = 1_000_000;
    const store = await folder.open({
      onStep(step, database: DatabaseSync) {
        if (step === 'append.begun') database.exec(`PRAGMA max_page_count = ${pagesMax}`);
      },
    });
    const chains = await registered(store, 200);
    await store.append(decisions(chains));
    const before = await store.readJournal({ after: 0, limit: 10_000 });
    pagesMax = 1;
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(store.append(decisions(chains.map((chain) => chain.fork()))), isFull);
    }
    assert.deepEqual(await store.readJournal({ after: 0, limit: 10_000 }), before);
    const [first] = chains;
    assert.ok(first);
    assert.equal((await store.load([first.userId], 0))[0]?.version, 2);
    pagesMax = 1_000_000;
    assert.deepEqual(new Set(await store.append(decisions(chains))), new Set(['appended']));
    assert.equal((await store.readJournal({ after: 0, limit: 10_000 })).length, 600);
    await store.close();
    assert.equal((await (await folder.open()).load([first.userId], 0))[0]?.version, 3);
  });

  test('a disk that fills between a decision and its rows takes back both', async () => {
    let pagesMax = 1_000_000;
    const store = await folder.open({
      onStep(step, database: DatabaseSync) {
        if (step === 'append.begun') database.exec('PRAGMA max_page_count = 1000000');
        if (step === 'append.row_written') database.exec(`PRAGMA max_page_count = ${pagesMax}`);
      },
    });
    const chains = await registered(store, 100);
    pagesMax = 1;
    const [first] = chains;
    assert.ok(first);
    const rival = first.fork().next({
      rows: [
        { kind: 'session.insert', session: session(first.userId, 's') },
        { kind: 'user.update', userId: first.userId, disabled: true },
      ],
    });
    await assert.rejects(
      store.append([rival, ...decisions(chains.slice(1).map((chain) => chain.fork()))]),
      isFull,
    );
    const [user] = await store.load([first.userId], 0);
    assert.deepEqual([user?.version, user?.disabled, user?.sessions], [1, false, []]);
    pagesMax = 1_000_000;
    assert.deepEqual(await store.append([rival]), ['appended']);
  });

  test('a file system that is really full', async (t) => {
    const mount = join(folder.folder, 'small');
    mkdirSync(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount], { stdio: 'pipe' });
    } catch {
      t.skip('needs the right to mount a small file system');
      return;
    }
    try {
      const path = join(mount, 'sello.sqlite');
      const ballast = join(mount, 'ballast');
      writeFileSync(ballast, Buffer.alloc(1_048_576));
      const store = await openSqliteStore({ path });
      const chains = await registered(store, 50);
      let appended = 0;
      const fill = async () => {
        for (;;) {
          await store.append(decisions(chains.map((chain) => chain.fork())).slice(0, 50));
          for (const chain of chains) chain.next({ state: JSON.stringify('x'.repeat(3_000)) });
          appended++;
        }
      };
      await assert.rejects(fill, StoreUnavailable);
      assert.equal((await store.readJournal({ after: 0, limit: 10_000 })).length, 50 + 50 * appended);
      rmSync(ballast);
      await store.ping();
      assert.deepEqual(new Set(await store.append(decisions(chains))), new Set(['appended']));
      await store.close();
      const again = await openSqliteStore({ path });
      const records = await again.load(
        chains.map(({ userId }) => userId),
        0,
      );
      records.forEach((record, index) => {
        assert.deepEqual([record?.version, record?.hash], [chains[index]?.version, chains[index]?.hash]);
      });
      await again.close();
    } finally {
      execFileSync('umount', ['-l', mount]);
    }
  });
});
