/*
 * Goal: whatever a broker answers, nothing is taken for delivered that is not, all is sent again from the first event that is in
 * doubt, and the failure says what it is. The main path is tested on a real broker (pulsar.check.ts).
 * Method: the relay with the real adapter against a web service that answers as the test tells it.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { WebSocket } from 'ws';
import type { ProducerLimits } from '../../../src/adapters/pulsar/producer.ts';
import { PulsarSink } from '../../../src/adapters/pulsar/sink.ts';
import { EventForm } from '../../../src/application/relay/outgoing-event.ts';
import { Relay } from '../../../src/application/relay/relay.ts';
import { StartRefused } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { MemoryOutbox, MemoryPlaces } from '../../application/relay/memory.ts';
import { until } from '../../waiting.ts';
import { acknowledge, type Produced, ScriptedBroker } from './scripted-broker.ts';

const LOG = 'sello.example';

async function setUp(
  t: TestContext,
  {
    entries = 50,
    limits = {},
    checkPeriodMs = 60_000,
    positioned,
  }: {
    entries?: number;
    limits?: Partial<ProducerLimits>;
    checkPeriodMs?: number;
    /** Where the sink stands already. */
    positioned?: number;
  } = {},
) {
  const broker = await ScriptedBroker.start();
  const outbox = new MemoryOutbox();
  outbox.add(entries);
  const places = new MemoryPlaces();
  if (positioned !== undefined) places.positions.set('pulsar', positioned);
  const relay = new Relay({
    outbox,
    places: places.of('a'),
    form: new EventForm({ source: LOG, types: ['*'], fieldsOmitted: [] }),
    log: { info() {}, warn() {} },
    now: () => 0,
    random: () => 0,
    limits: { ...LIMITS, sinkLeasePeriodMs: 10, sinkPauseMsMin: 1, sinkPauseMsMax: 20 },
  });
  const sink = new PulsarSink({
    ...{
      serviceUrl: broker.url,
      topic: 'persistent://public/default/journal',
      log: LOG,
      checkPeriodMs,
      limits,
    },
    access: async () => ({ token: 'a-token', ca: undefined }),
  });
  relay.add(sink);
  t.after(async () => {
    await relay.stop();
    await broker.stop();
  });
  const status = () => relay.sinks[0];
  const problem = (kind: string) =>
    until(() => (status()?.problem?.kind === kind ? status()?.problem?.message : undefined), {
      what: `the problem ${kind}`,
      said: () => JSON.stringify(status()),
    });
  return { broker, outbox, places, relay, status, problem };
}

const indexes = (messages: readonly Produced[]) => messages.map(({ context }) => Number(context));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('the events of one socket begin where its sequence ids do, without a gap, key and properties with each', async (t) => {
  const { broker, relay, status } = await setUp(t);
  relay.start();
  await until(() => status()?.next === 50);
  assert.deepEqual(indexes(broker.received), range(0, 50));
  const [opened] = broker.opened;
  assert.equal(opened?.pathname, '/ws/v2/producer/persistent/public/default/journal-partition-0');
  assert.equal(opened.searchParams.get('producerName'), `sello-${LOG}`);
  assert.equal(opened.searchParams.get('initialSequenceId'), '-1');
  assert.equal(opened.searchParams.get('sendTimeoutMillis'), '0');
  const [first] = broker.received;
  assert.deepEqual(first?.properties, { index: '0', type: 'sello.login.accepted' });
  assert.equal(first.key, 'ana');
  assert.equal(JSON.parse(Buffer.from(first.payload, 'base64').toString()).id, '0');
});

test('an event that the topic had already is acknowledged by the id -1:-1: that is success', async (t) => {
  const { broker, relay, status } = await setUp(t);
  broker.onMessage = ({ context }, socket) =>
    socket.send(JSON.stringify({ result: 'ok', messageId: 'CP///////////wEQ////////////ATAA', context }));
  relay.start();
  await until(() => status()?.next === 50);
  assert.equal(status()?.failures, 0);
});

/** Answers well, but for one event the first time it comes. */
function once(index: number, answer: (message: Produced, socket: WebSocket) => void) {
  let isDone = false;
  return (message: Produced, socket: WebSocket) => {
    if (isDone || message.context !== `${index}`) return acknowledge(message, socket);
    isDone = true;
    answer(message, socket);
  };
}

