/*
 * Goal: with sslmode=verify-full a database addressed by IP must present a certificate for that address, although TLS
 * starts on an existing connection, where the host name is easily lost. A server without it is sent nothing.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { readAddress } from '../../src/adapters/postgres/address.ts';
import { Connection } from '../../src/adapters/postgres/connection.ts';
import { STORE_TIMES } from '../../src/adapters/postgres/times.ts';
import { makeVaultCertificates, pathsOf } from '../../src/cli/vault/certificates.ts';
import { temporaryFolder } from '../services/application.ts';

const SSL_REQUEST_BYTES = 8;

/** Answers PostgreSQL's request for TLS, and says whether the client went on in it: then it has sent who it is. */
async function tellsWhoItIs(t: TestContext, certificateFor: string, mode: string): Promise<boolean> {
  const folder = await temporaryFolder(t);
  await makeVaultCertificates({ folder, hosts: [certificateFor], callers: [], days: 1, renew: false });
  const { cert, key } = pathsOf(folder, 'vault');
  let told = false;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (request) => {
      assert.equal(request.length, SSL_REQUEST_BYTES);
      socket.write('S');
      const secure = new TLSSocket(socket, {
        ...{ isServer: true, cert: readFileSync(cert), key: readFileSync(key) },
      });
      secure.on('error', () => {});
      secure.once('data', () => {
        told = true;
        secure.destroy();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const root = pathsOf(folder, 'ca').cert;
  const address = readAddress(
    `postgres://sello:secret@127.0.0.1:${port}/sello?sslmode=${mode}&sslrootcert=${root}`,
  );
  const [host] = address.hosts;
  assert.ok(host);
  await assert.rejects(Connection.open(address, host, () => undefined, STORE_TIMES));
  for (const socket of sockets) socket.destroy();
  server.close();
  return told;
}

test('a database called by its address is believed by a certificate for that address alone', async (t) => {
  assert.equal(await tellsWhoItIs(t, 'localhost', 'verify-full'), false);
  assert.equal(await tellsWhoItIs(t, '127.0.0.2', 'verify-full'), false);
  assert.equal(await tellsWhoItIs(t, '127.0.0.1', 'verify-full'), true);
  assert.equal(await tellsWhoItIs(t, 'localhost', 'verify-ca'), true);
});
