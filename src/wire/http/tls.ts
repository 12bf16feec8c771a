import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { StartRefused } from '../../domain/errors.ts';
import type { TlsFiles } from '../../net/tls-credentials.ts';

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
  readonly honorCipherOrder: true;
  readonly passphrase?: string;
}

/** @throws StartRefused when a file cannot be read, or holds no certificate or key, or they do not fit together */
export async function readTlsMaterial({ certFile, keyFile, passphrase }: TlsFiles): Promise<TlsMaterial> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    const more = passphrase === undefined ? {} : { passphrase };
    const material: TlsMaterial = { cert, key, minVersion: 'TLSv1.2', honorCipherOrder: true, ...more };
    createSecureContext(material);
    return material;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartRefused(`no HTTPS with ${certFile} and ${keyFile}: ${reason}`);
  }
}
