/*
 * Goal: a client that asks for much and reads nothing costs the server a bounded number of bytes, on every listener,
 * and delays others by a bounded number of requests.
 * Method: the attack in short, on the real listeners with small bounds: connections that send as much as the kernel
 * takes and read nothing. Bytes and requests are counted, not times.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { askOperator } from '../../src/operator/client.ts';
import { openOperatorSocket } from '../../src/operator/socket-server.ts';
import { temporaryFolder, testApplication } from '../services/application.ts';
import { until } from '../waiting.ts';
import { testHttp } from '../wire/http/http-fixture.ts';
import { Client, startFixture } from '../wire/tcp/tcp-fixture.ts';

/** Sends the bytes again and again, as fast as they are taken, and reads nothing. */
function flood(t: TestContext, socket: Socket, bytes: string): void {
  socket.pause().on('error', () => {});
  const burst = Buffer.from(bytes.repeat(Math.ceil(66_000 / bytes.length)));
  const send = () => {
    while (!socket.destroyed && socket.write(burst));
  };
  socket.on('drain', send).on('connect', send);
  t.after(() => socket.destroy());
}

test('HTTP: a thousand pipelined requests on each of many connections, of which no answer is read', async (t) => {
  const heldBytesMax = 2_097_152;
  let answered = 0;
  const fixture = await testHttp(t, { limits: { heldBytesMax } });
  const { port } = fixture.server.address();
  const { connections, dependencies } = fixture.server;
  dependencies.metrics.observe = () => answered++;
  const before = process.memoryUsage().rss;
  for (let connection = 0; connection < 60; connection++) {
    const one = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
    flood(t, connect(port, '127.0.0.1'), one);
  }
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, connections.heldBytes);
  }, 1);
  t.after(() => clearInterval(watch));
  await until(() => connections.cutOff > 0);
  for (let round = 0; round < 5; round++) {
    const asked = await new Promise<number>((resolve, reject) => {
      request({ port, path: '/healthz', localAddress: '127.0.0.2' }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
    assert.equal(asked, 200);
  }
  await delay(200);
  assert.ok(most <= heldBytesMax, `${most} bytes were held`);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 150 * 1_048_576, `memory grew by ${grown} bytes`);
  assert.ok(answered < 20_000, `${answered} requests were carried out for nobody`);
});

test('TCP: answers that nobody reads, on many connections together', async (t) => {
  const tcpHeldBytesMax = 2_097_152;
  const { port, server } = await startFixture(t, { limits: { tcpHeldBytesMax, slowReaderTimeMs: 60_000 } });
  const honest = await Client.loggedIn(t, port);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, server.heldBytes);
  }, 1);
  t.after(() => clearInterval(watch));
  const line = `${JSON.stringify({ accion: 'pet_transaccion', cantidad: 1_024, id: 1 })}\n`;
  for (let connection = 0; connection < 12; connection++) {
    const client = await Client.loggedIn(t, port);
    client.socket.pause();
    client.send(line.repeat(1_000));
  }
  await until(() => server.counters.cutOff > 0);
  assert.ok(most <= tcpHeldBytesMax, `${most} bytes were held`);
  assert.equal((await honest.ask({ accion: 'pet_transaccion' })).status, 'OK');
});

test("the operator's socket carries out no more requests than it can answer", async (t) => {
  const folder = await temporaryFolder(t);
  const application = await testApplication(t, { flags: { '--data-dir': folder } });
  let carriedOut = 0;
  const log = { info: () => carriedOut++, error() {} };
  const operator = await openOperatorSocket({ application }, folder, log);
  t.after(() => operator.close());
  const line = JSON.stringify({ command: 'user.list', arguments: {} });
  flood(t, connect(operator.path), `${line}\n`);
  await until(() => carriedOut > 0);
  let before = -1;
  await until(
    async () => {
      const still = carriedOut === before;
      before = carriedOut;
      return still;
    },
    { everyMs: 300 },
  );
  assert.ok(carriedOut < 20_000, `${carriedOut} were carried out for nobody`);
  assert.equal((await askOperator(operator.path, { command: 'status', arguments: {} }))?.ok, true);
});
