/*
 * Goal: after `sello keys passphrase` only the new passphrase opens the vault, with all keys in it; if the command is
 * killed at any moment, one of the two opens it; unsafe calls are refused. Method: the command itself, a real server.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { openFileVault } from '../../src/adapters/vault-file/open-file-vault.ts';
import { StartRefused } from '../../src/domain/errors.ts';
import { Customer, expectOk } from '../e2e/customer.ts';
import { runServer } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';
import { runVault } from '../services/vault.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const NEW = 'correct horse battery staple';

/** A data folder with a user in it, and the passphrase that was made for it. */
async function prepared(t: TestContext) {
  const base = await temporaryFolder(t);
  const data = join(base, 'data');
  await sello(['user', 'create', 'alice', '--password-stdin', '--data-dir', data], { stdin: 'secreto' });
  const file = join(base, 'new');
  writeFileSync(file, `${NEW}\n`, { mode: 0o600 });
  const old = readFileSync(join(data, 'vault.passphrase'), 'utf8').trim();
  return { base, data, file, old };
}

async function opens(path: string, passphrase: string): Promise<boolean> {
  try {
    const vault = await openFileVault({ path, passphrase, random: systemRandom, clock: systemClock });
    await vault.close();
    return true;
  } catch (error) {
    assert.ok(error instanceof StartRefused, String(error));
    return false;
  }
}

