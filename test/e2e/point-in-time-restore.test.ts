/*
 * Goal: the point-in-time restore of docs/operations.md works. Method: its commands run in order with other paths, ports
 * and times, on a real PostgreSQL with a real server and its customers; then the audit, a server on the restored database
 * and its customers show what is there.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac, hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ClientAnswer, TcpClient } from '../../src/client/tcp-client.ts';
import { ROOT } from '../docs/machine.ts';
import { fencedBlocks } from '../docs/markdown.ts';
import { temporaryFolder } from '../services/application.ts';
import { freePort } from '../services/free-port.ts';
import { binaries, command, own, PostgresServer } from '../services/postgres.ts';
import { selloJson } from '../services/sello-command.ts';
import { Customer, expectOk, PASSWORD, type SentTransfer } from './customer.ts';
import type { JournalBody } from './journal.ts';
import { runServer } from './server-process.ts';

// Why: docs/DECISIONS.md#restores-use-plain-postgresql-commands
const run = promisify(execFile);
const HEADING = '## Backup and point-in-time restore\n';
const BLOCK_TIME_MS = 60_000;
const ATTEMPTS_MAX = 5;
/** What was answered before the moment is tried again after the restore, however slow this machine is. */
const CHALLENGE_TTL_MS = '900000';

test('a database restored to a moment has every decision until then and none after', async (t) => {
  const [archive, backup, archiveLast, restore, check, serve, ...more] = commands();
  assert.ok(archive && backup && archiveLast && restore && check && serve && more.length === 0);

  const place = mkdtempSync(join(tmpdir(), 'sello-restore-'));
  own(place);
  const folder = await temporaryFolder(t);
  const postgres = await PostgresServer.start();
  let stopRestored = async () => {};
  t.after(async () => {
    await stopRestored();
    await postgres.remove();
    rmSync(place, { recursive: true, force: true });
  });
  const database = await postgres.createDatabase();
  const restored = { port: await freePort(), data: join(place, 'restored'), config: join(folder, 'it.yaml') };
  const asWritten = new Map([
    ['/var/backups/sello', join(place, 'backup')],
    ['/var/lib/postgresql/restored', restored.data],
    ['/etc/sello/restored.yaml', restored.config],
    ['5433', `${restored.port}`],
  ]);
  const asPostgres = (block: string) => shell(substituted(block, asWritten), postgres);

  await asPostgres(archive);
  await postgres.stop();
  await postgres.run();
  const flags = { '--store-url': database.url, '--keys-challenge-ttl-ms': CHALLENGE_TTL_MS };
  const server = await runServer(t, { folder, flags });
  const alice = new Customer('alice');
  await alice.arrive(await server.connect());
  const mallory = new Customer('mallory');
  await mallory.arrive(await server.connect());
  await alice.fetchNonces(40);
  await pay(alice, 'before the backup', 5);
  await asPostgres(backup);
  await pay(alice, 'after the backup', 5);

  const reused = await nonceOf(alice.client);
  const moment = await timeOf(postgres);
  // Whatever a clock's resolution is, what follows is later.
  await delay(50);
  assert.ok(moment < (await timeOf(postgres)));
  const [gone] = await pay(alice, 'after the moment', 5);
  expectOk(await answer(alice.client, reused));
  assert.equal((await answer(alice.client, reused)).error, 'challenge_spent');
  await new Customer('bob').arrive(await server.connect());
  await server.kill();

  asWritten.set('2026-11-21 17:30:00+00', moment);
  await asPostgres(archiveLast);
  stopRestored = async () => {
    await run(...command('pg_ctl', ['stop', '--mode', 'immediate', '--pgdata', restored.data]), { cwd: '/' });
  };
  await asPostgres(restore);
  // As where it was needed: what was there before is not.
  await postgres.stop();

  const { name, owner } = database;
  const settings = {
    data_dir: folder,
    // A doctor finds the usual ones in use where something else runs.
    ...{ tcp_port: 0, http_port: 0 },
    store_url: postgres.url(name, owner, `secret-${name}`, restored.port),
    keys: { challenge_ttl_ms: Number(CHALLENGE_TTL_MS) },
  };
  writeFileSync(restored.config, JSON.stringify(settings), { mode: 0o600 });
  const checked = await shell(substituted(check, asWritten));
  assert.match(checked, /^The journal is whole: 14 entries of 2 users\.$/m);
  assert.doesNotMatch(checked, /FAIL/);
  await selloJson(['user', 'disable', 'mallory', '--config', restored.config]);

  assert.equal(serve, 'sello serve --accept-rollback --config /etc/sello/restored.yaml');
  const second = await runServer(t, {
    folder,
    flags: { '--config': restored.config },
    switches: ['--accept-rollback'],
  });
  await alice.resume(await second.connect());
  const disabled = await (await second.connect()).request({ accion: 'reanudar', sesion: mallory.secret });
  assert.equal(disabled.status, 'ERROR');
  const unknown = { accion: 'login', username: 'bob', password: PASSWORD };
  assert.equal((await (await second.connect()).request(unknown)).error, 'credentials_invalid');
  expectOk(await answer(alice.client, reused));
  await alice.fetchNonces(10);
  const [again] = await pay(alice, 'after the moment', 1);
  assert.ok(gone && again && gone !== again, 'decided anew, not told again');
  assert.deepEqual(await approvedBy('alice', restored.config), {
    'before the backup': 5,
    'after the backup': 5,
    // One each, of those that were sent after the restore.
    'answered twice': 1,
    'after the moment': 1,
  });
});

