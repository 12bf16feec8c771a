/*
 * Goal: a log server that misbehaves is named for what it does, and holds up nothing else.
 * Method: servers on loopback that stop reading, speak no TLS or show a foreign certificate.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { SyslogSink } from '../../../src/adapters/syslog/sink.ts';
import { EventForm } from '../../../src/application/relay/outgoing-event.ts';
import { Relay } from '../../../src/application/relay/relay.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { EventSink } from '../../../src/ports/event-sink.ts';
import { MemoryOutbox, MemoryPlaces } from '../../application/relay/memory.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { until } from '../../waiting.ts';

const file = (name: string) => readFileSync(join(CERTIFICATES, name), 'utf8');
const FIRST = { cert: file('first.cert.pem'), key: file('first.key.pem') };
const LIMITS_HERE = {
  ...{ syslogConnectTimeMs: 300, syslogStallTimeMs: 300, syslogCloseTimeMs: 300 },
  ...{
    syslogSegmentMs: 50,
    syslogSettleMs: 50,
    sinkPauseMsMin: 10,
    sinkPauseMsMax: 20,
    sinkLeasePeriodMs: 20,
  },
};

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

function relayTo(t: TestContext, address: string, ca = FIRST.cert) {
  const outbox = new MemoryOutbox();
  const relay = new Relay({
    outbox,
    places: new MemoryPlaces().of('test'),
    form: new EventForm({ source: 'sello.test', types: ['*'], fieldsOmitted: [] }),
    log: { info() {}, warn() {} },
    now: Date.now,
    random: Math.random,
    limits: { ...LIMITS, ...LIMITS_HERE },
  });
  const message = {
    format: 'cef',
    source: 'sello.test',
    productVersion: '1',
    enterpriseNumber: 32_473,
  } as const;
  relay.add(new SyslogSink({ address, message, ca: async () => ca, limits: LIMITS_HERE }));
  relay.start();
  t.after(() => relay.stop());
  const problem = () => relay.sinks.find(({ sink }) => sink === 'syslog')?.problem;
  return { outbox, relay, problem };
}

test('one that stops reading is given up, and another sink goes on meanwhile', async (t) => {
  const server = createTlsServer({ ...FIRST, pauseOnConnect: true }, (socket) => socket.pause());
  const port = await listening(t, createStalled(server));
  const { outbox, relay, problem } = relayTo(t, `tls://127.0.0.1:${port}`);
  let others = 0;
  const other: EventSink = {
    name: 'other',
    open: async ({ acknowledged }) => ({
      send: async (events) => {
        others += events.length;
        acknowledged(events.at(-1)?.index ?? 0);
      },
      close: async () => undefined,
    }),
  };
  relay.add(other);
  outbox.add(40_000);
  await until(() => others === 40_000);
  await until(() => problem() !== undefined);
  assert.ok(['slow', 'unreachable'].includes(problem()?.kind ?? ''), JSON.stringify(problem()));
  assert.equal(relay.sinks.find(({ sink }) => sink === 'syslog')?.next, 0, 'nothing counts as arrived');
});

test('one that reads and never ends its side is given up, and what it read is sent again', async (t) => {
  let bytes = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
    });
  });
  const port = await listening(t, server);
  const { outbox, relay, problem } = relayTo(t, `tcp://127.0.0.1:${port}`);
  outbox.add(10);
  await until(() => problem()?.message.includes('does not end its side'));
  const once = bytes;
  await until(() => bytes >= 2 * once);
  assert.equal(relay.sinks[0]?.next, 0);
});

test('a foreign certificate and a server without TLS are refused by name; one that is not there is waited for', async (t) => {
  const foreign = await listening(
    t,
    createTlsServer({ cert: file('second.cert.pem'), key: file('second.key.pem') }) as Server,
  );
  const refused = relayTo(t, `tls://127.0.0.1:${foreign}`);
  await until(() => refused.problem()?.kind === 'misconfigured');
  const plain = await listening(
    t,
    createServer((socket) => socket.end('220 no TLS here\r\n')),
  );
  const noTls = relayTo(t, `tls://127.0.0.1:${plain}`);
  await until(() => noTls.problem() !== undefined);
  const late = createServer((socket) => socket.resume().on('end', () => socket.end()));
  const port = await listening(t, late);
  await new Promise((resolve) => late.close(resolve));
  const waiting = relayTo(t, `tcp://127.0.0.1:${port}`);
  waiting.outbox.add(3);
  await until(() => waiting.problem()?.kind === 'unreachable');
  late.listen(port, '127.0.0.1');
  await until(() => waiting.relay.sinks[0]?.next === 3);
  assert.equal(waiting.problem(), undefined);
});

/** Completes the handshake, then reads nothing. */
function createStalled(server: ReturnType<typeof createTlsServer>): Server {
  server.on('secureConnection', (socket) => socket.pause());
  return server as unknown as Server;
}
