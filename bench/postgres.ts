/*
 * Measures the PostgreSQL store beside bare batched inserts of the same rows on the same server, alternately. To run it
 * alone, with a server on it: node_modules/.bin/node bench/postgres.ts [--quick]
 */
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { openPostgresStore } from '../src/adapters/postgres/store.ts';
import { migrateStore } from '../src/compose/store.ts';
import { loadConfig } from '../src/config.ts';
import { chainHash, GENESIS_HASH } from '../src/domain/journal/hash-chain.ts';
import type { Decision, Store } from '../src/ports/store.ts';
import { binaries, PostgresServer } from '../test/services/postgres.ts';
import type { MissingPart, Part } from './backends/backend.ts';
import { middleRate, type OwnRate, ownLimit, ownRate, ownRow } from './backends/in-process-load.ts';
import { runAlone } from './backends/run-alone.ts';
import { exampleBody, exampleChallenge } from './fixtures/example-entry.ts';
import type { Findings } from './report/findings.ts';

const BATCH = 512;
const ROWS_PER_STATEMENT = 64;
const LANES = [1, 4] as const;
const SETTINGS = { shared_buffers: '256MB', max_wal_size: '4GB' };

/** Users who pay by MAC: their entries are as large as those of such transactions. */
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
    const challenge = exampleChallenge(at);
    const body = exampleBody({ at, challenge, user: `user-${userId}`, version });
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

const COLUMNS = 'user_id, version, ordinal, at, type, challenge, hash, state, body, lane, seq';
const TYPES = [
  ...['bigint', 'integer', 'integer', 'bigint', 'text', 'text', 'bytea', 'text', 'text'],
  ...['bigint', 'bigint'],
];

/** Sends `BEGIN`, inserts of 64 rows each, and `COMMIT` at once. */
function bareInserts(clients: readonly pg.Client[]): Write {
  let parameter = 0;
  const row = () => `(${TYPES.map((type) => `$${++parameter}::${type}`).join(', ')})`;
  const rows = Array.from({ length: ROWS_PER_STATEMENT }, row).join(', ');
  const statement = { name: 'bare', text: `INSERT INTO sello.journal (${COLUMNS}) VALUES ${rows}` };
  let seq = 0;
  return async (decisions, lane) => {
    seq++;
    const client = clients[lane];
    if (!client) throw new Error('no such lane');
    const sent: Promise<unknown>[] = [client.query('BEGIN')];
    for (let from = 0; from < decisions.length; from += ROWS_PER_STATEMENT) {
      const parameters = decisions.slice(from, from + ROWS_PER_STATEMENT).flatMap(({ entry }, index) => {
        const { userId, version, at, type, challenge, hash, state, body } = entry;
        return [
          ...[userId, version, from + index, at, type, challenge],
          ...[Buffer.from(hash, 'hex'), state, body, lane + 1, seq],
        ];
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

/** A busy machine slows the database; the benchmark waits instead of looking for another server. In ms. */
const PATIENT_TIMES = { waitMs: 120_000, answerMs: 120_000, queryMs: 60_000, statementMs: 55_000 };

/** Measures both alternately, so that other work on the machine affects both alike. */
async function measureInserts(findings: Findings, url: string): Promise<void> {
  const { users, ownTurns, ownMs } = findings.options.sizes.parts;
  const store = await openPostgresStore({ url, times: PATIENT_TIMES });
  const clients: pg.Client[] = [];
  try {
    for (let n = 0; n < Math.max(...LANES); n++) {
      const client = new pg.Client({ connectionString: url, pipeline: true });
      clients.push(client);
      await client.connect();
    }
    for (const lanes of LANES) {
      const payers: Payers[] = [];
      for (let lane = 0; lane < lanes; lane++) {
        const own = new Payers(await store.allocateUserIds(users / lanes));
        await store.append(own.registrations());
        payers.push(own);
      }
      const bare = { write: bareInserts(clients), rates: [] as OwnRate[] };
      const stored = { write: appends(store), rates: [] as OwnRate[] };
      for (let turn = 0; turn < ownTurns; turn++) {
        for (const { write, rates } of [bare, stored]) {
          const once = async (lane: number) => {
            await write(payers[lane]?.batch() ?? [], lane);
            return BATCH;
          };
          rates.push(await ownRate(ownMs, lanes, once));
        }
      }
      const each = `${BATCH} entries a commit, ${lanes} at a time`;
      const row = { name: `postgres_store_${lanes}`, title: `the PostgreSQL store alone, ${each}` };
      findings.rows.push(ownRow(row, middleRate(stored.rates), BATCH));
      const limit = {
        name: `postgres_bare_${lanes}`,
        title: `the same rows by bare batched inserts on PostgreSQL, ${each}`,
      };
      findings.addLimit(ownLimit(limit, middleRate(bare.rates)), [row.name]);
    }
  } finally {
    for (const client of clients) await client.end();
    await store.close();
  }
}

/** Creates a database whose tables have an owner of their own, as in production. @returns its URL for the server's user */
async function twoRoles(server: PostgresServer): Promise<string> {
  const { name, url: ownerUrl } = await server.createDatabase();
  await server.query("CREATE ROLE sello_server LOGIN PASSWORD 'bench'");
  const url = server.url(name, 'sello_server', 'bench');
  await migrateStore(loadConfig({ flags: { '--store-url': url, '--store-owner-url': ownerUrl } }).config);
  return url;
}

/** Starts a PostgreSQL server on the measured disk, if one is installed. */
export async function openPostgresPart(findings: Findings): Promise<Part | MissingPart> {
  const title = 'PostgreSQL';
  try {
    binaries();
  } catch (error) {
    return { title, missing: (error as Error).message };
  }
  findings.options.onStep('PostgreSQL: a server of its own');
  const server = await PostgresServer.start({ settings: SETTINGS });
  try {
    const url = await twoRoles(server);
    return {
      servers: [
        { name: 'postgres', title: 'by MAC, pipelined, on PostgreSQL', flags: { '--store-url': url } },
      ],
      measure: async () => {
        findings.options.onStep('PostgreSQL: the store beside bare inserts');
        const { url: own } = await server.createDatabase();
        await measureInserts(findings, own);
      },
      close: () => server.remove(),
    };
  } catch (error) {
    await server.remove();
    throw error;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await runAlone([openPostgresPart]);
