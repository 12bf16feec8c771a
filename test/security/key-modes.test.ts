import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { checkCertificate } from '../../src/cli/doctor/files.ts';
import { makeVaultCertificates, pathsOf } from '../../src/cli/vault/certificates.ts';
import { loadConfig } from '../../src/config.ts';
import { temporaryFolder } from '../services/application.ts';

test('sello doctor names the key of TLS that others may read', async (t) => {
  const folder = await temporaryFolder(t);
  await makeVaultCertificates({ folder, hosts: ['localhost'], callers: [], days: 90, renew: false });
  const { cert, key } = pathsOf(folder, 'vault');
  const { config } = loadConfig({
    flags: { '--data-dir': folder, '--tls-cert-file': cert, '--tls-key-file': key },
  });
  assert.equal((await checkCertificate(config))?.level, 'ok');
  chmodSync(key, 0o644);
  const finding = await checkCertificate(config);
  assert.deepEqual([finding?.level, finding?.mend?.en], ['warn', `chmod 640 ${key}`]);
});
