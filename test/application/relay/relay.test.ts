import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventForm, type EventSelection } from '../../../src/application/relay/outgoing-event.ts';
import { Relay } from '../../../src/application/relay/relay.ts';
import { LIMITS } from '../../../src/limits.ts';
import {
  type EventSink,
  type OutgoingEvent,
  SinkFailure,
  type SinkSession,
  type SinkStart,
} from '../../../src/ports/event-sink.ts';
import { until } from '../../waiting.ts';
import { MemoryOutbox, MemoryPlaces } from './memory.ts';

const PERIOD_MS = 10;

/** A receiver in memory whose sessions a test holds up, fails and acknowledges by hand. */
class TestSink implements EventSink {
  readonly name: string;
  readonly needsEveryIndex: boolean;
  readonly received: OutgoingEvent[] = [];
  readonly starts: SinkStart[] = [];
  acknowledges = true;
  /** What opening and sending wait for. */
  held: Promise<void> = Promise.resolve();
  failure: SinkFailure | undefined;
  sessionsOpen = 0;

  constructor(name: string, needsEveryIndex = false) {
    this.name = name;
    this.needsEveryIndex = needsEveryIndex;
  }

  async open(start: SinkStart): Promise<SinkSession> {
    this.starts.push(start);
    if (this.failure) throw this.failure;
    this.sessionsOpen++;
    return {
      send: async (events) => {
        await this.held;
        this.received.push(...events);
        if (this.acknowledges) start.acknowledged(events.at(-1)?.index ?? -1);
      },
      close: async () => {
        this.sessionsOpen--;
      },
    };
  }

  indexes(): readonly number[] {
    return this.received.map(({ index }) => index);
  }
}

