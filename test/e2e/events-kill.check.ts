/*
 * Goal: every decision is in the topic exactly once, in the log's order, whatever is killed.
 * Method: a real broker, a server and a relay of its own on one PostgreSQL. While 20,000 transfers are sent, the broker, the relay and
 * the server are killed (SIGKILL) at random moments, and started again on the same folders; the server and the relay both run the
 * sink, so its lease passes between them. Then Apache Pulsar's own client for Python, which knows nothing of Sello, reads the topic.
 * Run by .ci/run, and alone: node --test test/e2e/events-kill.check.ts
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientAnswer, ConnectionLost } from '../../src/client/tcp-client.ts';
import { openAuditReader } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { temporaryFolder } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { PulsarBroker, pulsarFolder } from '../services/pulsar.ts';
import { pulsarPython, readTopic } from '../services/pulsar-reader.ts';
import { selloJson } from '../services/sello-command.ts';
import { until } from '../waiting.ts';
import { Customer, expectOk, type SentTransfer } from './customer.ts';
import { ServerProcess } from './server-process.ts';

const TRANSFERS = Number(process.env.SELLO_EVENTS ?? 20_000);
const USERS = 8;
const OUTSTANDING = 32;
const TOPIC = 'persistent://bank/journal/decisions';
const CATCH_UP_TIME_MS = 60_000;
const PAUSE_MS = 20;

type Victim = 'broker' | 'relay' | 'server';
// biome-ignore format: one line
const KILLS: readonly Victim[] = ['relay', 'server', 'broker', 'server', 'relay', 'broker', 'server', 'relay', 'broker', 'relay'];

test(`${TRANSFERS} transfers, with broker, relay and server killed at random: the topic has every index once, in order`, async (t) => {
  const found = await pulsarFolder();
  if ('problem' in found) return t.skip(found.problem);
  const client = pulsarPython();
  if ('missing' in client) return t.skip(client.missing);
  const folder = await temporaryFolder(t);
  const postgres = await PostgresServer.start();
  t.after(() => postgres.remove());
  const { url: storeUrl } = await postgres.createDatabase();
  const broker = await PulsarBroker.start();
  t.after(() => broker.remove());
  await broker.admin('PUT', 'tenants/bank', { adminRoles: [], allowedClusters: ['standalone'] });
  await broker.admin('PUT', 'namespaces/bank/journal');
  // Otherwise a topic that nobody has subscribed to keeps nothing over a restart of its broker.
  const forEver = { retentionTimeInMinutes: -1, retentionSizeInMB: -1 };
  await broker.admin('POST', 'namespaces/bank/journal/retention', forEver);

  const flags = { '--store-url': storeUrl, '--pulsar-service-url': broker.url, '--pulsar-topic': TOPIC };
  const serverFolder = join(folder, 'server');
  const startServer = () => ServerProcess.start({ folder: serverFolder, flags });
  const startRelay = async () => {
    const relay = ServerProcess.launch({
      folder: join(folder, 'relay'),
      flags: { ...flags, '--role': 'relay' },
    });
    await until(() => /relay of events is running/.test(relay.stdout), { said: () => relay.stderr });
    return relay;
  };
  let server = await startServer();
  t.after(() => server.kill());
  let relay = await startRelay();
  t.after(() => relay.kill());

  const customers = Array.from({ length: USERS }, (_, index) => new Customer(`user${index}`));
  for (const customer of customers) await customer.arrive(await server.connect());
  const acknowledged = new Set<string>();
  let next = 0;
  // Each kill has its share of the transfers: it comes after a part of them, at random, and the others wait for it.
  const share = Math.ceil(TRANSFERS / (KILLS.length + 1));
  let released = share;

  /** Sends transfers until all are sent or the connection is lost; what had no answer is sent again after the restart. */
  async function load(customer: Customer, unanswered: SentTransfer[]): Promise<void> {
    let over = false;
    const lane = async () => {
      while (!over) {
        const again = unanswered.shift();
        if (!again && next >= TRANSFERS) return;
        if (!again && next >= released) {
          await delay(PAUSE_MS);
          continue;
        }
        const name = `T${next}`;
        const transfer = again ?? { data: `CuentaA,${name},0.01`, idempotencyKey: name };
        if (!again) next++;
        try {
          if (customer.noncesLeft === 0) await customer.fetchNonces(512);
          const answer: ClientAnswer = await customer.send(transfer);
          expectOk(answer);
          acknowledged.add(transfer.idempotencyKey ?? '');
        } catch (error) {
          unanswered.push(transfer);
          over = true;
          if (!(error instanceof ConnectionLost)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: OUTSTANDING }, lane));
  }

  let restarted = Promise.resolve();
  const kill: Readonly<Record<Victim, () => Promise<void>>> = {
    broker: async () => {
      await broker.kill();
      await broker.restart();
    },
    relay: async () => {
      await relay.kill();
      relay = await startRelay();
    },
    server: async () => {
      await server.kill();
      restarted = startServer().then((started) => {
        server = started;
      });
      await restarted;
    },
  };
  const killing = async () => {
    for (const [turn, victim] of KILLS.entries()) {
      const at = (turn + Math.random() / 2) * share;
      await until(() => next >= at, { what: `${at} transfers are sent` });
      await kill[victim]();
      released += share;
    }
  };
  const sending = customers.map(async (customer) => {
    const unanswered: SentTransfer[] = [];
    while (next < TRANSFERS || unanswered.length > 0) {
      await load(customer, unanswered);
      if (unanswered.length === 0) continue;
      await until(async () => {
        try {
          await restarted;
          await customer.resume(await server.connect());
          return true;
        } catch {
          return false;
        }
      });
    }
  });
  const startedAt = performance.now();
  await Promise.all([killing(), ...sending]);
  const loadMs = performance.now() - startedAt;
  assert.equal(acknowledged.size, TRANSFERS);

  // A kill at the end leaves a lease that runs out.
  const caughtUpAt = performance.now();
  const status = () =>
    selloJson(['relay', 'status', ...Object.entries(flags).flat(), '--data-dir', serverFolder]);
  const { size } = await until(
    async () => {
      const now = await status();
      return now.sinks[0]?.lag === 0 && now.size >= TRANSFERS ? (now as { size: number }) : false;
    },
    { what: 'the sink has no lag', timeMs: CATCH_UP_TIME_MS, everyMs: 500 },
  );
  const catchUpMs = performance.now() - caughtUpAt;

  const { config } = loadConfig({ flags: { '--data-dir': serverFolder, '--store-url': storeUrl } });
  const reader = await openAuditReader(config);
  const journal: { readonly user: string; readonly hash: string }[] = [];
  for (let after = 0; after < size; after += 4_096) {
    for (const { body, hash } of await reader.readJournal({ after, limit: Math.min(4_096, size - after) }))
      journal.push({ user: JSON.parse(body).user, hash });
  }
  await reader.close();

  const events = await readTopic(client.python, { url: broker.binaryUrl, topic: TOPIC, count: size });
  const held = new Set(events.map(({ index }) => index));
  t.diagnostic(
    `${size} entries, ${KILLS.length} kills, load ${Math.round(loadMs / 1_000)} s, caught up after ${Math.round(catchUpMs / 1_000)} s; the topic has ${events.length} messages, ${held.size} different`,
  );
  const missing = journal.map((_, index) => index).filter((index) => !held.has(index));
  assert.deepEqual(missing.slice(0, 10), [], `${missing.length} are missing`);
  assert.equal(events.length, size, 'none is there twice');
  const versions = new Map<string, number>();
  for (const [place, event] of events.entries()) {
    assert.equal(event.index, place, 'in the order of the log');
    assert.equal(event.id, `${place}`);
    assert.deepEqual(event.properties, { index: `${place}`, type: event.type });
    assert.equal(event.hash, journal[place]?.hash);
    assert.equal(event.subject, journal[place]?.user);
    assert.equal(event.key, event.subject, 'the key is the user');
    assert.equal(event.version, (versions.get(event.key) ?? 0) + 1, 'in order per key');
    versions.set(event.key, event.version ?? 0);
  }
});
