/*
 * Goal: who can write to the medium of a backup, without its passphrase, makes nobody an administrator by it.
 * Method: copies of a real backup, changed as an attacker who knows the format would, with digests recomputed.
 */
import assert from 'node:assert/strict';
import { copyFile, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/cli/backup/backup-folder.ts';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { StartRefused } from '../../src/domain/errors.ts';
import { registeredSession } from '../services/application.ts';
import { selloJson } from '../services/sello-command.ts';

let base = '';
let backup = '';
const keys = () => join(base, 'keys.json');

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'sello-test-'));
  backup = join(base, 'backup');
  const application = await openApplication(
    loadConfig({ flags: { '--data-dir': join(base, 'data') } }).config,
  );
  await registeredSession(application, 'mallory');
  const published = await application.vault.publicKeys();
  await writeFile(keys(), JSON.stringify({ keys: published.map(({ jwk }) => jwk) }));
  await application.close();
  await selloJson(['backup', backup, '--data-dir', join(base, 'data')]);
});
after(() => rm(base, { recursive: true, force: true }));

const passphrase = () => ['--vault-passphrase-file', join(base, 'data', 'vault.passphrase')];

async function restore(folder: string, flags: readonly string[], code = 1) {
  const into = join(base, 'restored');
  await rm(into, { recursive: true, force: true });
  const told = await selloJson(['restore', folder, '--data-dir', into, ...flags], { code });
  if (code !== 0) assert.ok(!(await readdir(base)).includes('restored'), 'nothing is made');
  return told;
}

/** A copy of the backup whose database is changed, with a manifest that says so. */
async function changed(sql: string): Promise<string> {
  const folder = await mkdtemp(join(base, 'changed-'));
  await cp(backup, folder, { recursive: true });
  const path = join(folder, 'sello.sqlite');
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  manifest.files['sello.sqlite'] = await digestOf(path);
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return folder;
}

const PROMOTION = "UPDATE users SET role = 'admin' WHERE username = 'mallory'";
const TRIGGER =
  "CREATE TRIGGER promote AFTER INSERT ON users BEGIN UPDATE users SET role = 'admin' WHERE user_id = new.user_id; END";

test('a backup in which a user was made an administrator is refused, by its passphrase and by its public keys', async () => {
  const folder = await changed(PROMOTION);
  for (const flags of [passphrase(), ['--verify-key', keys()]]) {
    assert.match((await restore(folder, flags)).error.message, /manifest is not what was signed/);
  }
  for (const flags of [passphrase(), ['--verify-key', keys()]]) assert.ok(await restore(backup, flags, 0));
});

test('without passphrase and keys nothing is restored, unless the operator says that it is unverified', async () => {
  const { error } = await restore(backup, []);
  assert.equal(error.code, 'backup_unverified');
  assert.match(error.remedy, /--unverified, which means/);
  assert.ok(await restore(backup, ['--unverified'], 0));
  const stranger = join(base, 'stranger.json');
  await writeFile(stranger, JSON.stringify({ keys: [] }));
  assert.match((await restore(backup, ['--verify-key', stranger])).error.message, /have none that is named/);
});

test('keys and passphrase of the attacker’s own are of no use', async () => {
  const own = await mkdtemp(join(base, 'own-'));
  await (await openApplication(loadConfig({ flags: { '--data-dir': own } }).config)).close();
  const forged = join(base, 'forged');
  await selloJson(['backup', forged, '--data-dir', own]);
  assert.equal((await restore(forged, passphrase())).error.code, 'backup_unverified');
});

for (const [name, sql, said] of [
  ['a role that the journal contradicts', PROMOTION, /its role is admin, and the entries say user/],
  ['a trigger', TRIGGER, /the trigger promote is not Sello's/],
  ['a view', 'CREATE VIEW extra AS SELECT 1', /the view extra is not Sello's/],
  ['another table', 'CREATE TABLE extra (id)', /the table extra is not Sello's/],
  [
    'a generated column',
    'ALTER TABLE users ADD COLUMN x TEXT AS (role)',
    /the table users is not as Sello makes it/,
  ],
  ['an index less', 'DROP INDEX sessions_by_expiry', /the index sessions_by_expiry is missing/],
] as const) {
  test(`also where its signature is not looked at, a backup with ${name} is refused`, async () => {
    assert.match((await restore(await changed(sql), ['--unverified'])).error.message, said);
  });
}

test('no file of a backup is followed elsewhere, and nothing beside the database is read', async () => {
  for (const name of ['sello.sqlite', 'sello.vault', 'manifest.json']) {
    const folder = await mkdtemp(join(base, 'linked-'));
    await cp(backup, folder, { recursive: true });
    await rm(join(folder, name));
    await symlink(join(backup, name), join(folder, name));
    const { error } = await restore(folder, passphrase(), name === 'manifest.json' ? 2 : 1);
    assert.match(error.message, /is a link, not a file/, name);
  }
  const beside = await mkdtemp(join(base, 'beside-'));
  await cp(backup, beside, { recursive: true });
  await copyFile(join(beside, 'sello.sqlite'), join(beside, 'sello.sqlite-wal'));
  assert.match(
    (await restore(beside, passphrase())).error.message,
    /sello.sqlite-wal is beside the database/,
  );
});

test('a server does not start on a database in which a trigger was planted, and doctor and audit name it', async (t) => {
  const folder = await mkdtemp(join(base, 'live-'));
  await cp(join(base, 'data'), folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'sello.sqlite'));
  t.after(() => database.close());
  database.exec(TRIGGER);
  const { config } = loadConfig({ flags: { '--data-dir': folder } });
  await assert.rejects(
    openApplication(config),
    (error) =>
      error instanceof StartRefused && /changed from outside: the trigger promote/.test(error.message),
  );
  const doctor = await selloJson(['doctor', '--data-dir', folder], { code: 1 });
  assert.match(JSON.stringify(doctor), /the trigger promote is not Sello's/);
  const audit = await selloJson(['audit', 'verify', '--data-dir', folder], { code: 1 });
  assert.match(JSON.stringify(audit), /the trigger promote is not Sello's/);
  database.exec('DROP TRIGGER promote');
  await (await openApplication(config)).close();
});
