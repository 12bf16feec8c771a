/*
 * Goal: whatever an endpoint does has a clear outcome, within bounds, and no request goes where it must not.
 * Method: real servers on loopback that misbehave, and a real DNS server that changes its answers.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { HttpWebhookSender } from '../../../src/adapters/webhooks/http-sender.ts';
import { dnsResolver, type Resolve } from '../../../src/adapters/webhooks/resolve.ts';
import { LIMITS } from '../../../src/limits.ts';
import { ReachableAddresses } from '../../../src/net/public-address.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { WebhookReceiver } from '../../services/webhook-receiver.ts';

const LOOPBACK: Resolve = async () => ['127.0.0.1'];
const file = (name: string) => readFileSync(join(CERTIFICATES, name), 'utf8');

function sender(
  t: TestContext,
  {
    allowed = ['127.0.0.1'],
    resolve = dnsResolver(1_000),
    ca = undefined as string | undefined,
    timeMs = 400,
  } = {},
) {
  const made = new HttpWebhookSender({
    reachable: new ReachableAddresses(allowed),
    resolve,
    ...(ca === undefined ? {} : { ca }),
    limits: { ...LIMITS, webhookTimeMs: timeMs, webhookAnswerTimeMs: 100 },
  });
  t.after(() => made.close());
  const signal = new AbortController().signal;
  return (url: string, body = '{}') =>
    made.send({ url, headers: { 'webhook-id': 'evt_1' }, body: Buffer.from(body) }, signal);
}

/** A server of bytes. */
async function raw(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

test('2xx is delivered; other statuses, redirects and Retry-After are told apart', async (t) => {
  const send = sender(t);
  const receiver = await WebhookReceiver.start(t);
  const other = await WebhookReceiver.start(t);
  for (const [status, outcome] of [
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'redirect'],
    [307, 'redirect'],
    [400, 'status'],
    [503, 'status'],
  ] as const) {
    receiver.answer = (_, response) =>
      response.writeHead(status, { location: other.url, 'retry-after': '7' }).end('x\u001b[31m\u202ey\0');
    const answer = await send(receiver.url);
    assert.deepEqual([answer.outcome, answer.status, answer.retryAfterMs], [outcome, status, 7_000]);
    if (status !== 204) assert.equal(answer.text, 'x\ufffd[31m\ufffdy\ufffd');
  }
  assert.equal(other.received.length, 0, 'no redirect was followed');
  assert.equal(receiver.received[0]?.headers.host, `127.0.0.1:${receiver.port}`);
});

