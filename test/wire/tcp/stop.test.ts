/*
 * Goal: a stopping server answers what it accepted, and does not wait for silent clients.
 * Method: the TCP server with calls that the test holds back while the server stops.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { CERTIFICATES } from '../../services/certificates.ts';
import { until } from '../../waiting.ts';
import { Client, fixtureNonce, startFixture } from './tcp-fixture.ts';

function transfer(more: object = {}): object {
  return { accion: 'transaccion', data: 'A,B,1', nonce: fixtureNonce(0), ...more };
}

test('a graceful stop answers what was accepted, then closes', async (t) => {
  const { port, server, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  const idle = await Client.loggedIn(t, port);
  services.hold();
  client.send(...[1, 2, 3].map((id) => transfer({ id })), transfer(), transfer(), transfer());
  await until(() => services.held === 4);
  const stopped = server.stop(5_000);
  await until(() => idle.ended);
  const late = connect({ port, host: '127.0.0.1' });
  await assert.rejects(new Promise((_, reject) => late.once('error', reject)), { code: 'ECONNREFUSED' });
  client.send(transfer());
  services.release();
  const answers = await client.answers(6);
  assert.deepEqual(
    answers.map(({ id, status, error }) => [id ?? 0, error ?? status]),
    [
      [0, 'OK'],
      [3, 'OK'],
      [2, 'OK'],
      [1, 'OK'],
      [0, 'shutting_down'],
      [0, 'shutting_down'],
    ],
  );
  assert.equal(answers.at(-1)?.reintentar_ms, 1_000);
  await stopped;
  await client.closed;
  assert.equal(services.requests.length, 4);
  await until(() => server.connections === 0);
});

test('a stop does not wait for clients that stay, nor for a connection that has said nothing', async (t) => {
  const { port, server } = await startFixture(t);
  for (let n = 0; n < 20; n++) await Client.connect(t, port, { allowHalfOpen: true });
  await until(() => server.connections === 20);
  const start = performance.now();
  await server.stop(5_000);
  assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`);
});

test('a stop does not wait for a header or a handshake', async (t) => {
  const tls = { certFile: `${CERTIFICATES}/first.cert.pem`, keyFile: `${CERTIFICATES}/first.key.pem` };
  for (const options of [{ proxyTrusted: ['127.0.0.1'] }, { tls }]) {
    const { port, server } = await startFixture(t, options);
    const client = await Client.connect(t, port, { allowHalfOpen: true });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const start = performance.now();
    await server.stop(5_000);
    assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`);
    await until(() => client.ended);
  }
});

test('after the drain time it waits no longer', async (t) => {
  const { port, server, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  services.hold();
  client.send(transfer());
  await until(() => services.held === 1);
  const start = performance.now();
  await Promise.all([server.stop(100), server.stop(100)]);
  assert.ok(performance.now() - start < 5_000);
  await client.closed;
  services.release();
});
