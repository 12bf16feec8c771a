/*
 * Goal: a database is used with the vault that wraps its keys and with no other, nor with an older copy of it.
 * Method: the real start of the application on folders whose sealed file was exchanged.
 */
import assert from 'node:assert/strict';
import { copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { BoundVault } from '../../src/application/keys/bound-vault.ts';
import { rotateKeys } from '../../src/application/keys/rotate-keys.ts';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { StartRefused, VaultUnavailable } from '../../src/domain/errors.ts';
import { createVaultFixture } from '../contract/vault-fixture.ts';
import { registeredSession, temporaryFolder } from '../services/application.ts';

async function dataFolder(t: TestContext) {
  const folder = await temporaryFolder(t);
  const { config } = loadConfig({ flags: { '--data-dir': folder } });
  const open = () => openApplication(config, { maintenance: false });
  const vault = join(folder, 'sello.vault');
  return { folder, open, vault };
}

/** Puts the vault of another data folder, with its passphrase, in the place of this one's. */
async function exchange(from: string, to: string): Promise<void> {
  for (const name of ['sello.vault', 'vault.passphrase']) await copyFile(join(from, name), join(to, name));
}

test('a foreign vault is refused, whatever is in the database; the right one is taken again', async (t) => {
  for (const withUser of [false, true]) {
    const own = await dataFolder(t);
    const kept = await temporaryFolder(t);
    const first = await own.open();
    if (withUser) await registeredSession(first, 'alice');
    await first.close();
    await exchange(own.folder, kept);
    const other = await dataFolder(t);
    await (await other.open()).close();

    await exchange(other.folder, own.folder);
    const reason = withUser
      ? /does not open the keys of the users/
      : /another vault than the one .* bound to/;
    await assert.rejects(own.open(), (error) => error instanceof StartRefused && reason.test(error.message));
    await exchange(kept, own.folder);
    await (await own.open()).close();
  }
});

test('a missing vault is made anew for no database that had one, also before there is any user', async (t) => {
  const { folder, open, vault } = await dataFolder(t);
  await (await open()).close();
  await rm(vault);
  const left = await readdir(folder);
  await assert.rejects(open(), /sello[.]vault is missing, and the database is bound to it/);
  assert.deepEqual((await readdir(folder)).toSorted(), left.toSorted());
  await rm(join(folder, 'vault.passphrase'));
  await assert.rejects(open(), /is missing/);
  assert.deepEqual(
    await readdir(folder),
    left.filter((name) => name !== 'vault.passphrase'),
  );
});

test('an older copy of the vault is refused, in which keys made since are missing', async (t) => {
  const { open, vault } = await dataFolder(t);
  const first = await open();
  await registeredSession(first, 'alice');
  await copyFile(vault, `${vault}.old`);
  await rotateKeys(first.context, { keepOld: true });
  await copyFile(vault, `${vault}.new`);
  await first.close();

  await copyFile(`${vault}.old`, vault);
  await assert.rejects(open(), StartRefused);
  await copyFile(`${vault}.new`, vault);
  const again = await open();
  await rotateKeys(again.context, {});
  await again.close();
  // Without a user no stored key tells: the recorded version does.
  const empty = await dataFolder(t);
  const made = await empty.open();
  await copyFile(empty.vault, `${empty.vault}.old`);
  await rotateKeys(made.context, {});
  await made.close();
  await copyFile(`${empty.vault}.old`, empty.vault);
  await assert.rejects(
    empty.open(),
    /older copy of this database's vault: it has key version 1, .* version 2/,
  );
});

test('a database of before is bound at the next start, after its vault has opened one of its keys', async (t) => {
  const { folder, open } = await dataFolder(t);
  const first = await open();
  await registeredSession(first, 'alice');
  await first.close();
  const database = new DatabaseSync(join(folder, 'sello.sqlite'));
  t.after(() => database.close());
  database.exec('DELETE FROM vault_binding');
  const other = await dataFolder(t);
  await (await other.open()).close();
  const kept = await temporaryFolder(t);
  await exchange(folder, kept);
  await exchange(other.folder, folder);
  await assert.rejects(open(), /does not open the keys of the users/);
  assert.equal(database.prepare('SELECT * FROM vault_binding').get(), undefined);
  await exchange(kept, folder);
  await (await open()).close();
  assert.ok(database.prepare('SELECT * FROM vault_binding').get());
});

test('a vault that comes back as an older copy counts as down, and wraps nothing', async (t) => {
  const { vault, remove } = await createVaultFixture();
  t.after(remove);
  const bound = new BoundVault(vault, 2);
  const key = { owner: 'mac/1', key: Buffer.alloc(32) };
  for (const call of [
    () => bound.activeKeyVersion(),
    () => bound.wrap([key]),
    () => bound.generateSeed(20, 'seed/1/a'),
  ]) {
    await assert.rejects(call(), VaultUnavailable);
  }
  await vault.createKeyVersion();
  assert.equal(await bound.activeKeyVersion(), 2);
  assert.equal((await bound.wrap([key])).length, 1);
});
