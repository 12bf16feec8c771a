/*
 * What the PostgreSQL store makes of a server, beside bare batched inserts of the same rows on the same server, by turns;
 * then the server's pipelined load of transactions by MAC on the SQLite file and on PostgreSQL, by turns.
 * Run: node_modules/.bin/node bench/postgres.ts [--json] [--inserts]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openPostgresStore } from '../src/adapters/postgres/store.ts';
import { chainHash, encodeBody, GENESIS_HASH } from '../src/domain/journal.ts';
import type { Decision, Store } from '../src/ports/store.ts';
import { PostgresServer } from '../test/services/postgres.ts';
import { Child } from './child.ts';
import { measure as measureLoad } from './loads.ts';
import { CONNECTIONS, SERVER_NODE_OPTIONS, WINDOW } from './sizes.ts';

const USERS = 2_000;
const BATCH = 512;
const ROWS_PER_STATEMENT = 64;
const TURN_MS = 1_000;
const TURNS = 5;
const SERVED_USERS = 1_000;
const SERVER_TURNS = 3;
const SERVER_TIMES = { warmUpMs: 500, measureMs: 1_500 };
const SETTINGS = { shared_buffers: '256MB', max_wal_size: '4GB' };

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, inserts: { type: 'boolean', default: false } },
});

interface Figure {
  readonly name: string;
  readonly perSecond: number;
  /** Of what it is measured beside. */
  readonly ratio: number;
}

/** Users who pay by MAC: entries as large as those that such transactions leave. */
class Payers {
  readonly #ids: readonly number[];
  readonly #versions: Int32Array;
  readonly #hashes: string[];
  #next = 0;

  constructor(ids: readonly number[]) {
    this.#ids = ids;
    this.#versions = new Int32Array(ids.length).fill(0);
    this.#hashes = ids.map(() => GENESIS_HASH);
  }

