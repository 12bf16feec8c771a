/*
 * Goal: whatever an HSM does wrong, calls end within their bound, no PIN attempt is wasted, and the vault recovers without
 * a restart.
 * Method: SoftHSM behind a library that fails on request (test/services/faulty-pkcs11.cpp).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { after, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Pkcs11VaultOptions } from '../../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts';
import { StartRefused, VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import { faultyHsm } from '../../services/faulty-hsm.ts';
import { softHsm } from '../../services/softhsm.ts';
import { eventually } from '../../waiting.ts';
import { openVault } from './open-vault.ts';

const hsm = softHsm();
const faulty = faultyHsm(hsm);
after(() => hsm.remove());
hsm.initSlot('faults');

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
let prefixes = 0;

function newUrl(): string {
  prefixes++;
  return hsm.url('faults', `f${prefixes}`, faulty.modulePath);
}

const open = (t: TestContext, url: string, more: Partial<Pkcs11VaultOptions> = {}) =>
  openVault(t, hsm, { url, ...more });

async function wrapOne(vault: KeyVault) {
  const key = randomBytes(32);
  const owner = `mac/${prefixes}`;
  const [wrapped = assert.fail()] = await vault.wrap([{ owner, key }]);
  const expected = createHmac('sha256', key).update('m').digest('hex');
  const request = { owner, wrapped, algorithm: 'sha256', message: Buffer.from('m') } as const;
  const mac = async () => {
    const [found] = await vault.computeMacs([request]);
    return found && Buffer.from(found).toString('hex');
  };
  return { expected, request, mac };
}

describe('an HSM that fails', { concurrency: false }, () => {
  test('a hung call is given up within the bound, the queue is bounded, and the vault recovers without a restart', async (t) => {
    const { vault, events } = await open(t, newUrl(), { callTimeMs: 2_000 });
    const { expected, request, mac } = await wrapOne(vault);
    assert.equal(await mac(), expected);
    faulty.set('hang');
    const batch = Array.from({ length: 1_024 }, () => request);
    const fitting = LIMITS.hsmQueueItemsMax / batch.length;
    const waiting = Array.from({ length: fitting }, () => vault.computeMacs(batch));
    const settled = Promise.allSettled(waiting);
    await assert.rejects(vault.computeMacs([request]), /line to the HSM is full/);
    for (const { status } of await settled) assert.equal(status, 'rejected');
    await assert.rejects(vault.sign([Buffer.from('m')]), VaultUnavailable);
    assert.ok(events.includes('hung'));
    faulty.set();
    assert.equal(await eventually(mac), expected);
    assert.equal(events.at(-1), 'healed');
  });

  test('a wrong PIN is tried once, and never again', async (t) => {
    const url = newUrl();
    const before = faulty.logIns();
    await assert.rejects(open(t, url, { pin: '9999' }), (error) => {
      assert.ok(error instanceof StartRefused);
      assert.match(error.message, /refused the PIN.*tried once/);
      assert.doesNotMatch(error.message, /9999/);
      return true;
    });
    assert.equal(faulty.logIns() - before, 1);
  });

  test('a PIN changed while the server runs is tried once, too', async (t) => {
    const url = newUrl();
    const { vault } = await open(t, url);
    const { mac } = await wrapOne(vault);
    const rename = (from: string, to: string) =>
      hsm.tool('--login', '--token-label', 'faults', '--pin', from, '--change-pin', '--new-pin', to);
    assert.equal(rename(hsm.pin, '5678').status, 0);
    try {
      const before = faulty.logIns();
      // The HSM is gone for a moment, so that the server must log in again.
      hsm.inThisProcess(faulty.modulePath, 'faults').C_Finalize();
      for (let i = 0; i < 5; i++) await assert.rejects(mac(), VaultUnavailable);
      assert.equal(faulty.logIns() - before, 1);
    } finally {
      assert.equal(rename('5678', hsm.pin).status, 0);
      await vault.close();
    }
  });

  test('where one more wrong PIN locks the slot, it is not tried', async (t) => {
    const before = faulty.logIns();
    faulty.set('final-try');
    await assert.rejects(open(t, newUrl()), /one more wrong PIN locks/);
    faulty.set();
    assert.equal(faulty.logIns(), before);
  });

  test('no room inside: others make room, and the answer is right', async (t) => {
    const { vault, events } = await open(t, newUrl());
    const first = await wrapOne(vault);
    assert.equal(await first.mac(), first.expected);
    const second = await wrapOne(vault);
    faulty.set('full');
    assert.equal(await second.mac(), second.expected);
    faulty.set();
    assert.equal(await first.mac(), first.expected);
    assert.deepEqual(events, []);
  });

  test('an HSM that cannot wrap is refused at the start, and doctor says what is missing', async (t) => {
    faulty.set('no-key-wrap', 'no-sha1');
    const url = newUrl();
    await assert.rejects(open(t, url), /it has no CKM_AES_KEY_WRAP_PAD/);
    const { stdout } = spawnSync(
      process.execPath,
      [MAIN, 'doctor', '--json', '--data-dir', hsm.folder, '--vault-url', url],
      { encoding: 'utf8', env: { ...process.env, SELLO_VAULT_PIN: hsm.pin } },
    );
    faulty.set();
    const checks: { check: string; level: string; found: string }[] = JSON.parse(stdout).checks;
    const found = checks.filter(({ check }) => check === 'hsm');
    assert.deepEqual(
      found.map(({ level }) => level),
      ['fail', 'warn'],
    );
    assert.match(found[0]?.found ?? '', /CKM_AES_KEY_WRAP_PAD/);
    assert.match(found[1]?.found ?? '', /CKM_SHA_1_HMAC/);
  });

  test('without SHA-1 in the HSM, SHA-1 tokens get no MAC, and other tokens are not affected', async (t) => {
    faulty.set('no-sha1');
    const { vault, events } = await open(t, newUrl());
    const { request, expected } = await wrapOne(vault);
    const macs = await vault.computeMacs([{ ...request, algorithm: 'sha1' }, request]);
    faulty.set();
    assert.equal(macs[0], undefined);
    assert.equal(macs[1] && Buffer.from(macs[1]).toString('hex'), expected);
    assert.deepEqual(events, []);
  });

  /** As another part of this process might, or the HSM's own time-out. */
  function closeSessions(): void {
    const { C_CloseAllSessions } = hsm.inThisProcess(faulty.modulePath, 'faults');
    C_CloseAllSessions();
  }

  test('sessions that were closed underneath are opened anew, unseen', async (t) => {
    const { vault, events } = await open(t, newUrl());
    const { expected, mac } = await wrapOne(vault);
    assert.equal(await mac(), expected);
    closeSessions();
    assert.equal(await mac(), expected);
    closeSessions();
    assert.equal((await vault.sign([Buffer.from('m')])).length, 1);
    assert.deepEqual(new Set(events), new Set(['healed']));
  });

  test('a hung library does not hold up the end of the process', () => {
    const url = newUrl();
    const vaultModule = fileURLToPath(
      new URL('../../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts', import.meta.url),
    );
    const program = `
      import { writeFileSync } from 'node:fs';
      import { openPkcs11Vault } from ${JSON.stringify(vaultModule)};
      const { vault } = await openPkcs11Vault({ url: ${JSON.stringify(url)}, pin: '1234', custody: 'hsm',
        hadVault: async () => false, callTimeMs: 2_000 });
      const [wrapped] = await vault.wrap([{ owner: 'mac/1', key: new Uint8Array(32) }]);
      writeFileSync(process.env.FAULTY_PKCS11_FAULTS, 'hang');
      const request = { owner: 'mac/1', wrapped, algorithm: 'sha256', message: new Uint8Array(8) };
      await vault.computeMacs([request]).catch((error) => process.stdout.write(error.name));
      await vault.close();`;
    const { stdout, stderr, error } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    faulty.set();
    assert.equal(error, undefined);
    assert.equal(stdout, 'VaultUnavailable', stderr);
  });
});
