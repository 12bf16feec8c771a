/*
 * Goal: when the disk fills up or the database is locked or damaged while the server runs, callers get `unavailable` with
 * a time to wait, the log gets one plain line a minute, and no answer is given that is not durable. When the cause is gone,
 * the server recovers by itself, and everything that was acknowledged is there.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { ClientAnswer } from '../../src/client/tcp-client.ts';
import { temporaryFolder } from '../services/application.ts';
import { until } from '../waiting.ts';
import { Customer, expectOk } from './customer.ts';
import { httpAddress } from './http-address.ts';
import { readJournal } from './journal.ts';
import { runServer, ServerProcess } from './server-process.ts';

interface Running {
  readonly server: ServerProcess;
  readonly alice: Customer;
}

async function startWithAlice(t: TestContext, folder: string): Promise<Running> {
  const server = await runServer(t, { folder });
  const alice = new Customer('alice');
  await alice.arrive(await server.connect());
  return { server, alice };
}

async function readiness(server: ServerProcess): Promise<number> {
  return (await fetch(`${await httpAddress(server)}/readyz`)).status;
}

let sent = 0;
async function transfer(alice: Customer): Promise<ClientAnswer> {
  if (alice.noncesLeft === 0) await alice.fetchNonces(64);
  return alice.send({ data: `CuentaA,P${sent++},0.01` });
}

function expectUnavailable(answer: ClientAnswer): void {
  assert.equal(answer.status, 'ERROR');
  assert.equal(answer.error, 'unavailable');
  assert.ok(Number(answer.reintentar_ms) > 0);
  assert.doesNotMatch(JSON.stringify(answer), /SQLITE|disk|errno|\/tmp/i, 'no internals are told');
}

/** Lines of the log at the level of an error. */
function errorLines(server: ServerProcess): readonly string[] {
  return server.stderr.split('\n').filter((line) => line.includes('"level":50'));
}

async function approvedPayees(folder: string): Promise<readonly string[]> {
  const journal = await readJournal(folder);
  return journal
    .filter(({ type }) => type === 'transaction.approved')
    .map(({ transaction }) => transaction?.payee ?? '');
}