test('an endpoint that answers 200 without reading has taken the event', async (t) => {
  const url = await raw(t, (socket) => {
    socket.pause();
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const answer = await sender(t)(url, 'x'.repeat(8_000_000));
  assert.deepEqual([answer.outcome, answer.status], ['delivered', 200]);
});

test('an endpoint that never answers, or answers a byte at a time, ends by time', async (t) => {
  const silent = await raw(t, () => undefined);
  assert.equal((await sender(t)(silent)).outcome, 'timeout');
  const slow = await raw(t, (socket) => {
    const timer = setInterval(() => socket.write('H'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  const answer = await sender(t)(slow);
  assert.ok(['timeout', 'answer_invalid'].includes(answer.outcome), answer.outcome);
});

test('an answer that streams without end is cut off, and its status counts', async (t) => {
  let written = 0;
  let closed = false;
  const url = await raw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`;
    const more = () => {
      while (!socket.destroyed && socket.write(chunk)) written += 0x4000;
    };
    socket.on('drain', more).on('close', () => {
      closed = true;
    });
    more();
  });
  const answer = await sender(t)(url);
  assert.deepEqual([answer.outcome, answer.text.length], ['delivered', LIMITS.webhookAnswerBytesMax]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(closed, 'the connection is closed');
  assert.ok(written < 16_000_000, `${written} bytes`);
});

test('what is no HTTP, too large a header, a closed port and an abrupt end have outcomes of their own', async (t) => {
  const send = sender(t);
  const noHttp = await raw(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  assert.equal((await send(noHttp)).outcome, 'answer_invalid');
  const large = await raw(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`));
  assert.equal((await send(large)).outcome, 'answer_invalid');
  const abrupt = await raw(t, (socket) => socket.destroy());
  assert.equal((await send(abrupt)).outcome, 'connection_failed');
  const receiver = await WebhookReceiver.start(t);
  const { url } = receiver;
  receiver.server.close();
  assert.equal((await send(url)).outcome, 'connection_failed');
});

test('a connection that the endpoint closed while it was idle costs no attempt', async (t) => {
  const send = sender(t);
  const receiver = await WebhookReceiver.start(t);
  assert.equal((await send(receiver.url)).outcome, 'delivered');
  for (let round = 0; round < 5; round++) {
    receiver.server.closeAllConnections();
    assert.equal((await send(receiver.url)).outcome, 'delivered', `round ${round}`);
  }
});

test('certificates are checked for the name in the URL', async (t) => {
  const tls = { cert: file('first.cert.pem'), key: file('first.key.pem') };
  const receiver = await WebhookReceiver.start(t, { tls });
  const untrusting = sender(t, { resolve: LOOPBACK });
  assert.equal((await untrusting(`https://first.test:${receiver.port}/`)).outcome, 'tls_failed');
  const send = sender(t, { resolve: LOOPBACK, ca: file('first.cert.pem') });
  assert.equal((await send(`https://first.test:${receiver.port}/`)).outcome, 'delivered');
  assert.equal((await send(`https://127.0.0.1:${receiver.port}/`)).outcome, 'delivered');
  assert.equal((await send(`https://second.test:${receiver.port}/`)).outcome, 'tls_failed');
  assert.equal(receiver.received[0]?.headers.host, `first.test:${receiver.port}`);
  const plain = await WebhookReceiver.start(t);
  assert.equal((await send(`https://first.test:${plain.port}/`)).outcome, 'tls_failed');
  const old = createTlsServer({ ...tls, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
  t.after(() => old.close());
  const port = (old.address() as { port: number }).port;
  assert.equal((await send(`https://first.test:${port}/`)).outcome, 'tls_failed');
});

test('addresses that are not named are not called, whatever name leads there', async (t) => {
  const receiver = await WebhookReceiver.start(t);
  const send = sender(t, { allowed: [], resolve: LOOPBACK });
  for (const url of [
    `https://127.0.0.1:${receiver.port}/`,
    `https://inside.test:${receiver.port}/`,
    `http://inside.test:${receiver.port}/`,
    `https://[::ffff:127.0.0.1]:${receiver.port}/`,
  ]) {
    const answer = await send(url);
    assert.equal(answer.outcome, 'address_refused', url);
    assert.match(answer.text, /private_addresses_allowed/);
  }
  const localhost = sender(t, { allowed: [] });
  for (const host of ['localhost', 'a.localhost', 'localhost.'])
    assert.equal((await localhost(`https://${host}:${receiver.port}/`)).outcome, 'address_refused', host);
  const plain = sender(t, { allowed: ['10.0.0.1'], resolve: async () => ['93.184.216.34'] });
  assert.equal(
    (await plain('http://public.test/')).outcome,
    'address_refused',
    'HTTP only where it is named',
  );
  assert.equal(receiver.received.length, 0);
});

test('a name whose DNS answer changes after it was judged gains nothing', async (t) => {
  const inside = await WebhookReceiver.start(t, { host: '127.0.0.2' });
  let asked = 0;
  // Permitted at the first question, forbidden at every later one.
  const dns = await nameServer(t, () => (asked++ === 0 ? [127, 0, 0, 1] : [127, 0, 0, 2]));
  const outside = await WebhookReceiver.start(t);
  const send = sender(t, { resolve: dnsResolver(1_000, [dns]) });
  assert.equal((await send(`http://rebound.test:${outside.port}/`)).outcome, 'delivered');
  assert.equal(asked, 1, 'asked once a request');
  assert.equal((await send(`http://rebound.test:${inside.port}/`)).outcome, 'address_refused');
  assert.equal(inside.received.length, 0);
});

test('a name server that does not answer, or knows nothing, ends by time', async (t) => {
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const send = sender(t, { resolve: dnsResolver(60_000, [`127.0.0.1:${silent.address().port}`]) });
  assert.equal((await send('https://nowhere.test/')).outcome, 'timeout');
  const none = await nameServer(t, () => undefined);
  const unknown = sender(t, { resolve: dnsResolver(1_000, [none]) });
  assert.equal((await unknown('https://nowhere.test/')).outcome, 'name_unresolved');
});

/** Answers questions for A; of any other type there is nothing. @returns its address */
async function nameServer(t: TestContext, answer: () => readonly number[] | undefined): Promise<string> {
  const server = createSocket('udp4');
  server.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5;
    const question = query.subarray(12, end);
    const isA = question.readUInt16BE(question.length - 4) === 1;
    const found = isA ? answer() : undefined;
    const header = Buffer.from(query.subarray(0, 12));
    // A response (RFC 1035 section 4.1.1), without additional records.
    header.writeUInt16BE(found || !isA ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(found ? 1 : 0, 6);
    header.writeUInt32BE(0, 8);
    const record = found ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...found]) : Buffer.alloc(0);
    server.send(Buffer.concat([header, question, record]), port, address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `127.0.0.1:${server.address().port}`;
}
