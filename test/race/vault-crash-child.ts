/*
 * Opens or makes a vault, and is killed at the given step of writing its file, or goes on changing it until it is killed.
 * Arguments: folder, what to do, the step. Prints what is done.
 */
import { writeSync } from 'node:fs';
import type { WriteStep } from '../../src/adapters/vault-file/atomic-file.ts';
import { createFileVault, openFileVault } from '../../src/adapters/vault-file/open-file-vault.ts';
import { vaultOptions } from '../contract/vault-fixture.ts';

const [folder = '', action = '', step = ''] = process.argv.slice(2);
const options = vaultOptions(folder, {
  observeWrite: (done: WriteStep) => {
    if (done === step) process.kill(process.pid, 'SIGKILL');
  },
});

if (action === 'create') {
  await createFileVault(options);
} else {
  const vault = await openFileVault(options);
  if (action === 'rotate') await vault.createKeyVersion();
  if (action === 'destroy') await vault.destroyKeyVersionsBelow(await vault.activeKeyVersion());
  if (action === 'passphrase') await vault.changePassphrase('another one');
  for (; action === 'rotate_on'; ) {
    const version = await vault.createKeyVersion();
    const [wrapped] = await vault.wrap([{ owner: 'mac/1', key: Buffer.alloc(32, version % 251) }]);
    writeSync(1, `${version} ${wrapped}\n`);
  }
}
writeSync(1, 'done\n');
