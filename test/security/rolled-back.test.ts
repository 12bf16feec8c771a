/*
 * Goal: a server notices that its database was exchanged for one of before, says so, and goes on only where that is meant.
 * Method: the real server on real files; the database is copied, used on, and put back.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createUser } from '../../src/application/users/register-user.ts';
import { startServer } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { parseCheckpoint } from '../../src/domain/log/checkpoint.ts';
import { parseNote } from '../../src/domain/log/signed-note.ts';
import { temporaryFolder } from '../services/application.ts';
import { until } from '../waiting.ts';

const LOG = { debug() {}, info() {}, warn() {}, error() {} };
const FLAGS = { '--tcp-port': '0', '--http-port': '0' };

/** Starts the server on a folder, registers users, and stops it when all is sealed. @returns the sealed entries' types */
async function serve(
  folder: string,
  users: readonly string[],
  options: { readonly acceptRollback?: boolean; readonly flags?: Record<string, string> } = {},
): Promise<readonly string[]> {
  const { config } = loadConfig({ flags: { '--data-dir': folder, ...FLAGS, ...options.flags } });
  const { acceptRollback = false } = options;
  const server = await startServer(config, LOG, { acceptRollback });
  const { context, store } = server.application;
  try {
    for (const username of users) {
      const made = await createUser(context, { username, password: 'secreto', role: 'user' });
      assert.ok(!('refused' in made));
    }
    const [last] = await store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
    await until(async () => (await store.log.sealedSize()) === last?.position, { what: 'all is sealed' });
    return (await store.log.readSealed({ from: 0, limit: 100 })).map(({ type }) => type);
  } finally {
    await server.stop();
  }
}

async function remembered(folder: string) {
  const note = await readFile(join(folder, 'log-checkpoint'), 'utf8');
  return parseCheckpoint(parseNote(note)?.text ?? '');
}

/** A folder with three sealed users, and the database as it was with two of them. */
async function usedFolder(t: TestContext): Promise<{ folder: string; database: string; before: string }> {
  const folder = await temporaryFolder(t);
  const database = join(folder, 'sello.sqlite');
  const before = join(folder, 'before');
  await serve(folder, ['alice', 'bob']);
  await copyFile(database, before);
  await serve(folder, ['carmen']);
  assert.equal((await remembered(folder))?.size, 3);
  return { folder, database, before };
}

test('a database that was rolled back is refused; accepted, it says so in the journal and is sealed on', async (t) => {
  const { folder, database, before } = await usedFolder(t);
  await copyFile(before, database);
  for (let start = 0; start < 2; start++)
    await assert.rejects(
      serve(folder, []),
      /rolled back: it has 2 sealed entries, and had 3.*--accept-rollback/,
    );
  const types = await serve(folder, ['dora'], { acceptRollback: true });
  assert.deepEqual(types, [
    'user.registered',
    'user.registered',
    'admin.rollback_accepted',
    'user.registered',
  ]);
  assert.equal((await remembered(folder))?.size, 4);
  await serve(folder, ['eva']);
});

test('another history of the same length is refused, even when its own log is whole', async (t) => {
  const { folder, database, before } = await usedFolder(t);
  const own = join(folder, 'own');
  await copyFile(database, own);
  const memory = await readFile(join(folder, 'log-checkpoint'));
  await copyFile(before, database);
  await rm(join(folder, 'log-checkpoint'));
  await serve(folder, ['mallory', 'trudy']);
  await writeFile(join(folder, 'log-checkpoint'), memory);
  await assert.rejects(serve(folder, []), /another one: its first 3 entries are not those that were sealed/);
  await copyFile(own, database);
  await serve(folder, []);
});

test('without a memory, or with one that is damaged, a server starts; with a longer log, too', async (t) => {
  const { folder } = await usedFolder(t);
  const file = join(folder, 'log-checkpoint');
  const older = await readFile(file);
  await serve(folder, ['dora']);
  await writeFile(file, older);
  await serve(folder, []);
  for (const damaged of ['', 'x', older.subarray(0, 40)]) {
    await writeFile(file, damaged);
    await serve(folder, ['u'.repeat(1 + damaged.length)]);
  }
  await rm(file);
  await serve(folder, []);
});

test('the log keeps its name when public_url changes, and takes another only from log_origin', async (t) => {
  const folder = await temporaryFolder(t);
  const serveAs = (flags: Record<string, string>, user: string) => serve(folder, [user], { flags });
  await serveAs({ '--public-url': 'https://Bank.example' }, 'alice');
  assert.equal((await remembered(folder))?.origin, 'bank.example');
  await serveAs({ '--public-url': 'https://other.example' }, 'bob');
  assert.equal((await remembered(folder))?.origin, 'bank.example');
  await serveAs({ '--log-origin': 'other.example/log' }, 'carmen');
  assert.equal((await remembered(folder))?.origin, 'other.example/log');
  await serveAs({}, 'dora');
  assert.deepEqual(await remembered(folder).then((found) => [found?.origin, found?.size]), [
    'other.example/log',
    4,
  ]);
});
