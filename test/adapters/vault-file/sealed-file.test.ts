/*
 * Goal: a vault file opens only whole and with its passphrase, and is never lost or overwritten by a failed change.
 * Method: real files with bytes changed, cut or exchanged, and file operations that fail on request.
 */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createFileVault, openFileVault } from '../../../src/adapters/vault-file/open-file-vault.ts';
import { StartRefused, VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import {
  createVaultFixture,
  PASSPHRASE,
  throwAwayFolder,
  vaultOptions,
} from '../../contract/vault-fixture.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('the vault file', () => {
  test('is private, and shows in its first line what it is but no key', async (t) => {
    const fixture = await createVaultFixture({ clock: { now: () => AT } });
    t.after(() => fixture.remove());
    const { path } = fixture.vault;
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await fixture.vault.createKeyVersion();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const header = JSON.parse((await readFile(path, 'utf8')).split('\n', 1)[0] ?? '');
    assert.deepEqual(Object.keys(header), [
      'format',
      'format_version',
      'key_derivation',
      'cipher',
      'encryption_keys',
      'signing_key',
    ]);
    assert.deepEqual(header.encryption_keys, [
      { version: 1, status: 'retired', created_at: '2026-01-02T03:04:05.000Z' },
      { version: 2, status: 'active', created_at: '2026-01-02T03:04:05.000Z' },
    ]);
    assert.equal(header.signing_key, (await fixture.vault.publicKeys())[0]?.jwk.kid);
    const lives = await fixture.vault.listKeyVersions();
    assert.deepEqual(
      lives.map(({ version, createdAt }) => [version, createdAt]),
      [
        [2, AT],
        [1, AT],
      ],
    );
  });

  test('is derived at the cost that RFC 9106 recommends unless configured otherwise', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const { derivationCost: _, ...options } = vaultOptions(folder);
    await (await createFileVault(options)).close();
    const header = JSON.parse((await readFile(options.path, 'utf8')).split('\n', 1)[0] ?? '');
    const { salt, ...derivation } = header.key_derivation;
    assert.deepEqual(derivation, { name: 'argon2id', memory_kib: 65_536, passes: 3, lanes: 1 });
    assert.equal(Buffer.from(salt, 'base64').length, 16);
    await (await openFileVault(options)).close();
  });

  test('with any byte changed it is refused as damaged, and left as it is', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { path } = fixture.vault;
    const whole = await readFile(path);
    for (let i = 0; i < whole.length; i++) {
      const changed = Buffer.from(whole);
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 7));
      await writeFile(path, changed);
      await assert.rejects(
        openFileVault(fixture.options),
        refusal(/is damaged: .*Restore the file from a backup/),
        `byte ${i}`,
      );
    }
    await writeFile(path, whole);
    await (await openFileVault(fixture.options)).close();
  });

  test('with any byte changed and the digest recomputed, it is still refused', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { path } = fixture.vault;
    const body = (await readFile(path)).subarray(0, -65);
    for (let i = 0; i < body.length; i++) {
      const changed = Buffer.from(body);
      changed[i] = (changed[i] ?? 0) ^ 1;
      await writeFile(path, withDigest(changed));
      await assert.rejects(openFileVault(fixture.options), refusal(/is damaged|does not open/), `byte ${i}`);
    }
    await writeFile(path, withDigest(body));
    await (await openFileVault(fixture.options)).close();
  });

  test('cut short or made longer at any place it is refused as damaged', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { path } = fixture.vault;
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(openFileVault(fixture.options), refusal(/is damaged/), `${length} bytes`);
    }
    for (const more of ['\n', 'x', '\0', whole]) {
      await writeFile(path, Buffer.concat([whole, Buffer.from(more)]));
      await assert.rejects(openFileVault(fixture.options), refusal(/is damaged/));
    }
    await writeFile(path, randomBytes(4_096));
    await assert.rejects(openFileVault(fixture.options), refusal(/is damaged/));
  });

  test('an earlier header does not match the content', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { path } = fixture.vault;
    const older = (await readFile(path, 'latin1')).split('\n');
    await fixture.vault.createKeyVersion();
    const newer = (await readFile(path, 'latin1')).split('\n');
    for (const [head, content] of [
      [older[0], newer[1]],
      [newer[0], older[1]],
    ]) {
      await writeFile(path, withDigest(Buffer.from(`${head}\n${content}\n`)));
      await assert.rejects(openFileVault(fixture.options), refusal(/does not open/));
    }
    // The same salt and IV, but a retired key said to be active.
    const claimed = newer[0]?.replace('"retired"', '"active" ');
    await writeFile(path, withDigest(Buffer.from(`${claimed}\n${newer[1]}\n`)));
    await assert.rejects(openFileVault(fixture.options), refusal(/does not open/));
  });

  test('a header that asks for too much memory or time is refused before it gets any', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { path } = fixture.vault;
    const [line = '', content] = (await readFile(path, 'utf8')).split('\n');
    const header = JSON.parse(line);
    const derivations = [
      { memory_kib: 2 ** 31 },
      { memory_kib: -8 },
      { memory_kib: '8' },
      { memory_kib: 7 },
      { passes: 1e9 },
      { passes: 0 },
      { lanes: 255 },
      { name: 'scrypt' },
      { salt: '' },
    ].map((change) => ({ ...header, key_derivation: { ...header.key_derivation, ...change } }));
    const others = [
      { ...header, format_version: 2 },
      { ...header, format: 'other' },
      { ...header, cipher: { name: 'none', iv: '' } },
      { ...header, cipher: null },
      { ...header, key_derivation: [] },
      [],
      null,
      'text',
    ];
    for (const changed of [...derivations, ...others]) {
      await writeFile(path, withDigest(Buffer.from(`${JSON.stringify(changed)}\n${content}\n`)));
      await assert.rejects(openFileVault(fixture.options), refusal(/is damaged/), JSON.stringify(changed));
    }
  });

  test('another passphrase is refused by name, and changes nothing', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const before = await readFile(fixture.vault.path);
    for (const passphrase of [`${PASSPHRASE} `, PASSPHRASE.toUpperCase(), 'x', 'contraseña']) {
      await assert.rejects(
        openFileVault({ ...fixture.options, passphrase }),
        refusal(/the passphrase is another/),
      );
    }
    assert.deepEqual(await readFile(fixture.vault.path), before);
  });

  test('a missing, huge, or unreadable file is refused with what to do', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const options = vaultOptions(folder);
    await assert.rejects(openFileVault(options), refusal(/There is no key vault at .*from a backup/));
    await writeFile(options.path, Buffer.alloc(LIMITS.vaultFileBytesMax + 1));
    await assert.rejects(openFileVault(options), refusal(/is no key vault: it is larger/));
    await unlink(options.path);
    await mkdir(options.path);
    await assert.rejects(openFileVault(options), refusal(/is not a regular file/));
    const elsewhere = vaultOptions(join(folder, 'missing'));
    await assert.rejects(createFileVault(elsewhere), refusal(/cannot be made \(ENOENT\)/));
  });

  test('an existing vault is never overwritten', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const before = await readFile(fixture.vault.path);
    await assert.rejects(createFileVault(fixture.options), refusal(/already: it is never overwritten/));
    await symlink('/nowhere', `${fixture.vault.path}-link`);
    const linked = { ...fixture.options, path: `${fixture.vault.path}-link` };
    await assert.rejects(createFileVault(linked), refusal(/already/));
    assert.deepEqual(await readFile(fixture.vault.path), before);
    assert.deepEqual((await readdir(join(fixture.vault.path, '..'))).sort(), ['vault', 'vault-link']);
  });

  test('a changed passphrase is the only one from then on, and older copies keep theirs', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { vault, options } = fixture;
    const [wrapped = ''] = await vault.wrap([{ owner: 'mac/1', key: randomBytes(32) }]);
    const copy = await vault.sealedCopy();
    await vault.changePassphrase('another one');
    await assert.rejects(vault.changePassphrase(''), RangeError);
    await vault.createKeyVersion();
    await vault.close();
    await assert.rejects(openFileVault(options), refusal(/the passphrase is another/));
    const opened = await openFileVault({ ...options, passphrase: 'another one' });
    assert.equal(await opened.activeKeyVersion(), 2);
    await opened.close();

    await writeFile(`${options.path}-copy`, copy);
    const restored = await openFileVault({ ...options, path: `${options.path}-copy` });
    assert.equal(await restored.activeKeyVersion(), 1);
    assert.equal((await restored.rewrap([{ owner: 'mac/1', wrapped }]))[0], wrapped);
    await restored.close();
  });

  test('the copy for a backup is the file', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    await fixture.vault.createKeyVersion();
    assert.deepEqual(await fixture.vault.sealedCopy(), await readFile(fixture.vault.path));
  });

  test('a file that another process changed is not overwritten', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { vault, options } = fixture;
    const other = await openFileVault(options);
    t.after(() => other.close());
    await other.createKeyVersion();
    const changed = await readFile(options.path);
    await assert.rejects(vault.createKeyVersion(), (error) => {
      assert.ok(error instanceof VaultUnavailable);
      assert.match(error.message, /changed by another process/);
      return true;
    });
    assert.deepEqual(await readFile(options.path), changed);
    assert.equal(await vault.activeKeyVersion(), 1);
    await unlink(options.path);
    await assert.rejects(vault.createKeyVersion(), VaultUnavailable);
    assert.equal((await vault.wrap([{ owner: 'mac/1', key: randomBytes(32) }])).length, 1);
  });

  test('a change that could not be flushed is not used, and can be made again', async (t) => {
    let failing: string | undefined;
    const fixture = await createVaultFixture({
      observeWrite: (step) => {
        if (step === failing) throw new Error(`no space at ${step}`);
      },
    });
    t.after(() => fixture.remove());
    const { vault } = fixture;
    for (failing of ['created', 'half_written', 'written', 'synced', 'placed', 'folder_synced']) {
      const keys = await vault.publicKeys();
      await assert.rejects(vault.createKeyVersion(), VaultUnavailable, failing);
      assert.equal(await vault.activeKeyVersion(), 1);
      assert.deepEqual(await vault.publicKeys(), keys);
      assert.deepEqual(await readdir(join(vault.path, '..')), ['vault']);
    }
    failing = undefined;
    assert.equal(await vault.createKeyVersion(), 2);
    assert.equal(await (await fixture.reopen()).activeKeyVersion(), 2);
  });

  test('closing waits for the change that runs, and refuses those behind it', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { vault } = fixture;
    const running = vault.createKeyVersion();
    const waiting = vault.createKeyVersion();
    await new Promise((next) => setImmediate(next));
    const closed = vault.close();
    assert.equal(await running, 2);
    await assert.rejects(waiting, VaultUnavailable);
    await closed;
    assert.equal(await (await fixture.reopen()).activeKeyVersion(), 2);
  });

  test('holds a bounded number of signing keys', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    assert.ok((await fixture.vault.sealedCopy()).length < 2_000);
    assert.ok(
      LIMITS.keyVersionsMax * 500 < LIMITS.vaultFileBytesMax,
      'as many as may be still fit into a file that opens',
    );
  });

  test('a folder that takes no file is said so', {
    skip: process.getuid?.() === 0 && 'root may write anywhere',
  }, async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    await chmod(folder, 0o500);
    await assert.rejects(createFileVault(vaultOptions(folder)), refusal(/cannot be made \(EACCES\)/));
    await chmod(folder, 0o700);
  });
});

/** The two first lines of a vault file with the digest that fits them. */
function withDigest(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.from(`${hash('sha256', body, 'hex')}\n`)]);
}

function refusal(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartRefused, String(error));
    assert.match(error.message, message);
    return true;
  };
}
