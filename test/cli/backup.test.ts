/*
 * Goal: a backup of a running server can be restored and served from, and a damaged backup is refused as a whole.
 * Method: the real command; the backup's files are damaged one at a time.
 */
import assert from 'node:assert/strict';
import { copyFile, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/cli/backup/backup-folder.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { sello, selloJson } from '../services/sello-command.ts';

let base = '';
let server: ServerProcess;
let backup = '';

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'sello-test-'));
  server = await ServerProcess.start({ folder: join(base, 'data') });
  backup = join(base, 'backup');
  await sello(['user', 'create', 'alice', '--password-stdin', '--data-dir', join(base, 'data')], {
    stdin: 'correct horse',
  });
  await selloJson(['token', 'enrol', 'alice', '--data-dir', join(base, 'data')]);
  await selloJson(['backup', backup, '--data-dir', join(base, 'data')]);
});
after(async () => {
  await server.kill();
  await rm(base, { recursive: true, force: true });
});

const data = (name: string) => ['--data-dir', join(base, name)];
/** A restore into that folder, by who knows the passphrase. */
const into = (name: string) => [
  ...data(name),
  '--vault-passphrase-file',
  join(base, 'data', 'vault.passphrase'),
];

test('a backup of a running server holds database, keys and manifest, private, and no passphrase', async () => {
  assert.deepEqual((await readdir(backup)).sort(), [
    'manifest.json',
    'manifest.jws',
    'sello.sqlite',
    'sello.vault',
  ]);
  for (const name of await readdir(backup))
    assert.equal((await stat(join(backup, name))).mode & 0o777, 0o600, name);
  const manifest = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8'));
  assert.deepEqual([manifest.entries, manifest.users], [2, 1]);
  for (const [folder, reason] of [
    [backup, /is not empty/],
    [join(base, 'data', 'copy'), /is in the data folder/],
  ] as const) {
    const { error } = await selloJson(['backup', folder, ...data('data')], { code: 2 });
    assert.equal(error.code, 'backup_folder_invalid');
    assert.match(error.message, reason);
    assert.match(error.remedy, /outside the data folder/);
  }
});

test('it is restored into an empty folder, and serves there', async () => {
  const restored = await selloJson(['restore', backup, ...into('second')]);
  assert.deepEqual([restored.entries, restored.users, restored.replaced], [2, 1, null]);
  const sealed = await selloJson(['user', 'list', ...data('second')], { code: 3 });
  assert.match(sealed.error.message, /passphrase/);

  await copyFile(join(base, 'data', 'vault.passphrase'), join(base, 'second', 'vault.passphrase'));
  const second = await ServerProcess.start({ folder: join(base, 'second') });
  try {
    const client = await second.connect();
    assert.equal(
      (await client.request({ accion: 'login', username: 'alice', password: 'correct horse' })).status,
      'OK',
    );
    client.destroy();
    assert.equal((await selloJson(['token', 'list', 'alice', ...data('second')])).tokens.length, 1);
    assert.equal((await selloJson(['keys', 'rotate', ...data('second')])).damaged, 0);
  } finally {
    await second.stop();
  }

  assert.equal(
    (await selloJson(['restore', backup, ...into('second')], { code: 1 })).error.code,
    'data_folder_not_empty',
  );
  const forced = await selloJson(['restore', backup, '--force', ...into('second')]);
  assert((await readdir(forced.replaced)).includes('sello.sqlite'));
  assert.deepEqual(
    (await readdir(join(base, 'second'))).filter((name) => !name.startsWith('replaced-')).sort(),
    ['sello.sqlite', 'sello.vault'],
  );
});

test('nothing is restored over a server that runs', async () => {
  const { error } = await selloJson(['restore', backup, '--force', ...into('data')], { code: 1 });
  assert.equal(error.code, 'server_running');
  assert.equal((await selloJson(['user', 'list', ...data('data')])).users.length, 1);
});

