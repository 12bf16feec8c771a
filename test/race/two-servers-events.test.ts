/*
 * Goal: a client of /v1/events that resumes by the log's index misses nothing and sees nothing twice, in the order of the log:
 * on another server, after a server's restart, and after the fail-over of the database, while the log is sealed.
 * Method: two whole servers, each sealing where it may, on a PostgreSQL primary with a synchronous standby; a user, a service
 * and an auditor change the server after every few events, while both servers decide. What each saw is compared with the
 * journal at the end.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunningServer, startServer } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { decodeBody } from '../../src/domain/journal/entry.ts';
import type { JournalEntry } from '../../src/ports/journal-reader.ts';
import { PostgresServer } from '../services/postgres.ts';
import { until } from '../waiting.ts';
import { EventReader } from '../wire/http/event-reader.ts';
import { type ApiUser, HttpFixture } from '../wire/http/http-fixture.ts';

const SMALL = { payer: 'ES79-1', payee: 'DE89-2', amount: '1.00', currency: 'EUR' };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
/** Which a busy machine needs for the fail-over; the test ends as soon as all is there. */
const TIME_MS = 60_000;

interface Seen {
  readonly id: string;
  readonly hash: string;
}

/** Two servers with the keys of one folder. */
class Servers {
  readonly running: (RunningServer | undefined)[] = [];
  readonly #folder: string;
  readonly #url: string;

  private constructor(folder: string, url: string) {
    this.#folder = folder;
    this.#url = url;
  }

  static async start(t: TestContext, url: string): Promise<Servers> {
    const folder = await mkdtemp(join(tmpdir(), 'sello-events-'));
    const servers = new Servers(folder, url);
    t.after(async () => {
      await Promise.all(servers.running.map((server) => server?.stop()));
      await rm(folder, { recursive: true, force: true });
    });
    await servers.open(0);
    await cp(join(folder, '0'), join(folder, '1'), { recursive: true });
    await servers.open(1);
    return servers;
  }

  async open(index: number): Promise<void> {
    const flags = {
      ...{ '--data-dir': join(this.#folder, `${index}`), '--store-url': this.#url, '--tcp-port': '0' },
      ...{ '--http-port': '0', '--store-connections-max': '4', '--policy-velocity': 'null' },
    };
    this.running[index] = await startServer(loadConfig({ flags }).config, SILENT);
  }

  async restart(index: number): Promise<void> {
    const server = this.running[index];
    this.running[index] = undefined;
    await server?.stop();
    await this.open(index);
  }

  fixture(index: number): HttpFixture | undefined {
    const server = this.running[index];
    return server && new HttpFixture(server.application, server.http, undefined);
  }
}

/** A client that changes the server whenever it has seen something, or has waited a while. */
class Wanderer {
  readonly seen: Seen[] = [];
  readonly #servers: Servers;
  readonly #authorization: string;
  #lastId: string | undefined;

  constructor(servers: Servers, authorization: string, from: string) {
    this.#servers = servers;
    this.#authorization = authorization;
    this.#lastId = from;
  }

  async wander(signal: AbortSignal): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      const server = this.#servers.fixture(turn % 2);
      if (server) await this.#follow(server, 1 + (turn % 5)).catch(() => undefined);
      await delay(turn % 7);
    }
  }

  async #follow({ base }: HttpFixture, count: number): Promise<void> {
    const reader = await EventReader.open(`${base}/v1/events`, {
      authorization: this.#authorization,
      ...(this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }),
    });
    await Promise.race([reader.until(count, 300).catch(() => undefined), reader.ended]);
    reader.close();
    await reader.ended;
    assert.ok(reader.status === 200 || reader.status >= 429, `an id was refused: ${reader.status}`);
    this.seen.push(...reader.events.map(({ id, data }) => ({ id, hash: data.hash })));
    this.#lastId = reader.lastId ?? this.#lastId;
  }
}

const hashes = (entries: readonly { readonly hash: string }[]) => entries.map(({ hash }) => hash);