for (const [what, answer] of [
  [
    'an error',
    ({ context }, socket) => socket.send(JSON.stringify({ result: 'send-error:3', errorMsg: 'no', context })),
  ],
  ['what is no JSON', (_message, socket) => socket.send('<html>')],
  ['null', (_message, socket) => socket.send('null')],
  ['bytes', (_message, socket) => socket.send(Buffer.from([1, 2, 3]))],
  [
    'an event that was never sent',
    (_message, socket) => acknowledge({ context: '4711' } as Produced, socket),
  ],
  [
    'a later event',
    ({ context }, socket) => acknowledge({ context: `${Number(context) + 1}` } as Produced, socket),
  ],
  ['an earlier one once more', (_message, socket) => acknowledge({ context: '0' } as Produced, socket)],
  ['without a context', (_message, socket) => socket.send(JSON.stringify({ result: 'ok', messageId: 'x' }))],
  ['the end of the socket', (_message, socket) => socket.terminate()],
  ['a frame without end', (_message, socket) => socket.send('x'.repeat(LIMITS.pulsarAnswerBytesMax + 1))],
] satisfies [string, (message: Produced, socket: WebSocket) => void][]) {
  test(`an answer that is ${what}: all is sent again from the first event in doubt`, async (t) => {
    const { broker, relay, status, places } = await setUp(t);
    broker.onMessage = once(20, answer);
    relay.start();
    await until(() => status()?.next === 50 && broker.opened.length === 2);
    assert.equal(broker.opened[1]?.searchParams.get('initialSequenceId'), '19');
    const again = indexes(broker.received).indexOf(20, indexes(broker.received).indexOf(20) + 1);
    assert.deepEqual(indexes(broker.received).slice(again), range(20, 50));
    assert.equal(status()?.failures, 1);
    await relay.stop();
    assert.equal(places.positions.get('pulsar'), 50);
  });
}

test('an acknowledgement that does not come: the socket is dropped, and all from there is sent again', async (t) => {
  const { broker, relay, status, problem } = await setUp(t, { limits: { pulsarAcknowledgeTimeMs: 100 } });
  let isDeaf = true;
  broker.onMessage = (message, socket) => {
    if (!isDeaf || Number(message.context) < 5) acknowledge(message, socket);
  };
  relay.start();
  assert.match(await problem('slow'), /acknowledged nothing for .* under way/);
  assert.equal(status()?.next, 5);
  isDeaf = false;
  await until(() => status()?.next === 50);
});

test('late acknowledgements hold up the sender at the number under way, and memory with it', async (t) => {
  const { broker, relay, status } = await setUp(t, { entries: 2_000, limits: { pulsarUnderWayMax: 10 } });
  const held: (() => void)[] = [];
  broker.onMessage = (message, socket) => held.push(() => acknowledge(message, socket));
  relay.start();
  for (let next = 0; next < 2_000; ) {
    await until(() => held.length > 0);
    assert.ok(held.length <= 10, `${held.length} are under way`);
    for (const answer of held.splice(0)) answer();
    next = broker.received.length;
  }
  await until(() => status()?.next === 2_000);
  assert.deepEqual(indexes(broker.received), range(0, 2_000));
});

test('a refused handshake is said by its reason, and tried again until it is mended', async (t) => {
  const { broker, relay, status } = await setUp(t);
  relay.start();
  await until(() => status()?.next === 50);
  for (const [code, kind, says] of [
    [409, 'taken', /a producer named sello-sello\.example is connected already/],
    [401, 'unauthorised', /token_file/],
    [403, 'unauthorised', /token_file/],
    [404, 'misconfigured', /webSocketServiceEnabled/],
    [500, 'unreachable', /500/],
    [302, 'unreachable', /302/],
  ] as const) {
    broker.handshake = code;
    for (const socket of broker.sockets) socket.terminate();
    await until(() => status()?.problem?.kind === kind && says.test(status()?.problem?.message ?? ''), {
      what: `${code} is said`,
    });
  }
  broker.handshake = 101;
  await until(() => status()?.state === 'running');
  assert.equal(status()?.problem, undefined);
});

test('a broker that is not there, that does not answer, or answers without end, is unreachable', async (t) => {
  const { broker, relay, problem } = await setUp(t);
  broker.replies.set('/stats', { status: 200, body: 'x'.repeat(LIMITS.pulsarAnswerBytesMax + 1) });
  relay.start();
  assert.match(await problem('unreachable'), /too long/);
  await broker.stop();
  await until(() => /ECONNREFUSED/.test(relay.sinks[0]?.problem?.message ?? ''));
});

test('a topic with deduplication off, several partitions, or another log is not written to', async (t) => {
  const { broker, relay, problem, status } = await setUp(t);
  // Read last, and wrong until the end: a look that began before a change of the others finds nothing to write to.
  broker.replies.set('/properties', { status: 200, body: { 'sello-log': 'other.example' } });
  broker.replies.set('/stats', { status: 200, body: { deduplicationStatus: 'Disabled' } });
  relay.start();
  assert.match(await problem('misconfigured'), /set-deduplication public\/default --enable/);
  broker.replies.set('/stats', { status: 200, body: { deduplicationStatus: 'Enabled' } });
  broker.replies.set('/partitions', { status: 200, body: { partitions: 3 } });
  await until(() => /3 partitions/.test(status()?.problem?.message ?? ''));
  broker.replies.set('/partitions', { status: 200, body: { partitions: 1 } });
  assert.match(await problem('taken'), /the log other\.example/);
  assert.equal(broker.received.length, 0);
  broker.replies.set('/properties', { status: 403 });
  await until(() => status()?.next === 50);
});

