/*
 * Goal: `sello doctor` passes a healthy server; otherwise it names the fault and how to fix it.
 * Method: the real command on folders, servers and configurations that are broken on purpose.
 */
import assert from 'node:assert/strict';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { runServer } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

interface Check {
  readonly check: string;
  readonly level: string;
  readonly found: string;
  readonly mend?: string;
}

function find(checks: readonly Check[], name: string): Check {
  return checks.find(({ check }) => check === name) ?? assert.fail(`no check ${name}`);
}

test('a folder with nothing in it is left so', async (t) => {
  const folder = join(await temporaryFolder(t), 'none');
  const { healthy, checks } = await selloJson(['doctor', '--data-dir', folder, '--tcp-port', '0']);
  assert.equal(healthy, true);
  assert.match(find(checks, 'store').found, /nothing here yet/);
  await assert.rejects(chmod(folder, 0o700), /ENOENT/);
});

test('a healthy server: all parts answer, through its socket', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder });
  const { healthy, checks } = await selloJson(['doctor', '--data-dir', folder]);
  assert.equal(healthy, true, JSON.stringify(checks));
  for (const name of ['server', 'store', 'vault', 'permissions', 'port', 'clock', 'disk', 'node'])
    assert.equal(find(checks, name).level, 'ok', name);
  assert.match(
    find(checks, 'server').found,
    new RegExp(`process ${server.child.pid} answers on 127.0.0.1:${server.port}`),
  );
  await server.stop();
  // The default port may be another program's.
  const stopped = await selloJson(['doctor', '--data-dir', folder, '--tcp-port', '0']);
  assert.equal(find(stopped.checks, 'server').found, 'not running');
  assert.equal(find(stopped.checks, 'vault').level, 'ok');
});

test('a fault fails, exits with 1, and says how to fix it', async (t) => {
  const folder = await temporaryFolder(t);
  await selloJson(['user', 'create', 'alice', '--password-stdin', '--data-dir', folder], {
    stdin: 'correct horse',
  });
  await chmod(folder, 0o755);
  await chmod(join(folder, 'sello.vault'), 0o644);
  await writeFile(join(folder, 'vault.passphrase'), 'another\n');
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const port = String((taken.address() as AddressInfo).port);

  const { healthy, checks } = await selloJson(['doctor', '--data-dir', folder, '--tcp-port', port], {
    code: 1,
  });
  assert.equal(healthy, false);
  const failed = checks.filter(({ level }: Check) => level === 'fail');
  const mends = failed.map(({ mend }: Check) => mend);
  assert(mends.includes(`chmod 700 ${folder}`), mends.join('\n'));
  assert(mends.includes(`chmod 600 ${join(folder, 'sello.vault')}`));
  assert.match(find(failed, 'parts').found, /passphrase is another/);
  assert.match(find(failed, 'port').found, /EADDRINUSE/);

  const human = await sello(['doctor', '--data-dir', folder, '--tcp-port', port, '--language', 'es']);
  assert.equal(human.code, 1);
  assert.match(human.stdout, /^FAIL {2}permissions +.* tiene modo 0755\n +→ chmod 700/m);
});

test('a process that has the database and does not answer is named', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder });
  await rm(join(folder, 'sello.sock'));
  const { checks } = await selloJson(['doctor', '--data-dir', folder], { code: 1 });
  assert.match(find(checks, 'server').found, new RegExp(`process ${server.child.pid} has the database`));
  const direct = await selloJson(['user', 'list', '--data-dir', folder], { code: 3 });
  assert.match(direct.error.message, new RegExp(`in use by process ${server.child.pid}`));
});

test('a certificate that cannot be read fails; a passphrase that a group can read is warned of', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'data'), { mode: 0o700 });
  const secret = join(folder, 'secret');
  await writeFile(secret, 'open sesame\n', { mode: 0o640 });
  const { checks } = await selloJson(
    [
      'doctor',
      '--data-dir',
      join(folder, 'data'),
      '--tcp-port',
      '0',
      '--tls-cert-file',
      secret,
      '--tls-key-file',
      secret,
      '--vault-passphrase-file',
      secret,
    ],
    { code: 1 },
  );
  assert.equal(find(checks, 'tls').level, 'fail');
  assert.equal(find(checks, 'passphrase').mend, `chmod 400 ${secret}`);
});
