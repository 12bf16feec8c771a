import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const VAULT = fileURLToPath(new URL('../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts', import.meta.url));

/**
 * Opens the same keys in another process, as a second server does, runs `script` with `vault`, and closes them.
 * @returns what the script returned, through JSON
 */
export async function inAnotherProcess(url: string, pin: string, script: string): Promise<unknown> {
  const program = `
    import { openPkcs11Vault } from ${JSON.stringify(VAULT)};
    const { vault } = await openPkcs11Vault({
      url: ${JSON.stringify(url)}, pin: ${JSON.stringify(pin)}, custody: 'hsm', hadVault: async () => false,
    });
    const result = await (async () => { ${script} })();
    await vault.close();
    process.stdout.write(JSON.stringify(result ?? null));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return JSON.parse(stdout);
}
