/*
 * Goal: one process owns the database file, an unusable file is refused with a message that says what to do, and damage
 * is found.
 * Method: real files, broken on purpose; other processes that open, lock or read the same file.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openSqliteReader } from '../../../src/adapters/sqlite/reader.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/store.ts';
import { StartRefused, StoreUnavailable } from '../../../src/domain/errors.ts';
import { registered } from '../../contract/chain.ts';
import { SqliteFolder } from './folder.ts';

let folder: SqliteFolder;
beforeEach(() => {
  folder = new SqliteFolder();
});
afterEach(() => folder.dispose());

/** Another process that opens the store and keeps it until it is killed. */
async function startOwner(path: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const module = new URL('../../../src/adapters/sqlite/store.ts', import.meta.url).href;
  const program = `const { openSqliteStore } = await import(${JSON.stringify(module)});
    await openSqliteStore({ path: ${JSON.stringify(path)} }); console.log('open'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('SQLite file: its owner', () => {
  test('a second store in the same process is refused, and the first keeps working', async () => {
    const store = await folder.open();
    await assert.rejects(folder.open(), (error: Error) => {
      assert.ok(error instanceof StartRefused);
      assert.match(error.message, new RegExp(`in use by process ${process.pid}: stop`));
      return true;
    });
    await registered(store, 1);
    await store.close();
    await (await folder.open()).close();
  });

  test('another process is refused by the id of the owner; after a kill -9 it gets in', async () => {
    const owner = await startOwner(folder.path);
    try {
      await assert.rejects(folder.open(), new RegExp(`in use by process ${owner.pid}:`));
      // By another name of the same file as well.
      const link = join(folder.folder, 'link');
      symlinkSync(folder.folder, link);
      await assert.rejects(openSqliteStore({ path: join(link, 'sello.sqlite') }), StartRefused);
    } finally {
      await owner.kill();
    }
    const store = await folder.open();
    assert.equal(readFileSync(`${folder.path}.pid`, 'utf8'), `${process.pid}\n`);
    await store.close();
    assert.equal(existsSync(`${folder.path}.pid`), false);
  });

  test('the files are for their owner alone', async () => {
    const store = await folder.open();
    await registered(store, 1);
    await store.backup(join(folder.folder, 'copy.sqlite'));
    const modes = readdirSync(folder.folder).map((name) => statSync(join(folder.folder, name)).mode & 0o777);
    assert.ok(modes.length >= 5);
    assert.deepEqual(new Set(modes), new Set([0o600]));
  });
});

describe('SQLite file: refused starts', () => {
  const refusal = (pattern: RegExp) => (error: Error) => {
    assert.ok(error instanceof StartRefused, String(error));
    assert.match(error.message, pattern);
    assert.ok(error.message.includes(folder.path), error.message);
    return true;
  };

  test('a file that is not a database', async () => {
    writeFileSync(folder.path, 'a letter to the bank, not a database\n'.repeat(100));
    await assert.rejects(folder.open(), refusal(/not a database.*restore a backup/));
    assert.match(readFileSync(folder.path, 'utf8'), /^a letter/);
    assert.equal(existsSync(`${folder.path}.pid`), false);
  });

  test("another program's database, which stays as it is", async () => {
    const other = new DatabaseSync(folder.path);
    other.exec('CREATE TABLE recipes (name TEXT)');
    other.close();
    await assert.rejects(folder.open(), refusal(/database of another program/));
    await assert.rejects(openSqliteReader(folder.path), refusal(/database of another program/));
  });

  test('tables of a newer version', async () => {
    await (await folder.open()).close();
    const database = new DatabaseSync(folder.path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await assert.rejects(folder.open(), refusal(/newer version of Sello.*version 99/));
    await assert.rejects(openSqliteReader(folder.path), refusal(/newer version of Sello/));
  });

  test('a folder that is not there, or is a file, or a path that is a folder', async () => {
    const open = (path: string) => openSqliteStore({ path });
    await assert.rejects(open(join(folder.folder, 'none', 'sello.sqlite')), /folder is not there/);
    writeFileSync(join(folder.folder, 'file'), '');
    await assert.rejects(open(join(folder.folder, 'file', 'sello.sqlite')), StartRefused);
    mkdirSync(folder.path);
    await assert.rejects(folder.open(), refusal(/cannot be opened/));
  });

  test('a folder that may not be written', async () => {
    chmodSync(folder.folder, 0o555);
    // The rights of files bind everyone but root.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await assert.rejects(folder.open(), refusal(/may not be written.*permissions|cannot be opened/));
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder.folder, 0o755);
    }
  });

  test('a file that another program keeps to itself', async () => {
    await (await folder.open()).close();
    const other = new DatabaseSync(folder.path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    await assert.rejects(folder.open(), refusal(/another program holds its lock: close/));
    other.close();
    await folder.open();
  });

  test('a file that was cut off', async () => {
    const store = await folder.open();
    await registered(store, 2_000);
    await store.close();
    truncateSync(folder.path, 10_000);
    await assert.rejects(folder.open(), refusal(/damaged.*restore a backup/));
  });
});

describe('SQLite file: damage and locks at work', () => {
  test('while another program writes, appends say so; afterwards they go on', async () => {
    const store = await folder.open();
    const [chain] = await registered(store, 1);
    assert.ok(chain);
    const other = new DatabaseSync(folder.path);
    other.exec('BEGIN IMMEDIATE');
    const decision = chain.fork().next();
    const isLocked = (error: Error) => error instanceof StoreUnavailable && /lock/.test(error.message);
    await assert.rejects(store.append([decision]), isLocked);
    await assert.rejects(store.ping(), isLocked);
    await assert.rejects(store.prune({ idempotencyRecords: 1, sessions: 1, limit: 1 }), isLocked);
    assert.equal((await store.load([chain.userId], 0))[0]?.version, 1);
    other.exec('ROLLBACK');
    other.close();
    await store.ping();
    assert.deepEqual(await store.append([decision]), ['appended']);
  });

  test('damaged pages are found by the check, and reading them says what to do', async () => {
    const store = await folder.open();
    const chains = await registered(store, 2_000);
    assert.deepEqual(await store.verifyIntegrity(), []);
    await store.close();
    const bytes = readFileSync(folder.path);
    // Those before hold the schema.
    for (let page = 110; page < bytes.length / 4_096 - 20; page++)
      bytes.fill(0xa5, page * 4_096, page * 4_096 + 200);
    writeFileSync(folder.path, bytes);
    const damaged = await folder.open();
    assert.notDeepEqual(await damaged.verifyIntegrity(), []);
    const readAll = async () => {
      await damaged.readJournal({ after: 0, limit: 10_000 });
      await damaged.load(
        chains.map(({ userId }) => userId),
        0,
      );
    };
    await assert.rejects(readAll, (error: Error) => {
      assert.ok(error instanceof StoreUnavailable, String(error));
      assert.match(error.message, /damaged.*restore a backup/);
      return true;
    });
  });

  test('an entry taken out of the journal is found by the check, and by reading across it', async () => {
    const store = await folder.open();
    const [a] = await registered(store, 3);
    assert.ok(a);
    await store.append([a.next(), a.next()]);
    await store.close();
    const database = new DatabaseSync(folder.path);
    database.exec('DELETE FROM journal WHERE position = 4');
    database.close();
    const cut = await folder.open();
    assert.match((await cut.verifyIntegrity()).join(), /gaps/);
    await assert.rejects(
      cut.readUserJournal(a.userId, { below: Infinity, limit: 10 }),
      /journal is damaged: entry 4/,
    );
  });
});

describe('SQLite file: readers and copies', () => {
  test('a reader sees what the server appends, and delays no one', async () => {
    const store = await folder.open();
    const [a, b] = await registered(store, 2);
    assert.ok(a && b);
    const reader = await openSqliteReader(folder.path);
    assert.equal((await reader.readUserJournal(a.userId, { below: Infinity, limit: 9 })).length, 1);
    await store.append([a.next(), a.next(), b.next()]);
    assert.deepEqual(
      (await reader.readUserJournal(a.userId, { below: Infinity, limit: 9 })).map(({ version }) => version),
      [3, 2, 1],
    );
    assert.equal((await reader.readJournal({ after: 0, limit: 9 })).length, 5);
    assert.equal((await reader.findUser(a.username))?.userId, a.userId);
    assert.deepEqual(await reader.heads({ after: 0, limit: 9 }), [
      { userId: a.userId, version: 3, position: 4 },
      { userId: b.userId, version: 2, position: 5 },
    ]);
    assert.deepEqual(await reader.verifyIntegrity(), []);
    await reader.close();
    await assert.rejects(reader.readJournal({ after: 0, limit: 1 }), StoreUnavailable);
    assert.deepEqual(await store.append([a.next()]), ['appended']);
  });

  test('a reader needs no write access, and refuses a missing file', async () => {
    await assert.rejects(openSqliteReader(folder.path), /there is no database at/);
    assert.equal(existsSync(folder.path), false);
    const store = await folder.open();
    await registered(store, 3);
    await store.close();
    chmodSync(folder.path, 0o444);
    chmodSync(folder.folder, 0o555);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      const reader = await openSqliteReader(folder.path);
      assert.equal((await reader.readJournal({ after: 0, limit: 9 })).length, 3);
      await reader.close();
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder.folder, 0o755);
    }
  });

  test('a copy made during appends is complete: dense, with correct heads, ready to open', async () => {
    const store = await folder.open({ sweepEntriesMin: 500 });
    const chains = await registered(store, 700);
    for (let round = 0; round < 10; round++) await store.append(chains.map((chain) => chain.next()));
    const copyPath = join(folder.folder, 'copy.sqlite');
    let done = false;
    const copying = store.backup(copyPath).finally(() => {
      done = true;
    });
    let during = 0;
    while (!done) {
      await store.append(chains.slice(0, 50).map((chain) => chain.next()));
      during++;
      await new Promise(setImmediate);
    }
    await copying;
    assert.ok(during > 0);
    assert.deepEqual(
      readdirSync(folder.folder).filter((name) => name.startsWith('copy')),
      ['copy.sqlite'],
    );
    const { folder: other, path } = new SqliteFolder(folder.folder);
    copyFileSync(copyPath, path);
    const copy = await openSqliteStore({ path });
    assert.deepEqual(await copy.verifyIntegrity(), []);
    const entries = await copy.readJournal({ after: 0, limit: 100_000 });
    // As of the moment it was asked for.
    assert.equal(entries.length, 7_700);
    const records = await copy.load(
      chains.map(({ userId }) => userId),
      0,
    );
    const versions = new Map<number, number>();
    for (const { userId, version } of entries) versions.set(userId, version);
    for (const record of records) assert.equal(record?.version, versions.get(record?.userId ?? 0));
    await copy.close();
    assert.ok(existsSync(other));
    await assert.rejects(store.backup(copyPath), /there already/);
    await assert.rejects(store.backup(join(folder.folder, 'none', 'copy')), StoreUnavailable);
  });
});
