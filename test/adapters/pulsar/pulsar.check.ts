/*
 * Goal: on a real Apache Pulsar, by TLS and with a token: what is changed under the relay is found out and said, nothing is lost or
 * there twice after it is mended; and the consumers of examples/ apply each event once.
 * Run by .ci/run, and alone: node --test test/adapters/pulsar/pulsar.check.ts
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { PulsarSink, type PulsarSinkOptions } from '../../../src/adapters/pulsar/sink.ts';
import { EventForm } from '../../../src/application/relay/outgoing-event.ts';
import { Relay } from '../../../src/application/relay/relay.ts';
import { LIMITS } from '../../../src/limits.ts';
import { MemoryOutbox, MemoryPlaces } from '../../application/relay/memory.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { PulsarBroker, pulsarFolder } from '../../services/pulsar.ts';
import { pulsarPython, readTopic } from '../../services/pulsar-reader.ts';
import { until } from '../../waiting.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const LOG = 'sello.example';
const PATIENCE_MS = 30_000;
const found = await pulsarFolder();
const client = pulsarPython();
const skip = 'problem' in found ? found.problem : 'missing' in client ? client.missing : false;
const python = 'python' in client ? client.python : '';

describe('a real broker, by TLS and with a token', { skip }, () => {
  let broker: PulsarBroker;
  let folder = '';
  let ca = '';
  const secret = randomBytes(32);
  const tokenOf = (role: string) =>
    new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject(role).sign(secret);
  const relays: Relay[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sello-pulsar-check-'));
    const secretKeyFile = join(folder, 'secret.key');
    writeFileSync(secretKeyFile, secret);
    const certFile = join(CERTIFICATES, 'first.cert.pem');
    ca = readFileSync(certFile, 'utf8');
    broker = await PulsarBroker.start({
      tls: { certFile, keyFile: join(CERTIFICATES, 'first.key.pem') },
      tokens: { secretKeyFile, superuser: 'admin', superuserToken: await tokenOf('admin') },
      // A limit that an event can pass.
      settings: { webSocketMaxTextFrameSize: '65536' },
    });
    await broker.admin('PUT', 'tenants/bank', { adminRoles: [], allowedClusters: ['standalone'] });
    await broker.admin('PUT', 'namespaces/bank/journal');
    const forEver = { retentionTimeInMinutes: -1, retentionSizeInMB: -1 };
    await broker.admin('POST', 'namespaces/bank/journal/retention', forEver);
  });
  after(async () => {
    for (const relay of relays) await relay.stop();
    await broker?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function relayTo(
    topic: string,
    {
      role = 'admin',
      outbox = new MemoryOutbox(),
      ...more
    }: {
      role?: string;
      outbox?: MemoryOutbox;
    } & Partial<PulsarSinkOptions> = {},
  ) {
    const places = new MemoryPlaces();
    const relay = new Relay({
      outbox,
      places: places.of('a'),
      form: new EventForm({ source: LOG, types: ['*'], fieldsOmitted: [] }),
      log: { info() {}, warn() {} },
      now: () => 0,
      random: () => 0,
      limits: { ...LIMITS, sinkLeasePeriodMs: 50, sinkPauseMsMin: 10, sinkPauseMsMax: 200 },
    });
    const name = `persistent://bank/journal/${topic}`;
    relay.add(
      new PulsarSink({
        ...{ serviceUrl: broker.url, topic: name, log: LOG, checkPeriodMs: 200 },
        access: async () => ({ token: await tokenOf(role), ca }),
        ...more,
      }),
    );
    relays.push(relay);
    const status = () => relay.sinks[0];
    const reached = (next: number) =>
      until(() => status()?.next === next, {
        what: `${topic} is at ${next}`,
        timeMs: PATIENCE_MS,
        said: () => JSON.stringify(status()),
      });
    const problem = (says: RegExp) =>
      until(() => says.test(status()?.problem?.message ?? ''), {
        what: `${says}`,
        timeMs: PATIENCE_MS,
        said: () => JSON.stringify(status()),
      });
    return { relay, outbox, places, status, reached, problem, topic: name };
  }

  const read = async (topic: string, count: number) =>
    (await readTopic(python, { url: broker.binaryUrl, token: await tokenOf('admin'), topic, count })).map(
      ({ index }) => index,
    );
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

  test('a token that is wrong is said; a renewed one is taken into use', async () => {
    let token = 'wrong';
    const sink = relayTo('allowed', { access: async () => ({ token, ca }) });
    sink.outbox.add(500);
    sink.relay.start();
    await sink.problem(/40[13] .*token_file/);
    token = await tokenOf('relay');
    await sink.reached(500);
    assert.deepEqual(await read(sink.topic, 500), range(0, 500));
  });

  test('a certificate of another authority is not believed', async () => {
    const sink = relayTo('untrusted', {
      access: async () => ({ token: await tokenOf('admin'), ca: undefined }),
    });
    sink.outbox.add(1);
    sink.relay.start();
    await sink.problem(/self-signed|unable to verify|issuer/i);
  });

  test('a topic that was deleted is found out; rewound, the new one has everything', async () => {
    const sink = relayTo('deleted');
    sink.outbox.add(300);
    sink.relay.start();
    await sink.reached(300);
    await broker.admin('DELETE', 'persistent/bank/journal/deleted/partitions?force=true');
    await sink.problem(/is gone|deleted and made again/);
    sink.outbox.add(50);
    assert.equal(await sink.relay.rewind('pulsar', 0), undefined);
    await sink.reached(350);
    // Its partition by name: for a moment brokers tell readers that the topic has none.
    assert.deepEqual(await read(`${sink.topic}-partition-0`, 350), range(0, 350));
  });

  test('deduplication that is switched off stops it; on again it goes on, and nothing is there twice', async () => {
    const sink = relayTo('deduplicated');
    sink.outbox.add(300);
    sink.relay.start();
    await sink.reached(300);
    await broker.admin('POST', 'namespaces/bank/journal/deduplication', false);
    await sink.problem(/deduplication is off/);
    sink.outbox.add(100);
    // As if nothing of the last ones had been acknowledged: the topic's last event says where to go on.
    assert.equal(await sink.relay.rewind('pulsar', 200), undefined);
    await broker.admin('POST', 'namespaces/bank/journal/deduplication', true);
    await sink.reached(400);
    assert.deepEqual(await read(sink.topic, 400), range(0, 400));
  });

  test('the name of a producer that is connected is said, and taken when it is free', async () => {
    const first = relayTo('named');
    first.outbox.add(10);
    first.relay.start();
    await first.reached(10);
    const second = relayTo('named', { outbox: first.outbox });
    second.relay.start();
    await second.problem(/a producer named sello-sello\.example is connected already/);
    await first.relay.stop();
    first.outbox.add(10);
    await second.reached(20);
    assert.deepEqual(await read(first.topic, 20), range(0, 20));
  });

  test('an event over the broker’s limit stops the sink, and none after it is published', async () => {
    const sink = relayTo('large');
    sink.outbox.add(5);
    sink.outbox.add(1, 'login.accepted', 'x'.repeat(80_000));
    sink.outbox.add(5);
    sink.relay.start();
    await sink.problem(/takes no message of this size/);
    await sink.reached(5);
    assert.deepEqual(await read(sink.topic, 5), range(0, 5));
  });

  test('a broker that hangs is left and found again; the topic has each event once', async () => {
    const sink = relayTo('hung', { limits: { pulsarAcknowledgeTimeMs: 1_000, pulsarAnswerTimeMs: 1_000 } });
    sink.outbox.add(200);
    sink.relay.start();
    await sink.reached(200);
    broker.hang();
    sink.outbox.add(2_000);
    await sink.problem(/acknowledged nothing|no answer|not answered|timed out/i);
    broker.resume();
    await sink.reached(2_200);
    assert.deepEqual(await read(sink.topic, 2_200), range(0, 2_200));
  });

  test('the consumers of examples/ are killed again and again, and apply each event once; a replay makes the same table', async (t) => {
    const outbox = new MemoryOutbox();
    const sink = relayTo('consumed', { outbox });
    const expected = transactionsInto(outbox, 6_000);
    const last = outbox.entries.length - 1;
    sink.relay.start();
    await sink.reached(last + 1);
    const token = await tokenOf('admin');
    for (const [language, program, given, environment] of [
      ['Python', python, ['events_consumer.py'], { PULSAR_URL: broker.binaryUrl, PULSAR_TOKEN: token }],
      [
        'TypeScript',
        process.execPath,
        ['events-consumer.ts'],
        { PULSAR_WEB_URL: `ws://127.0.0.1:${broker.httpPort}`, PULSAR_TOKEN: token },
      ],
    ] as const) {
      const database = join(folder, `${language}.sqlite`);
      const run = (...more: string[]) =>
        spawn(program, [...given, '--until', `${last}`, ...more], {
          cwd: EXAMPLES,
          env: { PATH: process.env.PATH, PULSAR_TOPIC: sink.topic, DATABASE: database, ...environment },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
      for (let kill = 0; kill < 3; kill++) {
        const child = run();
        await delay(400 + Math.random() * 400);
        child.kill('SIGKILL');
      }
      const whole = await resultOf(run());
      assert.deepEqual(
        { transactions: whole.transactions, sha256: whole.sha256 },
        expected,
        `${language}: as the journal has it`,
      );
      const again = await resultOf(run('--replay'));
      assert.deepEqual(again, { ...expected, repeated: 0 }, `${language}: replayed from the start`);
      t.diagnostic(`${language}: ${whole.transactions} transactions, ${whole.repeated} events came again`);
    }
  });
});

/** Adds payments that are asked for, and most of them decided. @returns the table that a consumer makes of them */
function transactionsInto(outbox: MemoryOutbox, count: number) {
  const rows = new Map<string, (string | number)[]>();
  for (let each = 0; each < count; each++) {
    const id = `t${String(each % Math.ceil(count / 2)).padStart(6, '0')}`;
    const type =
      each < count / 2
        ? 'transaction.requested'
        : each % 3 === 0
          ? 'transaction.refused'
          : 'transaction.approved';
    const transaction = {
      amount: `${each % 900}.00`,
      challenge: '00',
      currency: 'EUR',
      id,
      payee: 'Ñandú',
      payer: 'A',
    };
    const index = outbox.addBody({ type, user: `user${each % 7}`, transaction: { ...transaction, v: 1 } });
    const status = type.slice('transaction.'.length).replace('requested', 'pending');
    const row = rows.get(id);
    if (row) rows.set(id, [...row.slice(0, 5), status, index]);
    else rows.set(id, [id, `user${each % 7}`, 'Ñandú', transaction.amount, 'EUR', status, index]);
  }
  const table = [...rows.values()].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return {
    transactions: table.length,
    sha256: createHash('sha256').update(JSON.stringify(table)).digest('hex'),
  };
}

async function resultOf(
  child: ChildProcess,
): Promise<{ transactions: number; sha256: string; repeated: number }> {
  let output = '';
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, said);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