test('clients that change servers during a restart and a fail-over see each event once, in the log’s order', async (t) => {
  const primary = await PostgresServer.start({
    settings: { synchronous_standby_names: '*', synchronous_commit: 'local' },
  });
  t.after(() => primary.remove());
  const standby = await PostgresServer.startStandby(primary);
  t.after(() => standby.remove());
  const { url } = await primary.createDatabase();
  await primary.query('ALTER SYSTEM SET synchronous_commit = on');
  await primary.query('SELECT pg_reload_conf()');
  const both = url.replace(`:${primary.port}/`, `:${primary.port},127.0.0.1:${standby.port}/`);
  const servers = await Servers.start(t, both);
  const first = servers.fixture(0) as HttpFixture;
  const alice = await first.user('alice');
  const bob = await first.user('bob');
  const auditor = await first.withRole('eve', 'auditor');
  const key = await first.service('shop', 'transactions:read', 'transactions:write');

  const over = new AbortController();
  const clients = {
    user: new Wanderer(servers, `Bearer ${alice.token}`, 'log-0'),
    auditor: new Wanderer(servers, `Bearer ${auditor.token}`, 'log-0'),
    service: new Wanderer(servers, `Bearer ${key}`, 'log-0'),
  };
  const wandering = Object.values(clients).map((client) => client.wander(over.signal));
  let writing = true;
  const writers = [alice, bob].flatMap((user) =>
    [0, 1].map(async (index) => {
      while (writing) {
        const server = servers.fixture(index);
        if (!server) await delay(20);
        // What is refused while a server or the database is away is not tried again.
        else await decide(server, user, key).catch(() => undefined);
      }
    }),
  );
  const store = () => (servers.running[0] as RunningServer).application.store;
  const grown = async (by: number) => {
    const size = await store().log.sealedSize();
    await until(
      async () =>
        (await store()
          .log.sealedSize()
          .catch(() => 0)) >=
        size + by,
      {
        what: `${by} more entries are sealed`,
        timeMs: TIME_MS,
      },
    );
  };
  await grown(30);
  await servers.restart(1);
  await grown(20);
  await primary.stop('immediate');
  await standby.promote();
  await standby.query("ALTER SYSTEM SET synchronous_standby_names = ''");
  await standby.query('SELECT pg_reload_conf()');
  await until(
    () =>
      store()
        .ping()
        .then(
          () => true,
          () => false,
        ),
    { timeMs: TIME_MS },
  );
  await grown(30);
  writing = false;
  await Promise.all(writers);

  const all: JournalEntry[] = [];
  for (let page: readonly JournalEntry[] = []; ; all.push(...page)) {
    page = await store().readJournal({ after: all.length, limit: 1_000 });
    if (page.length === 0) break;
  }
  const serviceId = (await store().listServices())[0]?.serviceId;
  const expected = {
    user: all.filter(({ body }) => decodeBody(body).user === 'alice'),
    auditor: all,
    service: all.filter(
      ({ type, body }) => type.startsWith('transaction.') && decodeBody(body).detail?.service === serviceId,
    ),
  };
  for (const [name, entries] of Object.entries(expected)) {
    const { seen } = clients[name as keyof typeof clients];
    await until(() => seen.length >= entries.length, { what: `the ${name} has seen all`, timeMs: TIME_MS });
  }
  over.abort();
  await Promise.all(wandering);
  for (const [name, entries] of Object.entries(expected)) {
    const { seen } = clients[name as keyof typeof clients];
    assert.ok(entries.length > 20, `${name}: ${entries.length} events`);
    assert.deepEqual(hashes(seen), hashes(entries), name);
  }
  for (const [index, { id }] of clients.auditor.seen.entries()) assert.equal(id, `log-${index + 1}`);
  await until(async () => (await store().log.sealedSize()) === all.length, { what: 'all is sealed' });
  const sealed = await store().log.readSealed({ from: 0, limit: all.length });
  assert.deepEqual(hashes(clients.auditor.seen), hashes(sealed), 'the order is the log’s');
});

/** A payment, and one that a service asks for and the user refuses. */
async function decide(server: HttpFixture, user: ApiUser, key: string): Promise<void> {
  const { token, username } = user;
  const { json } = await server.post('/v1/challenges', token, {});
  const nonce = json.challenges[0].nonce;
  await server.post('/v1/transactions', token, {
    ...SMALL,
    nonce,
    mac: user.mac({ ...SMALL, challenge: nonce }),
  });
  const asked = await server.post('/v1/transactions', key, { ...SMALL, amount: '900.00', username });
  await server.post(`/v1/transactions/${asked.json.id}/refusal`, token);
}
