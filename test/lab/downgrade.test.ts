/*
 * Goal: the attack detects a server that accepts weaker proofs or older TLS, and holds against the real one.
 * Method: the real application behind the real wire, and broken versions of it.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { loadConfig } from '../../src/config.ts';
import { downgrade } from '../../src/lab/downgrade/downgrade.ts';
import { LabRefused } from '../../src/lab/lab-error.ts';
import { CERTIFICATES } from '../services/certificates.ts';
import { ANY_SESSION, believesAll } from './broken-servers.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

const TLS = { certFile: `${CERTIFICATES}/first.cert.pem`, keyFile: `${CERTIFICATES}/first.key.pem` };
const fingerprintOf = (file: string) => new X509Certificate(readFileSync(file)).fingerprint256;

suite('downgrade', () => {
  test('holds without TLS', async (t) => {
    const { target } = await laboratory(t);
    assertHeld(await downgrade(target), { skipped: ['tls'] });
  });

  test('holds with TLS', async (t) => {
    const { target } = await laboratory(t, { tls: TLS, fingerprint: fingerprintOf(TLS.certFile) });
    const verdict = await downgrade(target);
    assertHeld(verdict);
    assert.deepEqual(
      verdict.steps.slice(0, 3).map(({ id }) => id),
      ['plaintext_to_tls', 'tls_1_0', 'tls_1_1'],
    );
  });

  test('is not tried against a server with another certificate', async (t) => {
    const other = fingerprintOf(`${CERTIFICATES}/second.cert.pem`);
    const { target } = await laboratory(t, { tls: TLS, fingerprint: other });
    await assert.rejects(downgrade(target), (error) => {
      assert.ok(error instanceof LabRefused);
      return error.reason === 'certificate_other';
    });
  });

  test('a server that takes weaker proofs is BROKEN', async (t) => {
    const { target } = await laboratory(t, { flags: ANY_SESSION, breaking: believesAll });
    const verdict = await downgrade({ ...target, config: loadConfig().config });
    assert.deepEqual(brokenSteps(verdict), [
      'mac_missing',
      'mac_empty',
      'key_twice',
      'mac_for_bound_code',
      'plain_for_bound_code',
      'english_code',
    ]);
  });

  test('a server that takes old TLS, or none, is BROKEN', async (t) => {
    const { target } = await laboratory(t);
    const port = await startLenient(t, target.endpoint.port);
    const endpoint = { host: '127.0.0.1', port, tls: { fingerprint: fingerprintOf(TLS.certFile) } };
    const verdict = await downgrade({ ...target, endpoint });
    assert.deepEqual(brokenSteps(verdict), ['plaintext_to_tls', 'tls_1_0', 'tls_1_1']);
  });
});

/** Speaks every version of TLS and plaintext on one port, and passes all on. */
async function startLenient(t: TestContext, port: number): Promise<number> {
  const pass = (client: Socket) => {
    const server = connect({ port, host: '127.0.0.1' });
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy());
    client.pipe(server).pipe(client);
  };
  const old = createTlsServer(
    {
      cert: readFileSync(TLS.certFile),
      key: readFileSync(TLS.keyFile),
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    },
    pass,
  );
  const front = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (!first) return;
      socket.unshift(first);
      if (first[0] === 22) old.emit('connection', socket);
      else pass(socket);
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  t.after(() => front.close());
  return (front.address() as AddressInfo).port;
}
