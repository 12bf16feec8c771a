/*
 * Goal: a mistyped folder is an error of the command, never an empty server that everything seems to work on.
 * Method: the real commands on a folder that is missing, and on one that is empty.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

test('no command but those that make a server makes one: a mistyped folder is named, and stays as it is', async (t) => {
  const base = await temporaryFolder(t);
  const missing = join(base, 'dta');
  const empty = join(base, 'empty');
  await mkdir(empty);
  const commands = [
    ['backup', join(base, 'backup')],
    ['user', 'list'],
    ['user', 'unlock', 'alice'],
    ['service', 'list'],
    ['keys', 'list'],
    ['keys', 'rotate'],
    ['token', 'list', 'alice'],
    ['audit', 'verify'],
    ['audit', 'export'],
  ];
  for (const words of commands)
    for (const folder of [missing, empty]) {
      const failed = await selloJson([...words, '--data-dir', folder], { code: 3 });
      assert.match(failed.error.message, /there is no database|does not exist/, words.join(' '));
    }
  assert.equal(existsSync(missing), false);
  assert.deepEqual(await readdir(empty), []);
  assert.equal(existsSync(join(base, 'backup')), false);
});

test('creating the first user before the first start makes a server, and says what it made', async (t) => {
  const base = await temporaryFolder(t);
  const words = [
    'user',
    'create',
    'root',
    '--role',
    'admin',
    '--password-stdin',
    '--data-dir',
    join(base, 'data'),
  ];
  const { stdout, stderr } = await sello(words, { stdin: 'correct horse' });
  assert.match(stdout, /Created root \(admin\)/);
  assert.match(stderr, /There was no server in this folder yet/);
  for (const name of ['sello.sqlite', 'sello.vault', 'vault.passphrase'])
    assert.match(stderr, new RegExp(`/data/${name}`));
  const second = await sello(
    ['service', 'create', 'shop', '--scope', 'codes:verify', '--data-dir', join(base, 'data')],
    {},
  );
  assert.doesNotMatch(second.stderr, /no server/);
});
