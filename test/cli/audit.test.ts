/*
 * Goal: `sello audit` exports a journal that can be verified anywhere, and finds every change to it.
 * Method: the real command on a real data folder; exports and rows are changed between two runs.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { checkpointOver, exportLines, logKey } from '../operator/export-fixture.ts';
import { sello, selloJson } from '../services/sello-command.ts';

let folder = '';
let at: string[] = [];
let lines: string[] = [];

interface ExportedLine {
  body: Record<string, unknown>;
  previous: string;
  hash: string;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
  at = ['--data-dir', folder];
  const application = await openApplication(loadConfig({ flags: { '--data-dir': folder } }).config);
  for (const username of ['alice', 'bob', 'carmen']) {
    await application.services.registerUser({ username, password: 'correct horse', address: '127.0.0.1' });
  }
  for (const username of ['bob', 'alice', 'bob', 'bob']) {
    await application.services.logIn({ username, password: 'correct horse', address: '127.0.0.1' });
  }
  await application.close();
  lines = (await sello(['audit', 'export', ...at])).stdout.trimEnd().split('\n');
});
after(() => rm(folder, { recursive: true, force: true }));

/** An export without the indexes of what is sealed: whether a running server has sealed it is a matter of time. */
function withoutIndex(exported: string): string {
  return exported.replaceAll(/^\{"index":\d+,/gm, '{');
}

async function verifyFile(content: string): Promise<{
  valid: boolean;
  entries: number;
  fault?: { entry: number; user: string; version: number; reason: string };
}> {
  const file = join(folder, 'export.jsonl');
  await writeFile(file, content);
  const run = await sello(['audit', 'verify', file, '--json', ...at]);
  const verdict = JSON.parse(run.stdout);
  assert.equal(run.code, verdict.valid ? 0 : 1, run.stderr);
  return verdict;
}

test('an export is a line an entry in the journal order, and verifies', async () => {
  assert.equal(lines.length, 7);
  const entries = lines.map((line) => JSON.parse(line) as ExportedLine);
  assert.deepEqual(
    entries.map(({ body }) => `${body.user} ${body.version}`),
    ['alice 1', 'bob 1', 'carmen 1', 'bob 2', 'alice 2', 'bob 3', 'bob 4'],
  );
  assert.deepEqual(Object.keys(entries[0] ?? {}), ['body', 'previous', 'hash']);
  assert.equal(entries[0]?.previous, '0'.repeat(64));
  assert.equal(entries[3]?.previous, entries[1]?.hash);
  assert.deepEqual(await verifyFile(`${lines.join('\n')}\n`), { valid: true, entries: 7, users: 3 });
  const piped = await sello(['audit', 'verify', '-', ...at], { stdin: lines.join('\n') });
  assert.equal(piped.code, 0);
  assert.match(piped.stdout, /7 entries of 3 users/);
});

test("one user's entries alone, and an unknown user", async () => {
  const { stdout } = await sello(['audit', 'export', '--user', 'bob', ...at]);
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    lines.filter((line) => line.includes('"user":"bob"')),
  );
  assert.equal(
    (await selloJson(['audit', 'export', '--user', 'nobody', ...at], { code: 1 })).error.code,
    'user_unknown',
  );
});

test('an export that another program wrote anew is the same journal', async () => {
  const spaced = lines.map((line) => {
    const { body, previous, hash } = JSON.parse(line) as ExportedLine;
    return JSON.stringify(
      { hash, previous, body: Object.fromEntries(Object.entries(body).reverse()) },
      null,
      1,
    )
      .replaceAll('\n', ' ')
      .replace('alice', '\\u0061lice');
  });
  assert.equal((await verifyFile(spaced.join('\r\n'))).valid, true);
});

test('each kind of tampering with an export is found at its first entry, exit 1', async () => {
  const changed = (from: string, to: string) => (all: string[]) =>
    all.with(3, (all[3] ?? '').replace(from, to));
  const cases: [string, (all: string[]) => string[], string][] = [
    ['a text changed', changed('login.accepted', 'login.refused'), '4 bob 2 hash_mismatch'],
    ['a line missing', (all) => all.toSpliced(3, 1), '5 bob 3 version_unexpected'],
    [
      'lines reordered',
      (all) => all.with(3, all[5] ?? '').with(5, all[3] ?? ''),
      '4 bob 3 version_unexpected',
    ],
    ['a line twice', (all) => all.toSpliced(4, 0, all[3] ?? ''), '5 bob 2 version_unexpected'],
    ['no JSON', (all) => all.with(3, 'x'), '4  0 body_not_json'],
    ['a member that no hash covers', changed('{"body"', '{"note":"x","body"'), '4  0 body_not_json'],
    ['a name twice', changed('"type":', '"type":"user.registered","type":'), '4 bob 2 body_not_canonical'],
  ];
  for (const [name, change, expected] of cases) {
    const { fault } = await verifyFile(change(lines).join('\n'));
    assert.equal(`${fault?.entry} ${fault?.user} ${fault?.version} ${fault?.reason}`, expected, name);
  }
});