function setUp(selection: Partial<EventSelection> = {}) {
  const outbox = new MemoryOutbox();
  const shared = new MemoryPlaces();
  const warnings: string[] = [];
  const relayOf = (holder: string) => {
    const relay = new Relay({
      outbox,
      places: shared.of(holder),
      form: new EventForm({ source: 'sello.example', types: ['*'], fieldsOmitted: [], ...selection }),
      log: { info() {}, warn: (fields) => warnings.push(JSON.stringify(fields)) },
      now: () => 1_700_000_000_000,
      random: () => 0,
      limits: {
        ...LIMITS,
        sinkEntriesPerRead: 7,
        sinkLeasePeriodMs: PERIOD_MS,
        sinkPauseMsMin: 1,
        sinkPauseMsMax: 20,
      },
    });
    relay.start();
    return relay;
  };
  return { outbox, shared, relayOf, warnings };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('a sink is given every sealed entry once, in order, and its position follows what it acknowledges', async () => {
  const { outbox, shared, relayOf } = setUp();
  outbox.add(50);
  const sink = new TestSink('one');
  const relay = relayOf('a');
  relay.add(sink);
  await until(() => sink.received.length === 50);
  outbox.add(13);
  await until(() => sink.received.length === 63);
  assert.deepEqual(sink.indexes(), range(0, 63));
  const { size, sinks } = await relay.status();
  assert.equal(size, 63);
  assert.deepEqual(
    sinks.map(({ sink, state, next, lag, underWay }) => ({ sink, state, next, lag, underWay })),
    [{ sink: 'one', state: 'running', next: 63, lag: 0, underWay: 0 }],
  );
  await relay.stop();
  assert.equal(shared.positions.get('one'), 63);
  assert.equal(sink.sessionsOpen, 0);
});

test('what is not acknowledged is given again from the first of it, in a new session', async () => {
  const { outbox, shared, relayOf } = setUp();
  outbox.add(20);
  const sink = new TestSink('one');
  sink.acknowledges = false;
  const relay = relayOf('a');
  relay.add(sink);
  await until(() => sink.received.length === 20);
  sink.starts[0]?.acknowledged(11);
  sink.starts[0]?.failed(new SinkFailure('unreachable', 'gone'));
  sink.acknowledges = true;
  await until(() => sink.starts.length === 2 && sink.received.length === 28);
  assert.deepEqual(sink.indexes().slice(20), range(12, 20));
  // Nothing that an ended session says counts.
  sink.starts[0]?.acknowledged(1_000);
  await relay.stop();
  assert.equal(shared.positions.get('one'), 20);
});

test('a sink that takes nothing, and one that cannot be opened, hold up no other', async () => {
  const { outbox, relayOf, warnings } = setUp();
  outbox.add(100);
  const stuck = new TestSink('stuck');
  stuck.held = new Promise(() => {});
  const broken = new TestSink('broken');
  broken.failure = new SinkFailure('unauthorised', 'the token is not good');
  const good = new TestSink('good');
  const relay = relayOf('a');
  for (const sink of [stuck, broken, good]) relay.add(sink);
  await until(() => good.received.length === 100);
  await until(() => broken.starts.length > 5);
  const byName = new Map((await relay.status()).sinks.map((each) => [each.sink, each]));
  assert.equal(byName.get('good')?.lag, 0);
  assert.equal(byName.get('stuck')?.lag, 100);
  // Back-pressure: one read waits with the sink, and no more is held in memory.
  assert.equal(byName.get('stuck')?.underWay, 7);
  const { state, problem } = byName.get('broken') ?? {};
  assert.ok(state === 'failed' || state === 'connecting');
  assert.equal(problem?.kind, 'unauthorised');
  assert.equal(problem?.message, 'the token is not good');
  assert.equal(warnings.length, 1, 'the same failure is said once');
  await relay.stop();
});

test('of two relays one runs a sink; the other goes on where it stood when the lease is given back', async () => {
  const { outbox, relayOf } = setUp();
  outbox.add(30);
  const [first, second] = [new TestSink('one'), new TestSink('one')];
  const [a, b] = [relayOf('a'), relayOf('b')];
  a.add(first);
  await until(() => first.received.length === 30);
  b.add(second);
  await until(async () => (await b.status()).sinks[0]?.next === 30);
  assert.equal((await b.status()).sinks[0]?.state, 'waiting');
  await a.stop();
  outbox.add(5);
  await until(() => second.received.length === 5);
  assert.deepEqual(second.indexes(), range(30, 35));
  await b.stop();
});

test('a relay whose lease was taken stores nothing more and ends its session', async () => {
  const { outbox, shared, relayOf } = setUp();
  outbox.add(10);
  const [first, second] = [new TestSink('one'), new TestSink('one')];
  first.acknowledges = false;
  const [a, b] = [relayOf('a'), relayOf('b')];
  a.add(first);
  await until(() => first.received.length === 10);
  first.held = new Promise(() => {});
  // The first is paused; the lease passes on.
  const place = await until(async () => {
    shared.expire('one');
    return shared.of('b').take('one');
  });
  await until(() => first.sessionsOpen === 0, { what: 'the session ends' });
  first.starts[0]?.acknowledged(9);
  assert.equal(shared.positions.get('one') ?? 0, 0);
  await a.stop();
  assert.equal(shared.positions.get('one') ?? 0, 0);
  await place.release();
  b.add(second);
  await until(() => second.received.length === 10);
  await b.stop();
});

test('types that do not leave are skipped, and the position passes them; a sink that needs every index is given markers', async () => {
  const { outbox, shared, relayOf } = setUp({ types: ['transaction.*', 'login.refused'] });
  outbox.add(10, 'login.accepted');
  outbox.add(2, 'transaction.approved');
  outbox.add(10, 'admin.service_created');
  outbox.add(1, 'login.refused');
  outbox.add(9, 'login.accepted');
  const [some, every] = [new TestSink('some'), new TestSink('every', true)];
  const relay = relayOf('a');
  relay.add(some);
  relay.add(every);
  await until(async () => (await relay.status()).sinks.every(({ lag }) => lag === 0));
  assert.deepEqual(some.indexes(), [10, 11, 22]);
  assert.deepEqual(every.indexes(), range(0, 32));
  const withheld = every.received[0];
  assert.equal(withheld?.type, 'sello.withheld');
  assert.ok(!withheld.json.includes('ana') && !withheld.json.includes('login'));
  await relay.stop();
  assert.equal(shared.positions.get('some'), 32);
});

test('a removed sink ends; added again it goes on from its position', async () => {
  const { outbox, relayOf } = setUp();
  outbox.add(5);
  const relay = relayOf('a');
  const sink = new TestSink('one');
  relay.add(sink);
  await until(() => sink.received.length === 5);
  await relay.remove('one');
  outbox.add(5);
  assert.deepEqual((await relay.status()).sinks, []);
  relay.add(sink);
  await until(() => sink.received.length === 10);
  assert.deepEqual(sink.indexes(), range(0, 10));
  assert.throws(() => relay.add(new TestSink('one')), /two sinks/);
  await relay.stop();
});
