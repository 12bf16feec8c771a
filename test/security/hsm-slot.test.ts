/*
 * Goal: an attacker who can reach the HSM's slot without its PIN cannot change the vault. PKCS#11 lets anyone create and
 * destroy objects that are not private (version 2.40, section 4.4).
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPkcs11Vault } from '../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts';
import { softHsm } from '../services/softhsm.ts';

const hsm = softHsm();
after(() => hsm.remove());
hsm.initSlot('slot');

test('without the PIN no one can add or remove a key that verifies receipts and access tokens', async (t) => {
  const open = async () => {
    const { vault } = await openPkcs11Vault({
      url: hsm.url('slot', 'guarded'),
      pin: hsm.pin,
      custody: 'hsm',
      hadVault: async () => false,
      observe: () => undefined,
    });
    t.after(() => vault.close());
    return vault;
  };
  const vault = await open();
  const [key, version] = [await vault.publicKeys(), await vault.activeKeyVersion()];
  assert.equal(key.length, 1);

  const file = join(hsm.folder, 'foreign.der');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'der' }));
  const stranger = (...args: string[]) => hsm.tool('--token-label', 'slot', ...args);
  const foreign = ['--label', 'guarded/sign/9', '--id', '0909', '--type', 'pubkey'];
  const written = stranger('--write-object', file, ...foreign);
  assert.equal(written.status, 0, written.output);
  // The vault's own public key is not to be seen, and so not to be destroyed.
  const { output } = stranger('--list-objects');
  assert.match(output, /guarded\/sign\/9/);
  assert.doesNotMatch(output, /guarded\/sign\/1/);

  await vault.close();
  const again = await open();
  assert.deepEqual(await again.publicKeys(), key);
  assert.equal(await again.activeKeyVersion(), version);
});
