/*
 * Goal: an impostor at the vault's address, or a vault that sends malformed answers, cannot make a server compute with,
 * publish or crash on them; and nobody else can read the key that authenticates a server.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { openRemoteVault } from '../../src/adapters/vault-remote/vault.ts';
import { makeVaultCertificates, pathsOf } from '../../src/cli/vault/certificates.ts';
import { vaultCallerCredentials, vaultListenerCredentials } from '../../src/compose/vault-credentials.ts';
import { loadConfig } from '../../src/config.ts';
import { StartRefused, VaultUnavailable } from '../../src/domain/errors.ts';
import { ByteWriter } from '../../src/vault-protocol/bytes.ts';
import { VAULT_ANSWERS, VAULT_CALLS } from '../../src/vault-protocol/calls.ts';
import { encodeFrame, FrameReader, VAULT_PROTOCOL } from '../../src/vault-protocol/frames.ts';
import { writeWelcome } from '../../src/vault-protocol/welcome.ts';
import { temporaryFolder } from '../services/application.ts';
import { SILENT } from '../services/vault.ts';

const CALLER = 'api-1';
/** A caller whose certificate happens to be for the name by which the vault is called. */
const IMPOSTOR = 'localhost';

async function certificates(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await makeVaultCertificates({
    ...{ folder, hosts: ['localhost'], callers: [CALLER, IMPOSTOR], days: 1, renew: false },
  });
  return folder;
}

function pem(folder: string, name: string) {
  const read = (path: string) => readFileSync(path, 'utf8');
  const { cert, key } = pathsOf(folder, name);
  return { ca: read(pathsOf(folder, 'ca').cert), cert: read(cert), key: read(key) };
}

/** Lets everybody in, and answers each call with these bytes. */
async function hostileVault(
  t: TestContext,
  folder: string,
  name: string,
  answerTo: (kind: number) => Uint8Array,
): Promise<string> {
  const server = createServer(
    { ...pem(folder, name), minVersion: 'TLSv1.3', ALPNProtocols: [VAULT_PROTOCOL] },
    (socket: TLSSocket) => {
      const reader = new FrameReader(1_000_000);
      const welcome = new ByteWriter();
      writeWelcome(welcome, { custody: 'hsm', managesKeys: true, identity: 'i' });
      socket.on('error', () => {});
      socket.write(encodeFrame(0, VAULT_ANSWERS.welcome, welcome.finish()));
      socket.on('data', (chunk: Buffer) => {
        for (const { id, kind } of reader.read(chunk)) {
          socket.write(encodeFrame(id, VAULT_ANSWERS.done, answerTo(kind)));
        }
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.finish();
}

test('a caller’s certificate does not identify a vault, whatever name it is for', async (t) => {
  const folder = await certificates(t);
  const url = await hostileVault(t, folder, IMPOSTOR, () => new Uint8Array());
  const opening = openRemoteVault({ url, credentials: async () => pem(folder, CALLER), log: SILENT });
  await assert.rejects(opening, StartRefused);
});

test('answers of the wrong form are an outage of the vault, and nothing of them is used', async (t) => {
  const folder = await certificates(t);
  const good = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' };
  let answer: Uint8Array = new Uint8Array();
  const url = await hostileVault(t, folder, 'vault', () => answer);
  const credentials = async () => pem(folder, CALLER);
  const { vault } = await openRemoteVault({ url, credentials, log: SILENT });
  t.after(() => vault.close());
  const keys = (jwk: string) =>
    written((out) => {
      out.count(1);
      out.byte(1);
      out.text(jwk);
    });
  for (const jwk of [
    'no JSON',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...good, kty: 'oct', k: 'c2VjcmV0' }),
    JSON.stringify({ ...good, alg: 'none' }),
    JSON.stringify({ ...good, kid: 7 }),
  ]) {
    answer = keys(jwk);
    await assert.rejects(vault.publicKeys(), VaultUnavailable, jwk);
  }
  answer = keys(JSON.stringify({ ...good, d: 'private', __proto__: { polluted: true } }));
  assert.deepEqual(await vault.publicKeys(), [{ jwk: good, active: true }]);

  // One MAC where two were asked for, and three.
  const request = { owner: 'mac/1', wrapped: '1.x', algorithm: 'sha256', message: Buffer.alloc(1) } as const;
  for (const count of [0, 1, 3]) {
    answer = written((out) => VAULT_CALLS.computeMacs.writeAnswer(out, Array(count).fill(Buffer.alloc(32))));
    await assert.rejects(vault.computeMacs([request, request]), VaultUnavailable, `${count}`);
  }
  // A list that claims more than it brings.
  answer = written((out) => out.count(0xffff_ffff));
  await assert.rejects(vault.computeMacs([request]), VaultUnavailable);
});

test('a key that lets a server in, or is the vault’s own, stops the start while others may read it', async (t) => {
  const folder = await certificates(t);
  const flags = (role: 'vault' | 'all', name: string) => {
    const prefix = role === 'vault' ? '--vault-tls' : '--vault';
    const { cert, key } = pathsOf(folder, name);
    return {
      ...{ '--role': role, '--data-dir': folder, [`${prefix}-ca-file`]: pathsOf(folder, 'ca').cert },
      ...{ [`${prefix}-cert-file`]: cert, [`${prefix}-key-file`]: key },
      ...(role === 'vault' ? { '--vault-callers': CALLER } : { '--vault-url': 'https://localhost:11003' }),
    };
  };
  for (const [role, name, read] of [
    ['all', CALLER, vaultCallerCredentials],
    ['vault', 'vault', vaultListenerCredentials],
  ] as const) {
    const { config } = loadConfig({ flags: flags(role, name), environment: {} });
    const { key } = pathsOf(folder, name);
    assert.match((await read(config)).key, /PRIVATE KEY/);
    chmodSync(key, 0o640);
    assert.match((await read(config)).key, /PRIVATE KEY/);
    chmodSync(key, 0o644);
    await assert.rejects(read(config), (error) => {
      assert.ok(error instanceof StartRefused);
      assert.match(error.message, /_key_file: .* is open to other users: run chmod 600/);
      return true;
    });
  }
});