test('a backup that is damaged, incomplete or of another form is refused, and nothing is made', async () => {
  const cases: [string, (folder: string) => Promise<void>, RegExp][] = [
    [
      'a byte of the keys',
      (folder) => flip(join(folder, 'sello.vault')),
      /sello.vault is not what was copied/,
    ],
    [
      'a byte of the database',
      (folder) => flip(join(folder, 'sello.sqlite')),
      /sello.sqlite is not what was copied/,
    ],
    ['a file missing', (folder) => rm(join(folder, 'sello.vault')), /sello.vault is missing/],
    ['no manifest', (folder) => rm(join(folder, 'manifest.json')), /is no complete backup/],
    [
      'a manifest that names a file elsewhere',
      (folder) => edit(folder, /"sello.vault"/g, '"../sello.vault"'),
      /names files of other folders/,
    ],
    [
      'a manifest of a later version',
      (folder) => edit(folder, /"format_version": 2/, '"format_version": 3'),
      /format version 3, expected 2/,
    ],
    ['a manifest that is no JSON', (folder) => writeFile(join(folder, 'manifest.json'), '{'), /is not JSON/],
  ];
  for (const [name, damage, expected] of cases) {
    const copy = join(base, 'damaged');
    await cp(backup, copy, { recursive: true });
    await damage(copy);
    const run = await sello(['restore', copy, ...into('third')]);
    assert([1, 2].includes(run.code ?? 0), name);
    assert.match(run.stderr, expected);
    assert(!(await readdir(base)).includes('third'), name);
    await rm(copy, { recursive: true });
  }
});

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(file, bytes);
}

async function edit(folder: string, from: RegExp, to: string): Promise<void> {
  const file = join(folder, 'manifest.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}

test('a backup of a version before, without a signature, is restored only where the operator says so, and serves', async () => {
  const old = join(base, 'old-backup');
  await cp(backup, old, { recursive: true });
  const database = new DatabaseSync(join(old, 'sello.sqlite'));
  database.exec(
    'ALTER TABLE sessions DROP COLUMN proven_at; ALTER TABLE sessions DROP COLUMN invited_by; ALTER TABLE sessions DROP COLUMN proof; ALTER TABLE sessions DROP COLUMN used_at; DROP TABLE vault_binding; DROP TABLE search_progress; DROP TABLE search_segments; DROP TABLE search_pages; DROP TABLE entry_counts; DROP TABLE user_activity; DROP TABLE leases; DROP TABLE sink_positions; DROP TABLE log_tiles; DROP TABLE log_checkpoints; DROP TABLE unknown_names; DROP TABLE name_claims; DROP TABLE identities; DROP TABLE identity_keys; DROP TABLE identity_secrets; DROP TABLE messages; DROP TABLE message_parts; DROP TABLE staged_messages; DROP TABLE inbox; DROP TABLE dataset_versions; DROP TABLE service_key_facts; DROP TABLE retention; DROP TABLE erasures; DROP TABLE webhook_deliveries; DROP TABLE webhook_commands; DROP TABLE webhook_progress; DROP TABLE webhook_secrets; DROP TABLE webhooks; DROP TABLE push_subscriptions; DROP INDEX users_unclaimed; ALTER TABLE users DROP COLUMN claim_version; PRAGMA user_version = 4; PRAGMA journal_mode = DELETE',
  );
  database.close();
  const manifest = JSON.parse(await readFile(join(old, 'manifest.json'), 'utf8'));
  manifest.files['sello.sqlite'] = await digestOf(join(old, 'sello.sqlite'));
  await writeFile(join(old, 'manifest.json'), JSON.stringify({ ...manifest, format_version: 1 }));
  await rm(join(old, 'manifest.jws'));

  const { error } = await selloJson(['restore', old, ...into('third')], { code: 1 });
  assert.equal(error.code, 'backup_unverified');
  assert.match(error.message, /made by a version without signatures/);
  assert.equal((await selloJson(['restore', old, '--unverified', ...data('third')])).entries, 2);
  await copyFile(join(base, 'data', 'vault.passphrase'), join(base, 'third', 'vault.passphrase'));
  assert.equal((await selloJson(['token', 'list', 'alice', ...data('third')])).tokens.length, 1);
});
