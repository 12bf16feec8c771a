/*
 * Goal: commands that root runs on a service's folder leave files that the service can open.
 * Method: as root, on a folder of another user, whose server starts after each command.
 */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ServerProcess } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

const NOBODY = 65_534;
const skip = process.getuid?.() === 0 ? false : 'needs root, to act for another user';

test('what root makes, rewraps, reseals or restores belongs to the owner of the folder', {
  skip,
}, async (t) => {
  const base = await temporaryFolder(t);
  await chmod(base, 0o755);
  const folder = join(base, 'data');
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, NOBODY, NOBODY);
  const own = ['--data-dir', folder];
  const servesAsItself = async (after: string) => {
    for (const name of await readdir(folder))
      assert.equal((await stat(join(folder, name))).uid, NOBODY, `${name} after ${after}`);
    const server = await ServerProcess.start({ folder, uid: NOBODY });
    await server.stop();
  };

  await sello(['user', 'create', 'alice', '--password-stdin', ...own], { stdin: 'correct horse' });
  await servesAsItself('user create');
  await selloJson(['keys', 'rotate', ...own]);
  await servesAsItself('keys rotate');
  await selloJson(['backup', join(base, 'backup'), ...own]);
  await servesAsItself('backup');
  const passphrase = await import('node:fs').then(({ readFileSync }) =>
    readFileSync(join(folder, 'vault.passphrase'), 'utf8'),
  );
  assert.ok(passphrase.length > 1);
  await selloJson(['restore', join(base, 'backup'), '--force', '--unverified', ...own]);
  for (const name of ['sello.sqlite', 'sello.vault'])
    assert.equal((await stat(join(folder, name))).uid, NOBODY, `${name} after restore`);
});
