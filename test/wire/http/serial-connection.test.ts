/*
 * Goal: a connection has one request under way, whatever is pipelined and however the bytes are cut; a client that does
 * not read is cut off.
 * Method: Node's server as the listener makes it, with a handler that counts; raw bytes from a socket.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { Networks } from '../../../src/net/address.ts';
import { HttpConnections } from '../../../src/wire/http/connections.ts';
import { type ConnectionLimits, makeNodeServer } from '../../../src/wire/http/node-server.ts';
import { RequestCutter } from '../../../src/wire/http/request-cutter.ts';
import { until } from '../../waiting.ts';

async function serve(t: TestContext, handler: RequestListener, limits: ConnectionLimits = {}) {
  const trusted = new Networks([]);
  const { server, figures } = makeNodeServer({
    ...{ handler, limits, tls: undefined, connections: new HttpConnections(trusted), trusted },
    nextId: () => 'id',
    onRefused: () => undefined,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = (): Socket => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    return socket;
  };
  return { figures, open };
}

/** Answers each request with its path and body, and records how many were under way together. */
function echo(record: { most: number; begun: number }): RequestListener {
  let underWay = 0;
  return async (request, response) => {
    record.begun++;
    record.most = Math.max(record.most, ++underWay);
    response.once('close', () => underWay--);
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk);
    response.end(`<${request.url} ${Buffer.concat(body)}>`);
  };
}

interface Sent {
  readonly path: string;
  readonly body: string;
  readonly chunked: boolean;
}

function bytesOf({ path, body, chunked }: Sent): string {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\n`;
  if (!chunked) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
}

const SENT: fc.Arbitrary<Sent> = fc.record({
  path: fc.stringMatching(/^\/[a-z]{0,5}$/),
  // Bodies that look like the end of a header, or like requests.
  body: fc
    .array(fc.constantFrom('a', '\r', '\n', '\n\r\n', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n'), { maxLength: 6 })
    .map((parts) => parts.join('')),
  chunked: fc.boolean(),
});

test('pipelined requests are served one at a time and in order, however the bytes are cut', async (t) => {
  const record = { most: 0, begun: 0 };
  const { open } = await serve(t, echo(record));
  await fc.assert(
    fc.asyncProperty(
      fc.array(SENT, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
      async (sent, cuts) => {
        const socket = open().setNoDelay();
        let answers = '';
        socket.setEncoding('latin1').on('data', (text: string) => {
          answers += text;
        });
        const all = sent.map(bytesOf).join('');
        for (let offset = 0, cut = 0; offset < all.length; cut++) {
          const length = cut < cuts.length ? (cuts[cut] as number) : all.length;
          socket.write(all.slice(offset, offset + length));
          offset += length;
          await new Promise(setImmediate);
        }
        const bodies = () => answers.match(/<\/[^>]*>/g) ?? [];
        await until(() => bodies().length >= sent.length || socket.closed);
        assert.deepEqual(
          bodies(),
          sent.map(({ path, body }) => `<${path} ${body}>`),
        );
        assert.equal(record.most, 1);
        socket.destroy();
      },
    ),
    { numRuns: 40 },
  );
});

test('no part of what arrived reaches beyond the end of a header, and nothing is lost', () => {
  const piece = fc.constantFrom('\n', '\r', '\n\r\n', 'GET / HTTP/1.1\r\nA: b\r\n\r\n', 'x', 'GET /\n\r\n');
  fc.assert(
    fc.property(fc.array(fc.array(piece, { minLength: 1, maxLength: 4 })), (chunks) => {
      const cutter = new RequestCutter();
      let parts = '';
      for (const chunk of chunks) {
        cutter.push(Buffer.from(chunk.join('')));
        while (cutter.waiting > 0) {
          const before = parts.length;
          parts += cutter.next();
          const end = parts.indexOf('\n\r\n', Math.max(0, before - 2));
          assert.ok(end < 0 || end + 3 <= before || end + 3 === parts.length, JSON.stringify(parts));
        }
      }
      assert.equal(parts, chunks.flat().join(''));
    }),
  );
});

test('requests after one that is not answered yet are not begun, and wait in the kernel', async (t) => {
  let begun = 0;
  const held = Promise.withResolvers<void>();
  const { open, figures } = await serve(t, async (_request, response) => {
    begun++;
    await held.promise;
    response.end('done');
  });
  const socket = open();
  const one = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  let sent = 0;
  let answers = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answers += text;
  });
  // More than the kernel holds for both sides.
  const count = 1_000_000;
  socket.write(one.repeat(count), () => {
    sent++;
  });
  await until(() => figures.heldBytes > 0);
  await delay(100);
  assert.equal(begun, 1);
  assert.ok(figures.heldBytes <= 131_072, `${figures.heldBytes}`);
  assert.equal(sent, 0, 'the client is to be slowed down');
  held.resolve();
  await until(() => answers.split('done').length > 1_000);
  socket.destroy();
  await until(() => figures.heldBytes === 0);
});

test('a reader of a large answer that stops reading is cut off; one that reads slowly gets all of it', async (t) => {
  const large = Buffer.alloc(24 * 1_048_576, 'x');
  const { open, figures } = await serve(t, (_request, response) => response.end(large), {
    ...{ slowReaderTimeMs: 400, heldBytesMax: Number.POSITIVE_INFINITY },
  });
  const ask = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const deaf = open();
  deaf.pause();
  deaf.write(ask);
  await until(() => figures.slowReaders === 1);
  const slow = open();
  slow.write(ask);
  let read = 0;
  for await (const chunk of slow) {
    read += chunk.length;
    if (read % 10 === 0) await delay(5);
  }
  assert.ok(read > large.length, `${read}`);
  assert.equal(figures.slowReaders, 1);
});
