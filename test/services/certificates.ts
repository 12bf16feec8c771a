import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/**
 * A folder, gone with the process, that holds two self-signed certificates made now: `first.cert.pem`, `first.key.pem`
 * (for `first.test` and 127.0.0.1), and the same of `second`.
 */
export const CERTIFICATES = await mkdtemp(join(tmpdir(), 'sello-certificates-'));
process.once('exit', () => rmSync(CERTIFICATES, { recursive: true, force: true }));

for (const name of ['first', 'second']) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: `${name}.test` }], {
    keyType: 'ec',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: `${name}.test` },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  await writeFile(join(CERTIFICATES, `${name}.cert.pem`), cert);
  await writeFile(join(CERTIFICATES, `${name}.key.pem`), key, { mode: 0o600 });
}
