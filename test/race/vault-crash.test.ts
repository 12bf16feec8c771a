/*
 * Goal: whenever the process dies, the vault file is either the complete old one or the complete new one, and contains
 * everything that was acknowledged.
 * Method: a child changes the file and is killed with SIGKILL at each step of the replacement, then at random moments
 * while it rotates without pause; the parent opens what is left.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { WriteStep } from '../../src/adapters/vault-file/atomic-file.ts';
import { createFileVault, openFileVault } from '../../src/adapters/vault-file/open-file-vault.ts';
import { StartRefused } from '../../src/domain/errors.ts';
import { throwAwayFolder, vaultOptions } from '../contract/vault-fixture.ts';

const CHILD = new URL('./vault-crash-child.ts', import.meta.url).pathname;
const STEPS: readonly WriteStep[] = [
  'created',
  'half_written',
  'written',
  'synced',
  'placed',
  'folder_synced',
];
const KILLS = 15;

describe('a vault whose process is killed', { concurrency: 2 }, () => {
  for (const step of STEPS) {
    const replaced = step === 'placed' || step === 'folder_synced';

    test(`while it is made (${step})`, async (t) => {
      const { folder, remove } = await throwAwayFolder();
      t.after(remove);
      killAt(folder, 'create', step);
      const options = vaultOptions(folder);
      if (!replaced) {
        await assert.rejects(openFileVault(options), StartRefused);
        await (await createFileVault(options)).close();
      }
      const vault = await openFileVault(options);
      assert.equal(await vault.activeKeyVersion(), 1);
      await vault.close();
      assert.deepEqual(await readdir(folder), ['vault']);
    });

    test(`while it rotates, destroys, changes its passphrase (${step})`, async (t) => {
      const { folder, remove } = await throwAwayFolder();
      t.after(remove);
      const options = vaultOptions(folder);
      const made = await createFileVault(options);
      const key = Buffer.alloc(32, 7);
      const [wrapped = ''] = await made.wrap([{ owner: 'mac/1', key }]);
      await made.close();

      killAt(folder, 'rotate', step);
      const rotated = await openFileVault(options);
      assert.equal(await rotated.activeKeyVersion(), replaced ? 2 : 1);
      assert.equal((await rotated.publicKeys()).length, replaced ? 2 : 1);
      assert.ok((await rotated.rewrap([{ owner: 'mac/1', wrapped }]))[0]);
      if (!replaced) assert.equal(await rotated.createKeyVersion(), 2);
      await rotated.close();

      killAt(folder, 'destroy', step);
      const destroyed = await openFileVault(options);
      assert.equal(await destroyed.activeKeyVersion(), 2);
      const [opened] = await destroyed.rewrap([{ owner: 'mac/1', wrapped }]);
      assert.equal(opened === undefined, replaced);
      await destroyed.close();

      killAt(folder, 'passphrase', step);
      const [right, wrong] = replaced
        ? ['another one', options.passphrase]
        : [options.passphrase, 'another one'];
      await assert.rejects(openFileVault({ ...options, passphrase: wrong }), StartRefused);
      await (await openFileVault({ ...options, passphrase: right })).close();
      assert.deepEqual(await readdir(folder), ['vault']);
    });
  }

  test(`${KILLS} times at random while it rotates without pause: every acknowledged version is there`, async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const options = vaultOptions(folder);
    await (await createFileVault(options)).close();
    let known = 1;
    for (let kill = 0; kill < KILLS; kill++) {
      const told = await killAfter(folder, 1 + Math.random() * 40);
      const vault = await openFileVault(options);
      const active = await vault.activeKeyVersion();
      const acknowledged = told.at(-1)?.version ?? known;
      // One more may have been placed than there was time to tell of.
      assert.ok(active === acknowledged || active === acknowledged + 1, `${active} after ${acknowledged}`);
      const macs = await vault.computeMacs(
        told.map(({ wrapped }) => ({
          owner: 'mac/1',
          wrapped,
          algorithm: 'sha256',
          message: Buffer.from('m'),
        })),
      );
      for (const [i, { version }] of told.entries()) {
        const key = Buffer.alloc(32, version % 251);
        assert.deepEqual(macs[i], createHmac('sha256', key).update('m').digest());
      }
      await vault.close();
      known = active;
    }
    assert.ok(known > KILLS, `only ${known} versions were made`);
    assert.deepEqual(await readdir(folder), ['vault']);
  });
});

function killAt(folder: string, action: string, step: WriteStep): void {
  const child = spawnSync(process.execPath, [CHILD, folder, action, step], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(child.signal, 'SIGKILL', `${child.stdout}${child.stderr}`);
}

/** Lets the child rotate for a while after its first answer, kills it, and returns what it told of. */
function killAfter(folder: string, ms: number): Promise<readonly { version: number; wrapped: string }[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, folder, 'rotate_on'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), ms);
      output += text;
    });
    child.on('error', reject);
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the child ended by itself: ${output}`));
      const lines = output
        .slice(0, output.lastIndexOf('\n') + 1)
        .trim()
        .split('\n');
      resolve(
        lines.map((line) => ({ version: Number(line.split(' ')[0]), wrapped: line.split(' ')[1] ?? '' })),
      );
    });
  });
}
