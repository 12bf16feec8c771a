/*
 * Goal: whatever keeps the server from starting, it prints one clear message that names the cause and says what to do,
 * exits with a code that distinguishes a mistake from an outage, and changes nothing: once the cause is fixed, everything
 * that was acknowledged is there.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { Customer, expectOk } from './customer.ts';
import { readJournal } from './journal.ts';
import { runServer, type ServerOptions, ServerProcess } from './server-process.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A start that must be refused. @returns what it said */
async function refusedStart(
  options: ServerOptions,
  code: number,
  ...said: readonly RegExp[]
): Promise<string> {
  const server = ServerProcess.launch(options);
  const refusal = await server.refusal();
  assert.deepEqual({ code: refusal.code, signal: refusal.signal }, { code, signal: null }, refusal.text);
  const { text } = refusal;
  for (const pattern of said) assert.match(text, pattern);
  assert.doesNotMatch(
    text,
    /\n\s+at |node:internal|StartRefused|errcode|SQLITE_/,
    'no stack and no internals',
  );
  assert.ok(text.length < 700 && text.split('\n').length <= 8, `one message:\n${text}`);
  assert.equal(server.stdout, '', 'nothing is printed where a result is read');
  return text;
}

describe('a start is refused', { concurrency: 2 }, () => {
  /** A data folder with a user and an approved transfer, whose server was stopped. Copied by each test. */
  let original = '';
  let acknowledged = '';

  const ends: (() => unknown)[] = [];
  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  before(async () => {
    const context = { after: (end: () => unknown) => void ends.push(end) };
    original = join(await temporaryFolder(context), 'data');
    const server = await runServer(context, { folder: original });
    const alice = new Customer('alice');
    await alice.arrive(await server.connect());
    await alice.fetchNonces(1);
    const approved = expectOk(await alice.send({ data: 'CuentaA,CuentaB,100.0', idempotencyKey: 'k' }));
    acknowledged = String(approved.transaccion);
    await server.stop();
  });

  async function dataFolder(t: TestContext): Promise<string> {
    const folder = join(await temporaryFolder(t), 'data');
    cpSync(original, folder, { recursive: true });
    return folder;
  }

  /** Mended: it starts, and what was acknowledged before is there. */
  async function startsWell(t: TestContext, options: ServerOptions): Promise<void> {
    const server = await runServer(t, options);
    const alice = new Customer('alice');
    alice.use(await server.connect());
    await alice.logIn();
    await alice.fetchNonces(1);
    const repeated = expectOk(await alice.send({ data: 'CuentaA,CuentaB,100.0', idempotencyKey: 'k' }));
    assert.equal(repeated.transaccion, acknowledged);
    assert.equal(repeated.repetida, true);
    await server.stop();
    const journal = await readJournal(options.folder);
    assert.ok(journal.some(({ transaction }) => transaction?.id === acknowledged));
  }

  test('by a server that has the folder, whose process it names', async (t) => {
    const folder = await dataFolder(t);
    const first = await runServer(t, { folder });
    await refusedStart({ folder }, 3, new RegExp(`process ${first.child.pid}\\b`), /stop that server/);
    // By another name of the same folder, too.
    await refusedStart({ folder: `${folder}/../data/.` }, 3, new RegExp(`process ${first.child.pid}\\b`));
    await first.stop();
    await startsWell(t, { folder });
  });

  test('by one of many that start on a new folder at once: one runs, the others name it', async (t) => {
    const folder = join(await temporaryFolder(t), 'data');
    const servers = Array.from({ length: 4 }, () => ServerProcess.launch({ folder }));
    for (const server of servers) t.after(() => server.kill());
    const outcomes = await Promise.all(
      servers.map((server) =>
        server.listening().then(
          () => server,
          () => undefined,
        ),
      ),
    );
    const [running, ...more] = outcomes.filter((server) => server !== undefined);
    assert.ok(running && more.length === 0, `${more.length + (running ? 1 : 0)} servers run`);
    for (const server of servers) {
      if (server === running) continue;
      assert.equal((await server.ended).code, 3, server.stderr);
      assert.match(server.stderr, /in use by (process|another process)/);
    }
    await new Customer('bob').arrive(await running.connect());
    assert.deepEqual(await running.stop(), { code: 0, signal: null });
    await (await runServer(t, { folder })).stop();
  });

  test('by a folder whose server was killed: it is not', async (t) => {
    const folder = await dataFolder(t);
    await (await runServer(t, { folder })).kill();
    await startsWell(t, { folder });
  });

  test('by a port in use', async (t) => {
    const folder = await dataFolder(t);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const { port } = other.address() as AddressInfo;
    const flags = { '--tcp-port': String(port) };
    await refusedStart({ folder, flags }, 3, new RegExp(`port ${port}`), /in use/, /tcp_port/);
    await startsWell(t, { folder });
  });

  test('by an address that this machine has not, or that is not loopback', async (t) => {
    const folder = await dataFolder(t);
    await refusedStart(
      { folder, flags: { '--tcp-host': '192.0.2.1', '--tcp-plaintext-allowed': 'true' } },
      3,
      /192\.0\.2\.1/,
      /tcp_host/,
    );
    await refusedStart({ folder, flags: { '--tcp-host': '0.0.0.0' } }, 2, /tls_cert_file/);
  });

  for (const [what, content, said] of [
    ['an unknown key', 'lockot: { attempts_max: 3 }\n', /lockot[\s\S]*lockout/],
    ['a value of the wrong type', 'tcp_port: eleven\n', /tcp_port/],
    ['a value out of bounds', 'keys: { challenge_ttl_ms: 1 }\n', /challenge_ttl_ms/],
    ['a policy that nobody can meet', 'policy: { rules: [{ require: [trust] }] }\n', /require/],
    ['text that is not YAML', 'tcp_port: [1\n', /sello\.yaml/],
    ['a key that is there twice', 'tcp_port: 1\ntcp_port: 2\n', /tcp_port|twice|unique/i],
    ['a list instead of keys', '- tcp_port\n', /sello\.yaml/],
  ] as const) {
    test(`by a configuration with ${what}`, async (t) => {
      const folder = await temporaryFolder(t);
      const file = join(folder, 'sello.yaml');
      writeFileSync(file, content);
      await refusedStart({ folder: join(folder, 'data'), flags: { '--config': file } }, 2, said);
      assert.throws(() => statSync(join(folder, 'data')), 'nothing was made');
    });
  }

  test('by a configuration file that is not there, and by an unknown flag and variable', async (t) => {
    const folder = await temporaryFolder(t);
    const file = join(folder, 'none.yaml');
    await refusedStart({ folder, flags: { '--config': file } }, 2, /none\.yaml/);
    await refusedStart({ folder, flags: { '--tcp-prot': '1' } }, 2, /--tcp-prot[\s\S]*--tcp-port/);
    await refusedStart({ folder, environment: { SELLO_TCP_PROT: '1' } }, 2, /SELLO_TCP_PROT/);
  });

  test('by a damaged key vault, whichever byte it is', async (t) => {
    const folder = await dataFolder(t);
    const path = join(folder, 'sello.vault');
    const whole = readFileSync(path);
    const places = [0, 20, whole.length - 1];
    for (const place of places) {
      const damaged = Buffer.from(whole);
      damaged[place] = (damaged[place] ?? 0) ^ 0x01;
      writeFileSync(path, damaged);
      await refusedStart({ folder }, 3, /sello\.vault/, /damaged|does not open/, /backup/);
    }
    for (const damaged of [Buffer.alloc(0), whole.subarray(0, whole.length - 1)]) {
      writeFileSync(path, damaged);
      await refusedStart({ folder }, 3, /sello\.vault/, /damaged|does not open/, /backup/);
    }
    writeFileSync(path, whole);
    await startsWell(t, { folder });
  });

  test('by another passphrase, a missing one, an open one; and by a missing vault', async (t) => {
    const folder = await dataFolder(t);
    const passphraseFile = join(folder, 'vault.passphrase');
    const passphrase = readFileSync(passphraseFile, 'utf8');
    const wrong = 'correct horse battery staple';
    const told = await refusedStart(
      { folder, environment: { SELLO_VAULT_PASSPHRASE: wrong } },
      3,
      /sello\.vault/,
      /passphrase/,
    );
    assert.ok(!told.includes(wrong) && !told.includes(passphrase.trim()), 'no passphrase is told');

    renameSync(passphraseFile, `${passphraseFile}.away`);
    await refusedStart({ folder }, 3, /vault\.passphrase/, /missing/);
    renameSync(`${passphraseFile}.away`, passphraseFile);
    chmodSync(passphraseFile, 0o644);
    await refusedStart({ folder }, 3, /vault\.passphrase/, /chmod 600/);
    chmodSync(passphraseFile, 0o600);

    const vault = join(folder, 'sello.vault');
    renameSync(vault, `${vault}.away`);
    await refusedStart({ folder }, 3, /sello\.vault/, /missing/, /backup/);
    renameSync(`${vault}.away`, vault);
    await startsWell(t, { folder });
  });

  test("by a database that is another program's, of a newer version, or none", async (t) => {
    const folder = await dataFolder(t);
    const path = join(folder, 'sello.sqlite');
    renameSync(path, `${path}.away`);
    writeFileSync(path, 'x'.repeat(8_192));
    await refusedStart({ folder }, 3, /sello\.sqlite/, /not a database|damaged/);
    rmSync(path);
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE t (a)');
    foreign.close();
    await refusedStart({ folder }, 3, /another program/);
    rmSync(path);
    cpSync(`${path}.away`, path);
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    await refusedStart({ folder }, 3, /newer version/);
    renameSync(`${path}.away`, path);
    await startsWell(t, { folder });
  });

  test('by a database that was cut off', async (t) => {
    const folder = await dataFolder(t);
    const path = join(folder, 'sello.sqlite');
    const whole = readFileSync(path);
    truncateSync(path, whole.length >> 1);
    await refusedStart({ folder }, 3, /sello\.sqlite/, /damaged/, /backup/);
    writeFileSync(path, whole);
    await startsWell(t, { folder });
  });

  test('by a database that another program has locked', async (t) => {
    const folder = await dataFolder(t);
    const other = new DatabaseSync(join(folder, 'sello.sqlite'));
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE watermark SET position = position');
    await refusedStart({ folder }, 3, /sello\.sqlite/, /another program holds its lock/);
    other.exec('ROLLBACK');
    other.close();
    await startsWell(t, { folder });
  });

  test('by a data folder that is a file', async (t) => {
    const folder = join(await temporaryFolder(t), 'data');
    writeFileSync(folder, '');
    await refusedStart({ folder }, 3, /data_dir|data/);
  });

  test('by a folder that it may not write', {
    skip: isRoot ? false : 'needs root, to run as another user',
  }, async (t) => {
    const outside = await temporaryFolder(t);
    chmodSync(outside, 0o755);
    const folder = join(outside, 'data');
    // Of root, and run as nobody.
    await refusedStart({ folder, uid: NOBODY }, 3, new RegExp(folder), /cannot be made \(EACCES\)/);
    mkdirSync(folder, { mode: 0o755 });
    await refusedStart({ folder, uid: NOBODY }, 3, new RegExp(folder), /may not be written|permissions/);

    cpSync(original, folder, { recursive: true });
    for (const name of ['', ...readdirSync(folder)]) {
      chownSync(join(folder, name), NOBODY, NOBODY);
    }
    chmodSync(folder, 0o555);
    await refusedStart({ folder, uid: NOBODY }, 3, /sello\.sqlite/, /may not be written|permissions/);
    chmodSync(folder, 0o700);
    chmodSync(join(folder, 'sello.sqlite'), 0o400);
    await refusedStart({ folder, uid: NOBODY }, 3, /sello\.sqlite/, /may not be written|permissions/);
    // SQLite's own files beside it were made with the same mode.
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o600);
    chmodSync(join(folder, 'sello.vault'), 0o000);
    await refusedStart({ folder, uid: NOBODY }, 3, /sello\.vault/, /cannot be read/);
    chmodSync(join(folder, 'sello.vault'), 0o600);
    await startsWell(t, { folder, uid: NOBODY });
  });
});
