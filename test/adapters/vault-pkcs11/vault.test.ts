import { after } from 'node:test';
import { openPkcs11Vault } from '../../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts';
import { keyVaultContract, type VaultFixture } from '../../contract/key-vault.ts';
import { softHsm } from '../../services/softhsm.ts';

const hsm = softHsm();
after(() => hsm.remove());

let fixtures = 0;

/** Each with keys of its own in the slot of its custody. */
async function createFixture(custody: 'hsm' | 'cached'): Promise<VaultFixture> {
  fixtures++;
  const url = hsm.url(custody, `v${fixtures}`);
  const open = async () =>
    (await openPkcs11Vault({ url, pin: hsm.pin, custody, hadVault: async () => false })).vault;
  let vault = await open();
  return {
    vault,
    reopen: async () => {
      await vault.close();
      vault = await open();
      return vault;
    },
    remove: () => vault.close(),
  };
}

for (const custody of ['hsm', 'cached'] as const) {
  hsm.initSlot(custody);
  keyVaultContract(`SoftHSM, custody ${custody}`, () => createFixture(custody));
}
