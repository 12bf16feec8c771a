/*
 * Goal: an operator can start the vault process, rotate its keys and renew its certificates, and wrong starts are refused.
 * Method: the commands and processes themselves.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathsOf } from '../../src/cli/vault/certificates.ts';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { StartRefused } from '../../src/domain/errors.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';
import { CALLER, callerFlags, MANAGER, runVault, STRANGER, VAULT_CERTIFICATES } from '../services/vault.ts';
import { Customer, expectOk } from './customer.ts';
import { runServer, ServerProcess } from './server-process.ts';

/** In this process: a start of a process of its own takes a second, and tells the same. */
async function refusal(folder: string, flags: Record<string, string>): Promise<string> {
  try {
    const { config } = loadConfig({ flags: { '--data-dir': folder, ...flags } });
    await (await openApplication(config)).close();
  } catch (error) {
    assert.ok(error instanceof StartRefused, String(error));
    return error.message;
  }
  return assert.fail('it started');
}

describe('the vault as a process', { concurrency: true }, () => {
  test('starts that cannot go on are refused with the reason, on either side', async (t) => {
    const folder = await temporaryFolder(t);
    const vault = await runVault(t, join(folder, 'vault'));
    const data = join(folder, 'data');
    {
      const server = await runServer(t, { folder: data, flags: callerFlags(vault) });
      await new Customer('alice').arrive(await server.connect());
      await server.stop();
    }
    const stranger = await ServerProcess.launch({
      folder: data,
      flags: callerFlags(vault, STRANGER),
    }).refusal();
    assert.equal(stranger.code, 3);
    assert.match(
      stranger.text,
      /cannot be used: it refused this server: its certificate is for no name of vault_callers/,
    );
    assert.doesNotMatch(stranger.text, /\n\s+at /);
    await vault.logged(/no name of vault_callers: DNS:stranger/);
    assert.match(
      await refusal(data, {
        ...callerFlags(vault),
        '--vault-key-file': pathsOf(VAULT_CERTIFICATES, CALLER).key,
      }),
      /vault_cert_file, vault_key_file: no certificate and its key/,
    );
    assert.match(
      await refusal(data, { '--vault-url': vault.url }),
      /vault_ca_file is missing, which vault_url/,
    );

    // Another vault than the one that these users' keys were wrapped in.
    const other = await runVault(t, join(folder, 'other'));
    assert.match(
      await refusal(data, callerFlags(other)),
      /does not open the keys of the users in this database/,
    );
    await other.kill();
    assert.match(await refusal(data, callerFlags(other)), /cannot be used: nothing listens there/);

    await vault.stop();
    await assert.rejects(
      runVault(t, join(folder, 'vault'), { '--vault-callers': '', '--vault-key-managers': '' }),
      /vault_callers expected the names/,
    );
    await assert.rejects(
      runVault(t, join(folder, 'vault'), { '--vault-tls-ca-file': '/nowhere' }),
      /vault_tls_ca_file: \/nowhere cannot be read/,
    );
    const sealed = join(folder, 'vault', 'sello.vault');
    renameSync(sealed, `${sealed}.away`);
    await assert.rejects(runVault(t, join(folder, 'vault')), /is missing/);
    renameSync(`${sealed}.away`, sealed);
    await vault.start();
    const server = await runServer(t, { folder: data, flags: callerFlags(vault) });
    const alice = new Customer('alice');
    alice.use(await server.connect());
    await alice.logIn();
    await server.stop();
  });

  test('keys are rotated while traffic runs, by a server that may; certificates are renewed by SIGHUP', async (t) => {
    const folder = await temporaryFolder(t);
    const data = join(folder, 'data');
    const vault = await runVault(t, join(folder, 'vault'));
    // Certificates of its own, to be renewed.
    const own = join(folder, 'own');
    mkdirSync(own);
    for (const name of ['ca', MANAGER]) {
      for (const kind of ['cert', 'key'] as const) {
        copyFileSync(pathsOf(VAULT_CERTIFICATES, name)[kind], pathsOf(own, name)[kind]);
      }
    }
    const server = await runServer(t, { folder: data, flags: callerFlags(vault, MANAGER, own) });
    const alice = new Customer('alice');
    await alice.arrive(await server.connect());
    let paid = 0;
    let running = true;
    const paying = (async () => {
      while (running) {
        await alice.fetchNonces(32);
        await Promise.all(
          Array.from({ length: 32 }, async () =>
            expectOk(await alice.send({ data: `CuentaA,P${paid++},0.01` })),
          ),
        );
      }
    })();
    for (let version = 2; version <= 4; version++) {
      const rotated = await selloJson(['keys', 'rotate', '--data-dir', data]);
      assert.deepEqual([rotated.version, rotated.damaged, rotated.old_destroyed], [version, 0, true]);
    }
    await vault.logged(/"caller":"api-1","call":"destroyKeyVersionsBelow"/);
    const before = statSync(pathsOf(own, MANAGER).cert).mtimeMs;
    const renewed = await selloJson(['vault', 'certificates', '--out', own, '--caller', MANAGER, '--renew']);
    assert.deepEqual([renewed.made, renewed.kept], [['vault', MANAGER], ['ca']]);
    assert.ok(statSync(pathsOf(own, MANAGER).cert).mtimeMs > before);
    server.child.kill('SIGHUP');
    await server.logged(/certificate for the vault process reloaded/);
    vault.signal('SIGHUP');
    await vault.logged(/TLS certificate reloaded/);
    const listed = await selloJson(['keys', 'list', '--data-dir', data]);
    assert.deepEqual([listed.custody, listed.key_version, listed.signing_keys.length], ['hsm', 4, 4]);
    running = false;
    await paying;
    assert.ok(paid > 0);
    await server.stop();
    assert.doesNotMatch(server.stderr, /"level":50/);

    // The same data by a server that may only use keys.
    const caller = await runServer(t, { folder: data, flags: callerFlags(vault, CALLER) });
    const refused = await sello(['keys', 'rotate', '--data-dir', data]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /forbids createKeyVersion: api-2 is not in vault_key_managers/);
    alice.use(await caller.connect());
    await alice.logIn();
    await alice.fetchNonces(1);
    expectOk(await alice.send({ data: 'CuentaA,Last,1.00' }));
    await caller.stop();
    for (const { stderr } of [server, caller, vault]) {
      assert.doesNotMatch(stderr, /PRIVATE KEY|secreto|"wrapped"|CuentaA/);
    }
    t.diagnostic(`${paid} transactions during three rotations and a renewal, none refused`);
  });

  test('certificates are created without an existing authority, private, and extended under the same one', async (t) => {
    const out = join(await temporaryFolder(t), 'certificates');
    const make = (...more: string[]) => selloJson(['vault', 'certificates', '--out', out, ...more]);
    assert.deepEqual((await make('--caller', 'api-1')).made, ['ca', 'vault', 'api-1']);
    const added = await make('--caller', 'api-1', 'api-2');
    assert.deepEqual([added.made, added.kept], [['api-2'], ['ca', 'vault', 'api-1']]);
    for (const name of ['ca', 'vault', 'api-1', 'api-2']) {
      assert.equal(statSync(pathsOf(out, name).key).mode & 0o777, 0o600, name);
    }
    rmSync(pathsOf(out, 'ca').key);
    const broken = await sello(['vault', 'certificates', '--out', out, '--caller', 'api-3']);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /are not an authority and its key/);
    for (const name of ['../x', 'ca', '*.test', '']) {
      assert.equal((await sello(['vault', 'certificates', '--out', out, '--caller', name])).code, 2, name);
    }
  });
});