test('endless lines, bytes that are not text, and a missing file', async () => {
  const file = join(folder, 'odd.jsonl');
  await writeFile(file, Buffer.concat([Buffer.from(`${lines[0]}\n`), Buffer.alloc(200_000, 'x')]));
  const long = await sello(['audit', 'verify', file]);
  assert.deepEqual([long.code, long.stderr], [1, 'sello: line 2: longer than 65536 bytes\n']);
  await writeFile(file, Buffer.from([0xff, 0xfe, 10]));
  assert.match((await sello(['audit', 'verify', file])).stderr, /line 1: not UTF-8/);
  assert.equal(
    (await selloJson(['audit', 'verify', join(folder, 'none')], { code: 2 })).error.code,
    'file_unreadable',
  );
});

test('the database verifies while a server runs on it', async (t) => {
  const server = await ServerProcess.start({ folder });
  t.after(() => server.kill());
  assert.deepEqual(await selloJson(['audit', 'verify', ...at]), { valid: true, entries: 7, users: 3 });
  assert.equal(withoutIndex((await sello(['audit', 'export', ...at])).stdout), `${lines.join('\n')}\n`);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test('a changed, a missing and a cut-off row of the database are found', async () => {
  const original = await readFile(join(folder, 'sello.sqlite'));
  const tamper = async (sql: string) => {
    const copy = await mkdtemp(join(tmpdir(), 'sello-test-'));
    try {
      await writeFile(join(copy, 'sello.sqlite'), original);
      const database = new DatabaseSync(join(copy, 'sello.sqlite'));
      database.exec(sql);
      database.close();
      const run = await sello(['audit', 'verify', '--json', '--data-dir', copy]);
      assert.equal(run.code, 1, run.stdout + run.stderr);
      return JSON.parse(run.stdout);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  };
  const changed = await tamper(
    "UPDATE journal SET body = replace(body, 'login.accepted', 'login.refused') WHERE position = 4",
  );
  assert.deepEqual(
    [changed.fault.entry, changed.fault.user, changed.fault.reason],
    [4, 'bob', 'hash_mismatch'],
  );
  const missing = await tamper('DELETE FROM journal WHERE position = 4');
  assert.deepEqual(
    [missing.fault.user, missing.fault.version, missing.fault.reason],
    ['bob', 3, 'version_unexpected'],
  );
  const cut = await tamper('DELETE FROM journal WHERE position = 7');
  assert.equal(cut.valid, false);
  assert(
    cut.fault?.reason === 'truncated' || cut.damage?.length > 0 || cut.row_fault !== undefined,
    JSON.stringify(cut),
  );
});

test('checkpoints are given by file, with the log’s key; each failure is said in one line', async () => {
  const sealed = exportLines(20);
  const key = logKey('sello.example');
  const file = (name: string) => join(folder, name);
  await writeFile(file('sealed.jsonl'), `${sealed.join('\n')}\n`);
  await writeFile(file('20.txt'), checkpointOver(sealed, 20, 'sello.example', key));
  await writeFile(file('12.txt'), checkpointOver(sealed, 12, 'sello.example', key));
  await writeFile(file('fork.txt'), checkpointOver(exportLines(20, 5, 'y'), 12, 'sello.example', key));
  const verify = (...more: string[]) => sello(['audit', 'verify', file('sealed.jsonl'), ...more]);
  const pins = ['--pin', file('12.txt'), '--pin', file('20.txt')];
  const whole = await verify(...pins, '--vkey', key.vkey);
  assert.deepEqual([whole.code, whole.stderr], [0, ''], whole.stdout);
  const unkeyed = await verify('--pin', file('12.txt'));
  assert.equal(unkeyed.code, 0);
  assert.match(
    unkeyed.stderr,
    /signatures of the checkpoints were not verified.*\n8 entries are covered by no/s,
  );
  const forked = await verify('--pin', file('20.txt'), '--pin', file('fork.txt'), '--vkey', key.vkey);
  assert.equal(forked.code, 1);
  assert.match(forked.stdout, /forked: .*20\.txt fits the export, and .*fork\.txt is of other entries/);
  const foreign = await verify('--pin', file('12.txt'), '--vkey', logKey('sello.example').vkey);
  assert.deepEqual([foreign.code, /12\.txt is not signed by this key/.test(foreign.stderr)], [1, true]);
  assert.equal((await verify('--pin', file('12.txt'), '--vkey', 'x')).code, 2);
  assert.equal((await verify('--pin', file('none.txt'))).code, 2);
  await writeFile(file('cut.jsonl'), sealed.join('\n').slice(0, -40));
  const cut = await sello(['audit', 'verify', file('cut.jsonl'), '--json', ...pins, '--vkey', key.vkey]);
  assert.equal(cut.code, 1);
  assert.equal(JSON.parse(cut.stdout).fault.entry, 20);
});

test('an export ends quietly when its reader has seen enough', async () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn('/bin/sh', [
    '-c',
    '"$0" "$1" audit export --data-dir "$2" | head -n 1',
    process.execPath,
    main,
    folder,
  ]);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    output += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  assert.equal(withoutIndex(output), `${lines[0]}\n`);
});
