/*
 * Goal: of ten thousand random changes of exports and of databases, every one is found.
 * Method: 7,000 changes of an export, verified with its last checkpoint alone; 3,000 changes of copies of the database of a
 * server that lived a whole life. A change that leaves the same values is drawn again.
 */
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { readAddress } from '../../src/adapters/postgres/address.ts';
import { Connection } from '../../src/adapters/postgres/connection.ts';
import { connectTo } from '../../src/adapters/postgres/primary.ts';
import { PostgresReader } from '../../src/adapters/postgres/reader.ts';
import { PATIENT } from '../../src/adapters/postgres/times.ts';
import { openSqliteReader } from '../../src/compose.ts';
import { exportedEntries } from '../../src/operator/audit/exported-journal.ts';
import { readPin } from '../../src/operator/audit/pinned-checkpoint.ts';
import { verifyStoredJournal } from '../../src/operator/audit/stored-journal.ts';
import { verifyExport } from '../../src/operator/audit/verify-export.ts';
import { temporaryFolder } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { auditedLife } from './audited-life.ts';
import { mutateDatabase } from './database-mutations.ts';
import { checkpointOver, exportLines, logKey } from './export-fixture.ts';
import { drawing, mutate } from './export-mutations.ts';
import { MutatedDatabase } from './postgres-mutations.ts';

const EXPORTS = Number(process.env.SELLO_EXPORT_MUTATIONS ?? 7_000);
const POSTGRES = Number(process.env.SELLO_POSTGRES_MUTATIONS ?? 3_000);
/** On a busy machine it ends before, and says how many there were. */
const POSTGRES_MS = 120_000;
const DATABASES = Number(process.env.SELLO_DATABASE_MUTATIONS ?? 3_000);

async function* stream(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

test(`${EXPORTS} changes of an export`, async (t) => {
  const seed = Number(process.env.SELLO_SEED ?? Date.now() % 2 ** 32);
  t.diagnostic(`SELLO_SEED=${seed}`);
  const draw = drawing(seed);
  const lines = exportLines(60, 4);
  const key = logKey('sello.example');
  const pin = readPin('checkpoint', checkpointOver(lines, lines.length, 'sello.example', key), undefined);
  assert.ok(!('en' in pin));
  const found = new Map<string, number>();
  for (let round = 0; round < EXPORTS; ) {
    const mutation = mutate(lines, draw);
    if (!mutation) continue;
    const { fault, checkpointFault } = await verifyExport(exportedEntries(stream(mutation.lines)), [pin]);
    assert.ok(fault || checkpointFault, `round ${round}: ${mutation.kind}`);
    found.set(mutation.kind, (found.get(mutation.kind) ?? 0) + 1);
    round++;
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(found)));
});

test(`${DATABASES} changes of a database`, async (t) => {
  const seed = Number(process.env.SELLO_SEED ?? Date.now() % 2 ** 32);
  t.diagnostic(`SELLO_SEED=${seed}`);
  const draw = drawing(seed);
  const fixture = await auditedLife(t);
  await fixture.application.close();
  const original = fixture.application.sqlite?.path ?? assert.fail();
  const path = join(await temporaryFolder(t), 'copy.sqlite');
  const found = new Map<string, number>();
  for (let round = 0; round < DATABASES; ) {
    await copyFile(original, path);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF');
    const what = mutateDatabase(database, draw);
    database.close();
    if (what === undefined) continue;
    assert.ok(await isFound(path), `round ${round}: ${what}`);
    found.set(what, (found.get(what) ?? 0) + 1);
    round++;
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(found)));
});

test(`${POSTGRES} changes of a PostgreSQL database`, { timeout: 170_000 }, async (t) => {
  const seed = Number(process.env.SELLO_SEED ?? Date.now() % 2 ** 32);
  t.diagnostic(`SELLO_SEED=${seed}`);
  const draw = drawing(seed);
  const server = await PostgresServer.start({ fast: true });
  t.after(() => server.stop());
  const { url } = await server.createDatabase();
  const fixture = await auditedLife(t, { '--store-url': url });
  // Every entry has its place.
  await fixture.application.store.readJournal({ after: 0, limit: 1 });
  await fixture.application.close();
  const address = readAddress(url);
  const connection = await connectTo(address, address.hosts[0] ?? assert.fail(), PATIENT);
  assert.ok(connection instanceof Connection);
  t.after(() => connection.close());
  const reader = new PostgresReader(connection, undefined);
  const whole = await verifyStoredJournal(reader);
  assert.deepEqual([whole.fault, whole.rowFault], [undefined, undefined]);
  assert.deepEqual(await reader.verifyIntegrity(), []);
  const database = await MutatedDatabase.of(connection);
  const found = new Map<string, number>();
  const until = performance.now() + POSTGRES_MS;
  let rounds = 0;
  while (rounds < POSTGRES && performance.now() < until) {
    await connection.run('BEGIN');
    const what = await database.mutate(draw);
    if (what !== undefined) {
      const { fault, rowFault } = await verifyStoredJournal(reader);
      const isSeen = fault || rowFault || (await reader.verifyIntegrity()).length > 0;
      assert.ok(isSeen, `round ${rounds}: ${what}`);
      found.set(what, (found.get(what) ?? 0) + 1);
      rounds++;
    }
    await connection.run('ROLLBACK');
  }
  t.diagnostic(`${rounds} changes, all found: ${JSON.stringify(Object.fromEntries(found))}`);
  assert.ok(rounds > 100);
});

async function isFound(path: string): Promise<boolean> {
  const reader = await openSqliteReader(path).catch(() => undefined);
  if (!reader) return true;
  try {
    const { fault, rowFault } = await verifyStoredJournal(reader);
    return fault !== undefined || rowFault !== undefined || (await reader.verifyIntegrity()).length > 0;
  } finally {
    await reader.close();
  }
}
