import { openRemoteVault } from '../../../src/adapters/vault-remote/vault.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import { keyVaultContract, type VaultFixture } from '../../contract/key-vault.ts';
import { throwAwayFolder } from '../../contract/vault-fixture.ts';
import { callerCredentials, SILENT, VaultProcess } from '../../services/vault.ts';

async function createFixture(): Promise<VaultFixture> {
  const { folder, remove } = await throwAwayFolder();
  const process = await VaultProcess.start(folder);
  const open = async () =>
    (await openRemoteVault({ url: process.url, credentials: callerCredentials, log: SILENT })).vault;
  let current: KeyVault = await open();
  return {
    vault: current,
    async reopen() {
      await current.close();
      await process.stop();
      await process.start();
      current = await open();
      return current;
    },
    async remove() {
      await current.close();
      await process.kill();
      await remove();
    },
  };
}

keyVaultContract('a vault process', createFixture);
