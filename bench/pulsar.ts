/*
 * Measures how fast the relay publishes to one partition of a real Apache Pulsar, with pulsar-perf beside it in the same run:
 *     node bench/pulsar.ts [EVENTS]
 * The broker is warmed up first: a cold one takes a tenth. Events have some 600 bytes. What an authorisation costs is not in it.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PulsarSink } from '../src/adapters/pulsar/sink.ts';
import { EventForm } from '../src/application/relay/outgoing-event.ts';
import { Relay } from '../src/application/relay/relay.ts';
import { LIMITS } from '../src/limits.ts';
import { MemoryOutbox, MemoryPlaces } from '../test/application/relay/memory.ts';
import { PulsarBroker, pulsarFolder } from '../test/services/pulsar.ts';

const EVENTS = Number(process.argv[2] ?? 400_000);
const TOPIC = 'persistent://public/default/sello-journal';
const PERF_S = 10;

const found = await pulsarFolder();
if ('problem' in found) {
  console.log(`left out: ${found.problem}`);
  process.exit(0);
}
const broker = await PulsarBroker.start();
try {
  const outbox = new MemoryOutbox();
  for (let each = 0; each < EVENTS; each++) {
    const transaction = {
      ...{ amount: '100.00', challenge: '00ff'.repeat(16), currency: 'EUR', v: 1 as const },
      ...{ id: `01a22f42-5c6b-7b5e-b46e-${each.toString().padStart(12, '0')}` },
      ...{ payee: 'ES9121000418450200051332', payer: 'ES7921000813610123456789' },
    };
    outbox.addBody({ type: 'transaction.approved', user: `user${each % 50}`, transaction });
  }
  const form = new EventForm({ source: 'sello.example', types: ['*'], fieldsOmitted: [] });
  const bytes = Buffer.byteLength(form.of(outbox.entries[0] ?? process.exit(1)).json);
  const relay = new Relay({
    ...{ outbox, form, places: new MemoryPlaces().of('bench'), limits: LIMITS },
    log: { info() {}, warn: (fields) => console.error(fields) },
    now: Date.now,
    random: Math.random,
  });
  const access = async () => ({ token: undefined, ca: undefined });
  relay.add(new PulsarSink({ serviceUrl: broker.url, topic: TOPIC, log: 'sello.example', access }));
  relay.start();
  const next = () => relay.sinks[0]?.next ?? 0;
  const seconds: number[] = [];
  let cpu = process.cpuUsage();
  let warmFrom = 0;
  let warmAt = 0;
  for (let before = 0; next() < EVENTS; ) {
    const at = performance.now();
    await delay(1_000);
    seconds.push(((next() - before) * 1_000) / (performance.now() - at));
    before = next();
    // The first half warms the broker up.
    if (warmFrom === 0 && before >= EVENTS / 2) {
      warmFrom = before;
      warmAt = performance.now();
      cpu = process.cpuUsage();
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  const warm = EVENTS - warmFrom;
  const warmRate = Math.round((warm * 1_000) / (performance.now() - warmAt));
  await relay.stop();
  const perf = spawnSync(
    join(broker.distribution, 'bin', 'pulsar-perf'),
    // biome-ignore format: a command line
    ['produce', '--rate', '500000', '--size', `${bytes}`, '--test-duration', `${PERF_S}`, '--service-url', broker.binaryUrl, 'persistent://public/default/perf'],
    { encoding: 'utf8', env: { ...process.env, PULSAR_MEM: '-Xmx512m', PULSAR_LOG_DIR: broker.folder } },
  );
  const rates = [...perf.stdout.matchAll(/---\s+([\d.]+) msg\/s/g)].map(([, rate]) =>
    Math.round(Number(rate)),
  );
  console.log(`events of ${bytes} bytes, one partition, ${LIMITS.pulsarUnderWayMax} under way`);
  console.log(`  warm half: ${warmRate} events/s`);
  console.log(
    `  best second: ${Math.round(Math.max(...seconds))} events/s; each: ${seconds.map((rate) => Math.round(rate)).join(' ')}`,
  );
  console.log(`  CPU of the relay: ${((user + system) / warm).toFixed(1)} µs an event`);
  console.log(`pulsar-perf (binary protocol, batches), msg/s: ${rates.join(' ')}`);
} finally {
  await broker.remove();
}