test('a topic that is gone, or new where events were delivered, is said, and filled again where an operator says from', async (t) => {
  const { broker, relay, problem, status } = await setUp(t, { positioned: 30 });
  broker.replies.set('/partitions', { status: 404 });
  broker.replies.set('/stats', { status: 404 });
  relay.start();
  assert.match(await problem('diverged'), /is gone/);
  broker.replies.set('/partitions', { status: 200, body: { partitions: 1 } });
  broker.replies.set('/stats', { status: 200, body: { deduplicationStatus: 'Enabled' } });
  broker.replies.set('/properties', { status: 200, body: {} });
  await until(() => /deleted and made again/.test(status()?.problem?.message ?? ''));
  assert.equal(broker.received.length, 0);
  assert.equal(await relay.rewind('pulsar', 10), undefined);
  await until(() => status()?.next === 50);
  assert.deepEqual(indexes(broker.received), range(10, 50));
  assert.ok(
    broker.puts.some((path) => path.endsWith('/properties')),
    'the topic is marked as this log’s',
  );
  assert.equal(await relay.rewind('nobody', 0), 'unknown');
});

/** The last event of a topic, as the admin API shows it. */
function lastEvent(index: number, hash: string, producer = `sello-${LOG}`) {
  return {
    status: 200,
    headers: { 'x-pulsar-producer-name': producer },
    body: { id: `${index}`, data: { index, hash } },
  };
}

test('what the topic holds already is not sent again: it goes on after the topic’s last event', async (t) => {
  const { broker, outbox, relay, status } = await setUp(t, { positioned: 5 });
  broker.replies.set('/examinemessage', lastEvent(29, outbox.entries[29]?.hash ?? ''));
  relay.start();
  await until(() => status()?.next === 50);
  assert.deepEqual(indexes(broker.received), range(30, 50));
  assert.equal(broker.opened[0]?.searchParams.get('initialSequenceId'), '29');
});

test('a topic whose last event is of another log, or beyond this one’s end, is not written to', async (t) => {
  const { broker, relay, problem, status } = await setUp(t, { positioned: 5 });
  broker.replies.set('/examinemessage', lastEvent(29, 'f'.repeat(64)));
  relay.start();
  assert.match(await problem('diverged'), /event 29 .* is of another log/);
  broker.replies.set('/examinemessage', lastEvent(4_711, 'f'.repeat(64)));
  await until(() =>
    /holds events up to 4711, and this log ends before/.test(status()?.problem?.message ?? ''),
  );
  assert.equal(broker.received.length, 0);
  // Another producer's message says nothing of this log.
  broker.replies.set('/examinemessage', lastEvent(4_711, 'f'.repeat(64), 'somebody'));
  await until(() => status()?.next === 50);
});

test('a topic that is deleted, or loses its deduplication or its mark while events go to it, is found out', async (t) => {
  const { broker, relay, problem, status } = await setUp(t, { checkPeriodMs: 20 });
  relay.start();
  await until(() => status()?.next === 50);
  broker.replies.set('/properties', { status: 200, body: {} });
  assert.match(await problem('diverged'), /deleted and made again/);
  broker.replies.set('/properties', { status: 200, body: { 'sello-log': LOG } });
  await until(() => status()?.state === 'running');
  broker.replies.set('/stats', { status: 200, body: { deduplicationStatus: 'Disabled' } });
  assert.match(await problem('misconfigured'), /deduplication is off/);
  broker.replies.set('/stats', { status: 200, body: { deduplicationStatus: 'Enabled' } });
  await until(() => status()?.state === 'running');
  broker.replies.set('/stats', { status: 404 });
  assert.match(await problem('diverged'), /is gone/);
});

test('an event over the limit stops the sink with its index, and none is skipped', async (t) => {
  const { broker, relay, problem, status } = await setUp(t, { limits: { pulsarMessageBytesMax: 100 } });
  relay.start();
  assert.match(await problem('event_too_large'), /event 0 is a message of \d+ characters/);
  assert.equal(broker.received.length, 0);
  assert.equal(status()?.next, 0);
});

test('the broker’s own limit stops it likewise, as an error or as the end of the socket', async (t) => {
  const { broker, relay, problem } = await setUp(t);
  broker.onMessage = ({ context }, socket) =>
    socket.send(
      JSON.stringify({ result: 'send-error:3', errorMsg: 'InvalidMessageException: exceeds', context }),
    );
  relay.start();
  assert.match(await problem('event_too_large'), /maxMessageSize/);
  broker.onMessage = (_message, socket) => socket.close(1009, 'too large');
  await until(() => /webSocketMaxTextFrameSize/.test(relay.sinks[0]?.problem?.message ?? ''));
});

test('an address that is none of a web service is refused at the start, with what was expected', () => {
  const access = async () => ({ token: undefined, ca: undefined });
  for (const [serviceUrl, topic] of [
    ['pulsar://broker:6650', 'persistent://a/b/c'],
    ['http://user:secret@broker', 'persistent://a/b/c'],
    ['http://broker', 'a/b'],
    ['http://broker', 'non-persistent://a/b/c'],
  ] as const) {
    assert.throws(() => new PulsarSink({ serviceUrl, topic, log: LOG, access }), StartRefused);
  }
});
