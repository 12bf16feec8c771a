/*
 * Goal: over TLS the protocol is the same, certificates are reloaded without interruption, and failed handshakes end.
 * Method: real TLS connections; certificates are replaced and corrupted while the server runs.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { PROXY_SIGNATURE } from '../../../src/wire/tcp/proxy-header.ts';
import type { TcpOptions } from '../../../src/wire/tcp/server.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { until } from '../../waiting.ts';
import { ALICE, Client, type Fixture, fixtureNonce, startFixture } from './tcp-fixture.ts';

interface TlsFixture extends Fixture {
  readonly certFile: string;
  readonly keyFile: string;
  /** Puts a certificate where the server reads its own. */
  install(name: 'first' | 'second'): Promise<void>;
}

async function startTls(t: TestContext, options: Partial<TcpOptions> = {}): Promise<TlsFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const install = async (name: string): Promise<void> => {
    await copyFile(join(CERTIFICATES, `${name}.cert.pem`), certFile);
    await copyFile(join(CERTIFICATES, `${name}.key.pem`), keyFile);
  };
  await install('first');
  const fixture = await startFixture(t, { tls: { certFile, keyFile }, ...options });
  return { ...fixture, certFile, keyFile, install };
}

async function connectTls(
  t: TestContext,
  port: number,
  options: ConnectionOptions = {},
): Promise<{ client: Client; socket: TLSSocket }> {
  const ca = await Promise.all(
    ['first', 'second'].map((name) => readFile(join(CERTIFICATES, `${name}.cert.pem`))),
  );
  const socket = connect({ port, host: '127.0.0.1', ca, ...options });
  t.after(() => socket.destroy());
  const client = new Client(socket as unknown as Socket);
  await once(socket, 'secureConnect');
  return { client, socket };
}

test('the protocol over TLS 1.2 and 1.3', async (t) => {
  const { port } = await startTls(t, { host: '127.0.0.1' });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { client, socket } = await connectTls(t, port, { minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
    assert.equal((await client.ask(ALICE)).status, 'OK');
    const lines = Array.from({ length: 200 }, (_, id) => ({
      accion: 'transaccion',
      data: 'A,B,1',
      nonce: fixtureNonce(0),
      id,
    }));
    client.send(...lines);
    assert.equal((await client.answers(200)).length, 200);
    assert.equal((await client.ask({ accion: 'pet_transaccion', cantidad: 1_024 })).status, 'OK');
  }
});

test('TLS 1.1 is refused by the server', async (t) => {
  const { port, server } = await startTls(t);
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await assert.rejects(connectTls(t, port, old), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  await until(() => server.counters.tlsFailures === 1);
  assert.equal(server.connections, 0);
});

test('a reload is for new connections; a broken certificate leaves the old one in use', async (t) => {
  const { port, server, install, certFile, keyFile, log } = await startTls(t);
  const name = (socket: TLSSocket): unknown => socket.getPeerCertificate().subject.CN;
  const before = await connectTls(t, port);
  assert.equal(name(before.socket), 'first.test');

  await install('second');
  assert.equal(await server.reloadTls(), true);
  assert.equal(name((await connectTls(t, port)).socket), 'second.test');
  assert.equal((await before.client.ask(ALICE)).status, 'OK', 'a connection made before goes on');

  const breaks: (() => Promise<void>)[] = [
    () => writeFile(certFile, 'no certificate'),
    () => copyFile(join(CERTIFICATES, 'first.cert.pem'), certFile),
    () => rm(keyFile),
  ];
  for (const [index, spoil] of breaks.entries()) {
    await install('second');
    await spoil();
    assert.equal(await server.reloadTls(), false);
    assert.equal(name((await connectTls(t, port)).socket), 'second.test');
    assert.equal(log.filter(({ level }) => level === 'error').length, index + 1);
  }
  assert.doesNotMatch(JSON.stringify(log), /PRIVATE/);
});

test('a start with a certificate that does not match its key is refused', async (t) => {
  const files = {
    certFile: join(CERTIFICATES, 'first.cert.pem'),
    keyFile: join(CERTIFICATES, 'second.key.pem'),
  };
  await assert.rejects(startFixture(t, { tls: files }), {
    name: 'StartRefused',
    message: /first\.cert\.pem/,
  });
});

test('a client without a handshake, or in the clear, is disconnected', async (t) => {
  const { port, server, services } = await startTls(t, { limits: { tlsHandshakeTimeMs: 100 } });
  const silent = await Client.connect(t, port);
  const plain = await Client.connect(t, port);
  plain.send(ALICE);
  await Promise.all([silent.closed, plain.closed]);
  await until(() => server.connections === 0);
  assert.equal(server.counters.tlsFailures, 2);
  assert.deepEqual(services.addresses, []);
});

test('a PROXY header comes before the handshake, in one piece with it or not', async (t) => {
  const { port, services } = await startTls(t, { proxyTrusted: ['127.0.0.1'] });
  const header = Buffer.concat([
    PROXY_SIGNATURE,
    Buffer.from([0x21, 0x11, 0, 12, 192, 0, 2, 7, 127, 0, 0, 1, 0, 9, 0, 9]),
  ]);
  for (const together of [true, false]) {
    const socket = connectPlain({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    if (together) socket.cork();
    socket.write(header);
    if (!together) await new Promise((resolve) => setTimeout(resolve, 30));
    setImmediate(() => socket.uncork());
    const { client } = await connectTls(t, port, { socket });
    assert.equal((await client.ask(ALICE)).status, 'OK');
  }
  assert.deepEqual(services.addresses, ['192.0.2.7', '192.0.2.7']);
});

test('half-open and stop over TLS: what was accepted is answered', async (t) => {
  const { port, server, services } = await startTls(t);
  const { client, socket } = await connectTls(t, port, { allowHalfOpen: true } as ConnectionOptions);
  await client.ask(ALICE);
  services.hold();
  client.send({ accion: 'transaccion', data: 'A,B,1', nonce: fixtureNonce(0) });
  socket.end();
  await until(() => services.held === 1);
  services.release();
  assert.equal((await client.answer()).status, 'OK');
  await until(() => server.connections === 0);

  const other = await connectTls(t, port);
  await other.client.ask(ALICE);
  services.hold();
  other.client.send({ accion: 'transaccion', data: 'A,B,1', nonce: fixtureNonce(0) });
  await until(() => services.held === 1);
  const stopped = server.stop(5_000);
  services.release();
  assert.equal((await other.client.answer()).status, 'OK');
  await stopped;
  // A socket gives its place back when it tells that it is closed, which may be after the listener does.
  await until(() => server.connections === 0);
});

test('beyond the bound on connections no handshake is made; an over-long line is answered', async (t) => {
  const { port, server } = await startTls(t, { limits: { connectionsMax: 1 } });
  const { client } = await connectTls(t, port);
  await assert.rejects(connectTls(t, port));
  assert.equal(server.counters.connectionsRefused, 1);
  client.send('x'.repeat(100_000));
  assert.equal((await client.answer()).error, 'line_too_long');
  await client.closed;
  await until(() => server.connections === 0);
});
