import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { openToOthers } from '../config/secret-file.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import type { MutualTlsCredentials } from '../net/tls.ts';

/**
 * The credentials of a server that calls the vault's process.
 * @throws StartRefused naming the key of the file that is wrong
 */
export function vaultCallerCredentials(config: Config): Promise<MutualTlsCredentials> {
  return read({
    vault_ca_file: config.vaultCaFile,
    vault_cert_file: config.vaultCertFile,
    vault_key_file: config.vaultKeyFile,
  });
}

/** The credentials of the vault's process. @throws StartRefused naming the key of the file that is wrong */
export function vaultListenerCredentials(config: Config): Promise<MutualTlsCredentials> {
  return read({
    vault_tls_ca_file: config.vaultTlsCaFile,
    vault_tls_cert_file: config.vaultTlsCertFile,
    vault_tls_key_file: config.vaultTlsKeyFile,
  });
}

async function read(files: Readonly<Record<string, string | null>>): Promise<MutualTlsCredentials> {
  const [ca = '', cert = '', key = ''] = await Promise.all(
    Object.entries(files).map(([name, path]) => readPem(name, path)),
  );
  const [caName, certName, keyName] = Object.keys(files);
  try {
    createSecureContext({ ca });
  } catch (error) {
    throw new StartRefused(
      `${caName}: no certificates in ${files[caName ?? '']}: ${(error as Error).message}`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new StartRefused(
      `${certName}, ${keyName}: no certificate and its key: ${(error as Error).message}`,
    );
  }
  return { ca, cert, key };
}

async function readPem(name: string, path: string | null): Promise<string> {
  if (path === null) throw new StartRefused(`${name} is missing`);
  let problem: string | undefined;
  try {
    // The holder of such a key can have every MAC computed.
    if (name.endsWith('_key_file')) problem = openToOthers(path, (await stat(path)).mode);
    if (problem === undefined) return await readFile(path, 'utf8');
  } catch (error) {
    problem = `${path} cannot be read: ${(error as Error).message}`;
  }
  throw new StartRefused(`${name}: ${problem}`);
}
