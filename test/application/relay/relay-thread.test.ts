/*
 * Goal: the thread of the sinks delivers what a server seals, hears of what administrators do, is started again when it fails,
 * finds the database again, and ends with the server.
 * Method: whole servers on SQLite and PostgreSQL; a receiver of webhooks and a syslog server on loopback.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createWebhook } from '../../../src/application/webhooks/manage-webhooks.ts';
import { RelayThread } from '../../../src/compose/relay-thread/relay-thread.ts';
import { type RunningServer, startServer } from '../../../src/compose.ts';
import { loadConfig } from '../../../src/config.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { WebhookReceiver } from '../../services/webhook-receiver.ts';
import { eventually, until } from '../../waiting.ts';
import { HttpFixture } from '../../wire/http/http-fixture.ts';

const LATE = { timeMs: 30_000 };

async function serve(t: TestContext, flags: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'sello-relay-thread-'));
  const said: string[] = [];
  const say = (_: object, message: string) => said.push(message);
  const log = { debug() {}, info: say, warn: say, error: say };
  const all = {
    ...{ '--data-dir': folder, '--tcp-port': '0', '--http-port': '0' },
    ...{ '--webhooks-private-addresses-allowed': '["127.0.0.1"]', ...flags },
  };
  const server = await startServer(loadConfig({ flags: all }).config, log);
  t.after(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return { server, said };
}

/** Takes what comes, and ends its side when the client does. */
async function syslogServer(t: TestContext) {
  let text = '';
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    address: `tcp://127.0.0.1:${port}`,
    indexes: () => [...text.matchAll(/ index="(\d+)"/g)].map(([, index]) => Number(index)),
  };
}

async function register({ application }: RunningServer, username: string): Promise<void> {
  const made = await application.services.registerUser({
    username,
    password: 'secreto',
    address: '127.0.0.1',
  });
  assert.ok(!('refused' in made), JSON.stringify(made));
}

function threadOf({ application }: RunningServer): RelayThread {
  const { relay } = application.context;
  assert.ok(relay instanceof RelayThread);
  return relay;
}

test('a sink of the configuration and a webhook that is made later are served by the thread, which comes back after a failure', async (t) => {
  const [syslog, receiver] = [await syslogServer(t), await WebhookReceiver.start(t)];
  const { server, said } = await serve(t, { '--syslog-address': syslog.address });
  const relay = threadOf(server);
  assert.deepEqual(
    relay.sinks.map(({ sink }) => sink),
    ['syslog'],
    'it is known before it runs',
  );
  await register(server, 'ana');
  await until(() => syslog.indexes().includes(0), LATE);
  const made = await createWebhook(server.application.context, { url: receiver.url, types: ['user.*'] });
  assert.ok(!('refused' in made));
  await until(
    () =>
      relay.sinks.some(
        ({ sink, state }) => sink === `webhook:${made.webhook.webhookId}` && state === 'running',
      ),
    LATE,
  );
  await register(server, 'bob');
  await until(() => receiver.received.length > 0, LATE);

  const worker = relay.worker;
  await worker?.terminate();
  await register(server, 'eva');
  await until(() => receiver.received.length > 1, LATE);
  assert.notEqual(relay.worker, worker);
  assert.ok(said.includes('the thread of the sinks has failed; it is started again'));
  const { size } = await relay.status();
  await until(() => new Set(syslog.indexes()).size === size, LATE);
  const firsts = [...new Set(syslog.indexes())];
  assert.deepEqual(
    firsts,
    firsts.toSorted((a, b) => a - b),
    'first arrivals in order',
  );
  assert.deepEqual(await relay.rewind('pulsar', 0), 'unknown');
});

test('where there is no sink there is no thread', async (t) => {
  const { server } = await serve(t, {});
  await register(server, 'ana');
  assert.equal(threadOf(server).worker, undefined);
  assert.deepEqual((await threadOf(server).status()).sinks, []);
});

test('on PostgreSQL the thread has a connection of its own, and finds the database again', async (t) => {
  const postgres = await PostgresServer.start();
  t.after(() => postgres.remove());
  const { url } = await postgres.createDatabase();
  const syslog = await syslogServer(t);
  const { server } = await serve(t, { '--store-url': url, '--syslog-address': syslog.address });
  await register(server, 'ana');
  await until(() => syslog.indexes().includes(0), LATE);
  await postgres.stop('immediate');
  await postgres.run();
  let attempt = 0;
  // One whose outcome is unknown may have taken its name.
  await eventually(() => register(server, `bob${attempt++}`), LATE);
  await until(async () => {
    const size =
      (
        await threadOf(server)
          .status()
          .catch(() => undefined)
      )?.size ?? 0;
    return size > 1 && new Set(syslog.indexes()).size >= size;
  }, LATE);
});

test('administrators and auditors see where the sinks stand, and nobody else does', async (t) => {
  const syslog = await syslogServer(t);
  const { server } = await serve(t, { '--syslog-address': syslog.address });
  const fixture = new HttpFixture(server.application, server.http, undefined);
  const auditor = await fixture.withRole('eve', 'auditor');
  const sinks = async () => (await auditor.get('/v1/admin/sinks')).json;
  await until(async () => (await sinks()).sinks[0]?.acknowledged > 0, LATE);
  const {
    log_size: size,
    sinks: [syslogSink],
  } = await sinks();
  assert.ok(size > 0);
  assert.equal(syslogSink.sink, 'syslog');
  assert.equal(syslogSink.state, 'running');
  assert.equal(syslogSink.problem, null);
  assert.equal(syslogSink.next_index + syslogSink.lag, size);
  assert.equal(syslogSink.lag === 0, syslogSink.lag_ms === 0);
  assert.match((await fixture.get('/metrics')).text, /^sello_sink_lag_seconds\{sink="syslog"\} /m);
  assert.equal((await (await fixture.user('ana')).get('/v1/admin/sinks')).status, 404);
});
