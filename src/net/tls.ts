import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { StartRefused } from '../domain/errors.ts';

/** Files in PEM. The certificate's file also holds its chain. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase?: string;
}

/** A server's certificate and key with the TLS options of every listener, as `node:tls` and `node:https` take them. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
  readonly honorCipherOrder: true;
  readonly passphrase?: string;
}

/**
 * In PEM, for TLS in which both sides show a certificate: the trusted authorities, and this side's certificate and key.
 */
export interface MutualTlsCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** @throws Error when a file cannot be read, or holds no certificate or key, or they do not belong together */
export async function readTlsMaterial({ certFile, keyFile, passphrase }: TlsFiles): Promise<TlsMaterial> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  const material: TlsMaterial = {
    ...{ cert, key, minVersion: 'TLSv1.2', honorCipherOrder: true },
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  createSecureContext(material);
  return material;
}

/**
 * `readTlsMaterial` at a server's start.
 * @param protocol for the message
 * @throws StartRefused naming the files
 */
export async function loadTlsMaterial(protocol: 'TLS' | 'HTTPS', files: TlsFiles): Promise<TlsMaterial> {
  try {
    return await readTlsMaterial(files);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartRefused(`no ${protocol} with ${files.certFile} and ${files.keyFile}: ${reason}`);
  }
}
