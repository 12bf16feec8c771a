import type { HsmEvent } from '../../../src/adapters/vault-pkcs11/hsm-thread.ts';
import {
  openPkcs11Vault,
  type Pkcs11VaultOptions,
} from '../../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts';
import type { SoftHsm } from '../../services/softhsm.ts';

/** A vault on a SoftHSM, closed when the test ends, and the events that it told. */
export async function openVault(
  t: { after(task: () => unknown): void },
  { pin }: SoftHsm,
  { url, ...more }: Partial<Pkcs11VaultOptions> & { readonly url: string },
) {
  const events: HsmEvent[] = [];
  const { vault } = await openPkcs11Vault({
    ...{ url, pin, custody: 'hsm', hadVault: async () => false },
    observe: (event) => events.push(event),
    ...more,
  });
  t.after(() => vault.close());
  return { vault, events };
}