/** A file system of its own, small enough to fill. @returns why not, where that is not allowed */
function mountSmall(t: TestContext, kib: number): string | { readonly folder: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'needs root on Linux, to mount a tmpfs';
  const folder = mkdtempSync(join(tmpdir(), 'sello-full-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=700`, 'tmpfs', folder]);
  if (mounted.status !== 0) {
    rmSync(folder, { recursive: true });
    return `a tmpfs cannot be mounted: ${mounted.stderr}`;
  }
  t.after(() => {
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return { folder };
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const bytes of [65_536, 4_096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(bytes));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
    }
  } finally {
    closeSync(file);
  }
}

test('a full disk: decisions are refused and logged, and the server recovers by itself', async (t) => {
  const mounted = mountSmall(t, 6_144);
  if (typeof mounted === 'string') return t.skip(mounted);
  const folder = join(mounted.folder, 'data');
  const filler = join(mounted.folder, 'filler');
  const { server, alice } = await startWithAlice(t, folder);
  const acknowledged: string[] = [];
  let refused = 0;
  const some = async (count: number) => {
    await alice.fetchNonces(count);
    const first = sent;
    const answers = await Promise.all(Array.from({ length: count }, () => transfer(alice)));
    answers.forEach((answer, index) => {
      if (answer.status === 'OK') acknowledged.push(`P${first + index}`);
      else {
        expectUnavailable(answer);
        refused++;
      }
    });
    return answers.every(({ status }) => status === 'OK');
  };

  for (let outage = 0; outage < 3; outage++) {
    assert.ok(await some(20));
    fill(filler);
    // What SQLite has room for in files that it has already may still be written.
    for (let n = 0; n < 60 && (await some(20)); n++);
    await until(async () => (await readiness(server)) === 503, { what: 'not ready: appends fail' });
    for (let n = 0; n < 5; n++) await some(5);
    assert.ok(refused > 0);
    // What needs no decision goes on.
    await alice.fetchNonces(1);
    expectUnavailable(
      await alice.client.request({ accion: 'register', username: `b${outage}`, password: 'secreto' }),
    );
    rmSync(filler);
    await until(async () => (await readiness(server)) === 200, { what: 'ready again without an append' });
    assert.ok(await some(20), `it goes on when there is space again (outage ${outage})`);
  }
  const lines = errorLines(server);
  assert.match(lines.join('\n'), /the disk is full: make space/);
  assert.ok(lines.length <= 4, `a line a kind and minute:\n${lines.join('\n')}`);

  // The journal itself fills the disk, and then the server is killed.
  for (let n = 0; n < 400 && (await some(250)); n++);
  await server.kill();
  assert.deepEqual((await approvedPayees(folder)).toSorted(), acknowledged.toSorted());
  const again = await runServer(t, { folder });
  alice.use(await again.connect());
  expectOk(await alice.client.request({ accion: 'reanudar', sesion: alice.secret }));
  await again.stop();
  t.diagnostic(`${acknowledged.length} acknowledged, ${refused} refused as unavailable, lost=0`);
});

test('a server on a disk that is full from the start says so', async (t) => {
  const mounted = mountSmall(t, 1_024);
  if (typeof mounted === 'string') return t.skip(mounted);
  fill(join(mounted.folder, 'filler'));
  const { code, text } = await ServerProcess.launch({ folder: join(mounted.folder, 'data') }).refusal();
  assert.equal(code, 3, text);
  assert.match(text, /disk is full|ENOSPC/);
  assert.doesNotMatch(text, /\n\s+at /);
  rmSync(join(mounted.folder, 'filler'));
  const { server } = await startWithAlice(t, join(mounted.folder, 'data'));
  await server.stop();
});

test('a database locked by another program', async (t) => {
  const folder = await temporaryFolder(t);
  const { server, alice } = await startWithAlice(t, folder);
  expectOk(await transfer(alice));
  const other = new DatabaseSync(join(folder, 'sello.sqlite'));
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  for (let n = 0; n < 3; n++) expectUnavailable(await transfer(alice));
  await alice.fetchNonces(64);
  await server.logged(/another program holds its lock/);
  other.exec('ROLLBACK');
  expectOk(await transfer(alice));
  assert.equal(errorLines(server).length, 1, 'one line a kind and minute');

  // A reader that never ends keeps nobody from writing.
  other.exec('BEGIN; SELECT count(*) FROM journal');
  for (let n = 0; n < 100; n++) expectOk(await transfer(alice));
  other.exec('ROLLBACK');
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.equal((await approvedPayees(folder)).length, 102);
});

test('a damaged page: requests that need it get unavailable, others work, no answer is false', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'sello.sqlite');
  {
    const { server, alice } = await startWithAlice(t, folder);
    const bob = new Customer('bob');
    await bob.arrive(await server.connect());
    const carol = new Customer('carol');
    await carol.arrive(await server.connect());
    for (const customer of [alice, carol, bob]) {
      for (let n = 0; n < 20; n++) expectOk(await transfer(customer));
    }
    await server.stop();
  }
  const whole = readFileSync(path);
  const damaged = Buffer.from(whole);
  // The page that holds alice's last entry, none of bob's last ones, and is not where new ones go.
  const start = 4_096 * Math.floor(whole.lastIndexOf('"user":"alice"') / 4_096);
  damaged.fill(0xa5, start, start + 4_096);
  writeFileSync(path, damaged);

  const server = await runServer(t, { folder });
  const client = await server.connect();
  for (let n = 0; n < 3; n++) {
    expectUnavailable(await client.request({ accion: 'login', username: 'alice', password: 'secreto' }));
  }
  await server.logged(/damaged/);
  assert.match(errorLines(server).join('\n'), /restore a backup/);
  assert.equal(errorLines(server).length, 1);
  expectOk(await client.request({ accion: 'login', username: 'bob', password: 'secreto' }));
  await server.stop();

  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  writeFileSync(path, whole);
  // The log-ins since then are not in it, which the next start would refuse.
  rmSync(join(folder, 'log-checkpoint'));
  const mended = await runServer(t, { folder });
  expectOk(
    await (await mended.connect()).request({ accion: 'login', username: 'alice', password: 'secreto' }),
  );
  await mended.stop();
  assert.equal((await approvedPayees(folder)).length, 60);
});

test('the key vault taken away while the server runs: decisions go on with the keys it has', async (t) => {
  const folder = await temporaryFolder(t);
  const { server, alice } = await startWithAlice(t, folder);
  const vault = join(folder, 'sello.vault');
  renameSync(vault, `${vault}.away`);
  expectOk(await transfer(alice));
  const bob = new Customer('bob');
  await bob.arrive(await server.connect());
  expectOk(await transfer(bob));
  renameSync(`${vault}.away`, vault);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