describe('sello keys passphrase', { concurrency: true }, () => {
  test('the new passphrase opens the vault, the old one no more; users and copies keep theirs', async (t) => {
    const { base, data, file, old } = await prepared(t);
    const path = join(data, 'sello.vault');
    copyFileSync(path, join(base, 'copy'));
    const done = await sello(['keys', 'passphrase', '--new-passphrase-file', file, '--data-dir', data]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /opens with the new passphrase alone/);
    assert.match(done.stdout, /The old one is still in \S+vault\.passphrase: before the next start/);
    assert.ok(!`${done.stdout}${done.stderr}`.includes(NEW));
    assert.deepEqual([await opens(path, old), await opens(path, NEW)], [false, true]);
    assert.equal(await opens(join(base, 'copy'), old), true);

    const stale = await selloJson(['user', 'list', '--data-dir', data], { code: 3 });
    assert.match(stale.error.message, /the passphrase is another/);
    const server = await runServer(t, { folder: data, flags: { '--vault-passphrase-file': file } });
    const alice = new Customer('alice', 'secreto');
    alice.use(await server.connect());
    await alice.logIn();
    await alice.fetchNonces(1);
    expectOk(await alice.send({ data: 'CuentaA,P,1.00' }));

    // And back by standard input, once nobody has the folder.
    const at = ['--data-dir', data, '--vault-passphrase-file', file];
    const busy = await selloJson(['keys', 'passphrase', '--new-passphrase-stdin', ...at], {
      stdin: 'x',
      code: 1,
    });
    assert.equal(busy.error.code, 'server_running');
    assert.equal(await opens(path, NEW), true);
    await server.stop();
    const back = await selloJson(['keys', 'passphrase', '--new-passphrase-stdin', ...at], {
      stdin: `${old}\n`,
    });
    assert.deepEqual(back, { vault: path, passphrase_of_before: file });
    assert.deepEqual([await opens(path, old), await opens(path, NEW)], [true, false]);
    assert.deepEqual(
      readdirSync(data).filter((name) => name.endsWith('.new')),
      [],
    );
  });

  test('impossible changes are refused in the user’s language, and nothing is changed', async (t) => {
    const { base, data, file, old } = await prepared(t);
    const path = join(data, 'sello.vault');
    const before = readFileSync(path);
    const at = ['--data-dir', data];
    const change = ['keys', 'passphrase', ...at];
    const wrong = join(base, 'wrong');
    writeFileSync(wrong, 'wrong', { mode: 0o600 });
    const open = join(base, 'open');
    writeFileSync(open, 'open', { mode: 0o644 });
    const refusals: readonly (readonly [readonly string[], number, RegExp, string?])[] = [
      [['--new-passphrase-file', file, '--vault-passphrase-file', wrong], 3, /the passphrase is another/],
      [['--new-passphrase-file', open], 2, /is open to other users: run chmod 600/],
      [['--new-passphrase-file', join(base, 'none')], 2, /cannot be read/],
      [['--new-passphrase-file', file, '--new-passphrase-stdin'], 2, /given twice/],
      [['--new-passphrase-file', file, '--new-passphrase-stdin', '--language', 'es'], 2, /se da dos veces/],
      [['--new-passphrase-stdin'], 2, /is empty/],
      [['--new-passphrase-stdin'], 3, /1 to 1024 bytes/, 'x'.repeat(1_025)],
      [['--new-passphrase-stdin'], 3, /is the one of now/, old],
      [[], 2, /nobody to ask here/],
      [
        ['--vault-url', `file:${join(base, 'nothing')}`, '--new-passphrase-file', file],
        3,
        /There is no key vault/,
      ],
    ];
    for (const [args, code, message, stdin = ''] of refusals) {
      const run = await sello([...change, ...args], { stdin });
      assert.equal(run.code, code, `${args.join(' ')}: ${run.stderr}`);
      assert.match(run.stderr, message);
      assert.doesNotMatch(run.stderr, /\n\s+at /);
    }
    rmSync(join(data, 'vault.passphrase'));
    const unknown = await sello([...change, '--new-passphrase-file', file]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /--vault-passphrase-file/);
    assert.deepEqual(readFileSync(path), before);
  });

  test('of a vault’s process, too, which must not be running', async (t) => {
    const base = await temporaryFolder(t);
    const folder = join(base, 'vault');
    const vault = await runVault(t, folder);
    const settings = join(base, 'vault.yaml');
    writeFileSync(
      settings,
      `role: vault\ndata_dir: ${folder}\nvault_port: ${vault.port}\nvault_callers: [a]\nvault_tls_ca_file: /x\nvault_tls_cert_file: /x\nvault_tls_key_file: /x\n`,
    );
    const change = ['keys', 'passphrase', '--new-passphrase-stdin', '--config', settings];
    const busy = await selloJson(change, { stdin: NEW, code: 1 });
    assert.equal(busy.error.code, 'server_running');
    await vault.stop();
    await selloJson(change, { stdin: NEW });
    assert.equal(await opens(join(folder, 'sello.vault'), NEW), true);
  });

  test('killed while it writes, it leaves a vault that one of the two opens', async (t) => {
    const { data, file, old } = await prepared(t);
    const path = join(data, 'sello.vault');
    const passphrases = [old, NEW];
    const results: string[] = [];
    // From the first sign of the new file on, a little later each time.
    for (const lateMs of [0, 2, 8]) {
      const begun = new AbortController();
      const watcher = watch(data, (_, name) => name?.endsWith('.new') && begun.abort());
      const child = spawn(
        process.execPath,
        [MAIN, 'keys', 'passphrase', '--new-passphrase-file', file, '--data-dir', data],
        { env: { PATH: process.env.PATH, SELLO_VAULT_PASSPHRASE: old }, stdio: 'ignore' },
      );
      const ended = once(child, 'close');
      await Promise.race([once(begun.signal, 'abort'), ended]);
      watcher.close();
      await delay(lateMs);
      child.kill('SIGKILL');
      await ended;
      const found: boolean[] = [];
      for (const passphrase of passphrases) found.push(await opens(path, passphrase));
      assert.equal(found.filter(Boolean).length, 1, 'one of the two, and no more');
      results.push(found[1] ? 'new' : 'old');
      if (!found[1]) continue;
      // Back, for the next time.
      await selloJson(
        ['keys', 'passphrase', '--new-passphrase-stdin', '--data-dir', data, '--vault-passphrase-file', file],
        {
          stdin: old,
        },
      );
    }
    assert.equal(await opens(path, old), true);
    assert.deepEqual(
      readdirSync(data).filter((name) => name.endsWith('.new')),
      [],
      'what was left is gone',
    );
    t.diagnostic(`opens with: ${results.join(', ')}`);
  });
});