  registrations(): Decision[] {
    return this.#ids.map((userId, place) => {
      const { entry } = this.#decide(place);
      const user = { userId, username: `user-${userId}`, passwordHash: '', macKey: 'x' } as const;
      const more = { role: 'user', disabled: false, createdAt: 0 } as const;
      return { entry, rows: [{ kind: 'user.insert', ...user, ...more }] };
    });
  }

  batch(): Decision[] {
    return Array.from({ length: BATCH }, () => this.#decide(this.#next++ % this.#ids.length));
  }

  #decide(place: number): Decision {
    const userId = this.#ids[place] ?? 0;
    const version = (this.#versions[place] ?? 0) + 1;
    const at = 1_790_000_000_000 + version;
    const challenge = `${at.toString(16).padStart(12, '0')}${'5'.repeat(52)}`;
    const body = encodeBody({
      at,
      detail: { proofs: 'mac' },
      transaction: {
        amount: '100.00',
        challenge,
        currency: 'EUR',
        id: '01980000-0000-7000-8000-000000000000',
        payee: 'CuentaB',
        payer: 'CuentaA',
        v: 1,
      },
      type: 'transaction.approved',
      user: `user-${userId}`,
      version,
    });
    const hash = chainHash(this.#hashes[place] ?? GENESIS_HASH, body);
    this.#versions[place] = version;
    this.#hashes[place] = hash;
    return {
      entry: { userId, version, at, type: 'transaction.approved', state: '{}', body, hash, challenge },
      rows: [],
    };
  }
}

type Write = (decisions: readonly Decision[], lane: number) => Promise<void>;

async function perSecond(payers: readonly Payers[], write: Write): Promise<number> {
  const from = performance.now();
  const until = from + TURN_MS;
  let done = 0;
  await Promise.all(
    payers.map(async (own, lane) => {
      while (performance.now() < until) {
        await write(own.batch(), lane);
        done += BATCH;
      }
    }),
  );
  return (done / (performance.now() - from)) * 1_000;
}

const COLUMNS = 'user_id, version, ordinal, at, type, challenge, hash, state, body';
const TYPES = ['bigint', 'integer', 'integer', 'bigint', 'text', 'text', 'bytea', 'text', 'text'];

/** `BEGIN`, as many inserts of 64 rows as it takes, `COMMIT`, all sent at once. */
function bareInserts(clients: readonly pg.Client[]): Write {
  let parameter = 0;
  const row = () => `(${TYPES.map((type) => `$${++parameter}::${type}`).join(', ')})`;
  const rows = Array.from({ length: ROWS_PER_STATEMENT }, row).join(', ');
  const statement = { name: 'bare', text: `INSERT INTO sello.journal (${COLUMNS}) VALUES ${rows}` };
  return async (decisions, lane) => {
    const client = clients[lane];
    if (!client) throw new Error('no such lane');
    const sent: Promise<unknown>[] = [client.query('BEGIN')];
    for (let from = 0; from < decisions.length; from += ROWS_PER_STATEMENT) {
      const parameters = decisions.slice(from, from + ROWS_PER_STATEMENT).flatMap(({ entry }, index) => {
        const { userId, version, at, type, challenge, hash, state, body } = entry;
        return [userId, version, from + index, at, type, challenge, Buffer.from(hash, 'hex'), state, body];
      });
      sent.push(client.query({ ...statement, values: parameters }));
    }
    sent.push(client.query('COMMIT'));
    await Promise.all(sent);
  };
}

function appends(store: Store): Write {
  return async (decisions) => {
    const outcomes = await store.append(decisions);
    if (outcomes.some((outcome) => outcome !== 'appended')) throw new Error('a decision was not appended');
  };
}

async function measureInserts(server: PostgresServer): Promise<Figure[]> {
  const { url } = await server.createDatabase();
  const store = await openPostgresStore({ url });
  const clients = Array.from({ length: 4 }, () => new pg.Client({ connectionString: url, pipeline: true }));
  try {
    for (const client of clients) await client.connect();
    const figures: Figure[] = [];
    for (const lanes of [1, 4]) {
      const payers: Payers[] = [];
      for (let lane = 0; lane < lanes; lane++) {
        const own = new Payers(await store.allocateUserIds(USERS / lanes));
        await store.append(own.registrations());
        payers.push(own);
      }
      const kinds = [
        { name: 'bare inserts', write: bareInserts(clients), rates: [] as number[] },
        { name: 'the store', write: appends(store), rates: [] as number[] },
      ];
      // By turns, so that other work on the machine meets both.
      for (let turn = 0; turn < TURNS; turn++)
        for (const { write, rates } of kinds) rates.push(await perSecond(payers, write));
      const bare = middle(kinds[0]?.rates ?? []);
      for (const { name, rates } of kinds) {
        const title = `${name}, ${BATCH} entries a commit, ${lanes} at a time`;
        figures.push({ name: title, perSecond: middle(rates), ratio: middle(rates) / bare });
      }
    }
    return figures;
  } finally {
    for (const client of clients) await client.end();
    await store.close();
  }
}

/** Servers on the same users, each with its journal elsewhere, measured by turns. */
async function measureServed(database: PostgresServer): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-bench-pg-'));
  const { url } = await database.createDatabase();
  const kinds = [
    { name: 'transactions on SQLite', flags: {} },
    { name: 'transactions on PostgreSQL', flags: { '--store-url': url } },
  ];
  const children: Child[] = [];
  const child = (module: string, nodeOptions: readonly string[] = []) => {
    const made = new Child(module, { nodeOptions });
    children.push(made);
    return made;
  };
  try {
    const generator = child('generator');
    const servers = [];
    for (const [index, { name, flags }] of kinds.entries()) {
      const data = join(folder, `${index}`);
      await mkdir(data, { mode: 0o700 });
      const seed = child('seed');
      await seed.request('seed', { folder: data, users: SERVED_USERS, tokens: 0, entries: 0, flags });
      await seed.end();
      const server = child('server', SERVER_NODE_OPTIONS);
      const port = await server.request<number>('start', { folder: data, flags });
      servers.push({ name, bench: { server, generator, port }, rates: [] as number[] });
    }
    const load = {
      kind: 'pipelined',
      connections: CONNECTIONS,
      window: WINDOW,
      users: SERVED_USERS,
    } as const;
    for (let turn = 0; turn < SERVER_TURNS; turn++) {
      for (const { name, bench, rates } of servers) {
        const row = await measureLoad(bench, { name, title: name }, load, SERVER_TIMES);
        if (row.failures > 0) throw new Error(`${name}: ${row.firstFailure}`);
        rates.push(row.operationsPerSecond);
      }
    }
    const first = middle(servers[0]?.rates ?? []);
    return servers.map(({ name, rates }) => ({
      name,
      perSecond: middle(rates),
      ratio: middle(rates) / first,
    }));
  } finally {
    await Promise.all(children.map((each) => each.kill()));
    await rm(folder, { recursive: true, force: true });
  }
}

function middle(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;
}

const server = await PostgresServer.start({ settings: SETTINGS });
try {
  const inserts = await measureInserts(server);
  const served = values.inserts ? [] : await measureServed(server);
  if (values.json) process.stdout.write(`${JSON.stringify({ inserts, transactions: served })}\n`);
  else {
    for (const { name, perSecond, ratio } of [...inserts, ...served])
      process.stdout.write(
        `${Math.round(perSecond).toString().padStart(9)} /s  ${ratio.toFixed(2)}  ${name}\n`,
      );
  }
} finally {
  await server.remove();
}