/** The section's commands, in order. */
function commands(): readonly string[] {
  const [, section = ''] = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8').split(HEADING);
  const blocks = fencedBlocks(section.split('\n## ')[0] ?? '');
  return blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
}

/** A path that was not replaced would be the machine's own: it is refused. */
function substituted(block: string, values: ReadonlyMap<string, string>): string {
  let text = block;
  for (const [written, real] of values) text = text.replaceAll(written, real);
  assert.doesNotMatch(text, /\/(var|etc)\//);
  return text;
}

/** Runs a block as the user whose it is: of the cluster's own, or ours. @returns what it printed */
async function shell(block: string, postgres?: PostgresServer): Promise<string> {
  const settings = {
    PATH: `${join(ROOT, 'bin')}:${binaries()}:${process.env.PATH}`,
    LC_ALL: 'C.UTF-8',
    ...(postgres ? connection(postgres) : {}),
  };
  const root = process.getuid?.() === 0;
  const user = postgres && root ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  const [program = 'sh', ...args] = [...user, 'sh', '-euc', block];
  const { stdout } = await run(program, args, { env: settings, cwd: '/', timeout: BLOCK_TIME_MS });
  return stdout;
}

function connection(postgres: PostgresServer): Record<string, string> {
  const { username, password } = new URL(postgres.url());
  return { PGHOST: postgres.folder, PGPORT: `${postgres.port}`, PGUSER: username, PGPASSWORD: password };
}

async function timeOf(postgres: PostgresServer): Promise<string> {
  const [row] = await postgres.query(
    "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00') AS now",
  );
  return String(row?.now);
}

/** @returns the ids of what was approved */
async function pay(customer: Customer, payee: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++) {
    const sent = { data: `CuentaA,${payee},${n}.00`, idempotencyKey: `${payee} ${n}` };
    ids.push(String(expectOk(await sendPatiently(customer, sent)).transaccion));
  }
  return ids;
}

/** As customers do: the same again when it is said that nothing can be decided now, as on a machine that is too busy. */
async function sendPatiently(customer: Customer, sent: SentTransfer): Promise<ClientAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answered = await customer.send(sent);
    if (answered.error !== 'unavailable' || attempt === ATTEMPTS_MAX) return answered;
    await delay(Number(answered.reintentar_ms));
  }
}

async function nonceOf(client: TcpClient): Promise<string> {
  return String(expectOk(await client.request({ accion: 'pet_transaccion' })).nonce);
}

function answer(client: TcpClient, nonce: string) {
  const data = 'CuentaA,answered twice,1.00';
  const key = hash('sha256', PASSWORD, 'buffer');
  const mac = createHmac('sha256', key)
    .update(data + nonce)
    .digest('hex');
  return client.request({ accion: 'transaccion', data, nonce, mac });
}

/** What was approved, by payee. */
async function approvedBy(username: string, config: string): Promise<Readonly<Record<string, number>>> {
  const lines = await shell(`sello audit export --config '${config}' --user ${username}`);
  const counts: Record<string, number> = {};
  for (const line of lines.trim().split('\n')) {
    const { type, transaction } = (JSON.parse(line) as { body: JournalBody }).body;
    if (type !== 'transaction.approved') continue;
    const payee = transaction?.payee ?? '';
    counts[payee] = (counts[payee] ?? 0) + 1;
  }
  return counts;
}
