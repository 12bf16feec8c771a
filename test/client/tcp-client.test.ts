/*
 * Goal: the TCP client returns the answer of each request, and an error when none comes.
 * Method: the test's own servers, which answer late, out of order, endlessly or not at all.
 */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConnectionLost, TcpClient } from '../../src/client/tcp-client.ts';
import { transferMac } from '../../src/client/transfer-mac.ts';
import { LIMITS } from '../../src/limits.ts';
import { until } from '../waiting.ts';

/** A server that gives each line to the test. */
async function serving(
  t: TestContext,
  onLine: (message: { id: number; accion: string }, socket: Socket) => void,
): Promise<number> {
  const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) onLine(JSON.parse(line), socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function client(t: TestContext, port: number, answerTimeMs = 5_000): Promise<TcpClient> {
  const made = await TcpClient.connect({ host: '127.0.0.1', port, answerTimeMs });
  t.after(() => made.destroy());
  return made;
}

test('answers find their message in whatever order they come', async (t) => {
  const held: [number, Socket][] = [];
  const port = await serving(t, ({ id }, socket) => {
    held.push([id, socket]);
    if (held.length === 100)
      for (const [late, to] of held.toReversed()) to.write(`{"status":"OK","n":${late},"id":${late}}\n`);
  });
  const made = await client(t, port);
  const answers = await Promise.all(Array.from({ length: 100 }, () => made.request({ accion: 'x' })));
  assert.deepEqual(
    answers.map(({ n }) => n),
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  assert.equal(made.pending, 0);
});

test('messages of one turn leave in one write', async (t) => {
  let chunks = 0;
  const server = createServer((socket) => socket.on('data', () => chunks++));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const made = await client(t, (server.address() as AddressInfo).port);
  for (let index = 0; index < 20; index++) made.request({ accion: 'x' }).catch(() => undefined);
  await until(() => chunks > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(chunks, 1);
});

test('an answer that does not come, a connection that closes, and a port where nothing listens', async (t) => {
  const silent = await serving(t, () => undefined);
  await assert.rejects(
    (await client(t, silent, 100)).request({ accion: 'x' }),
    (error) => error instanceof ConnectionLost && /no answer within 100 ms/.test(error.message),
  );
  const closing = await serving(t, (_, socket) => void socket.destroy());
  const closed = await client(t, closing);
  await assert.rejects(closed.request({ accion: 'x' }), ConnectionLost);
  await assert.rejects(closed.request({ accion: 'x' }), ConnectionLost);
  await assert.rejects(TcpClient.connect({ host: '127.0.0.1', port: 1 }), ConnectionLost);
});

test('an answer that is endless or no JSON ends the connection', async (t) => {
  for (const bytes of ['x\n', 'x'.repeat(LIMITS.clientAnswerBytesMax + 1)]) {
    const port = await serving(t, (_, socket) => void socket.write(bytes));
    await assert.rejects((await client(t, port)).request({ accion: 'x' }), ConnectionLost);
  }
});

test('the MAC is that of the protocol', () => {
  const nonce = 'ca6cf1d341744c1ab2907267ba13053ddaba10f580a6f7c78a3141a6fa928a57';
  const mac = '422ec75589b8d45ebf170da6177ffd5f64bf277a253747225bcfbef10f380186';
  assert.equal(transferMac('secreto', 'CuentaA,CuentaB,100.0', nonce), mac);
});
