/*
 * Goal: a real log server over TLS gets every event, in order, also when it is stopped or killed and started under load.
 * Method: Debian's rsyslog with its GnuTLS driver; the relay with an outbox in memory; indexes as they stand in its file.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SyslogSink } from '../../../src/adapters/syslog/sink.ts';
import { EventForm } from '../../../src/application/relay/outgoing-event.ts';
import { Relay } from '../../../src/application/relay/relay.ts';
import { LIMITS, type Limits } from '../../../src/limits.ts';
import { MemoryOutbox, MemoryPlaces } from '../../application/relay/memory.ts';
import { temporaryFolder } from '../../services/application.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { Rsyslog, rsyslogMissing } from '../../services/rsyslog.ts';
import { until } from '../../waiting.ts';

const CA = readFileSync(join(CERTIFICATES, 'first.cert.pem'), 'utf8');
const SILENT = { info() {}, warn() {} };
const FAST: Partial<Limits> = {
  syslogSegmentEventsMax: 500,
  syslogSegmentMs: 100,
  syslogSettleMs: 300,
  sinkLeasePeriodMs: 50,
  sinkPauseMsMin: 20,
  sinkPauseMsMax: 100,
};

function relayTo(t: TestContext, address: string, limits: Partial<Limits> = FAST) {
  const outbox = new MemoryOutbox();
  const places = new MemoryPlaces();
  const relay = new Relay({
    outbox,
    places: places.of('test'),
    form: new EventForm({ source: 'sello.test', types: ['*'], fieldsOmitted: [] }),
    log: SILENT,
    now: Date.now,
    random: Math.random,
    limits: { ...LIMITS, ...limits },
  });
  const message = {
    format: 'structured',
    source: 'sello.test',
    productVersion: '1',
    enterpriseNumber: 32_473,
  } as const;
  relay.add(new SyslogSink({ address, message, ca: async () => CA, limits }));
  relay.start();
  t.after(() => relay.stop());
  return { outbox, relay, status: () => relay.sinks[0] };
}

/** The first time of each index, in the order of the file. */
const firsts = (indexes: readonly number[]) => [...new Set(indexes)];
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test('rsyslog over TLS gets every event once and in order, and arrivals move the position', {
  skip: rsyslogMissing,
}, async (t) => {
  const server = await Rsyslog.start(t, await temporaryFolder(t));
  const { outbox, status } = relayTo(t, server.address);
  outbox.add(2_000);
  await until(async () => (await server.indexes()).length >= 2_000, { said: () => JSON.stringify(status()) });
  await until(() => status()?.next === 2_000, { said: () => JSON.stringify(status()) });
  outbox.add(1);
  await until(() => status()?.next === 2_001, { said: () => JSON.stringify(status()) });
  assert.deepEqual(await server.indexes(), upTo(2_001));
  const [line = ''] = await server.lines();
  assert.match(
    line,
    /^<86>1 2023-11-14T22:13:20\.000Z sello\.test sello - login\.accepted \[sello@32473 index="0" /,
  );
});

test('stopped, killed and started under load: nothing is lost, and the order is kept', {
  skip: rsyslogMissing,
}, async (t) => {
  const server = await Rsyslog.start(t, await temporaryFolder(t));
  const { outbox, status } = relayTo(t, server.address);
  const total = 12_000;
  let isAdding = true;
  const load = (async () => {
    for (let added = 0; added < total; added += 100) {
      outbox.add(100);
      await delay(15);
    }
    isAdding = false;
  })();
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
    await delay(300);
    await server.stop(signal);
    await delay(100);
    await server.start();
  }
  await load;
  assert.equal(isAdding, false);
  await until(() => status()?.next === total, { said: () => JSON.stringify(status()) });
  const found = await server.indexes();
  assert.deepEqual(firsts(found), upTo(total), 'each index is there, first seen in order');
  t.diagnostic(`${total} events, ${found.length - total} repeated after 2 stops and 2 kills`);
});
