// Throw-away PostgreSQL servers, primaries and standbys, that a test starts, stops and crashes.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { until } from '../waiting.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const VERSION_MIN = 15;
/** Of the superuser `postgres` of every throw-away cluster. */
const PASSWORD = 'throw-away';

export interface Database {
  readonly name: string;
  readonly owner: string;
  readonly url: string;
}

export interface PostgresOptions {
  /** Lines of postgresql.conf beside those that every cluster here has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Commits need not reach the disk: for races that are run a thousand times. */
  readonly fast?: boolean;
}

/** A throw-away PostgreSQL server on a free port of loopback, durable as in production unless told otherwise. */
export class PostgresServer {
  readonly folder: string;
  readonly port: number;
  readonly #options: PostgresOptions;
  #process: ChildProcess | undefined;
  #databases = 0;

  private constructor(folder: string, port: number, options: PostgresOptions) {
    this.folder = folder;
    this.port = port;
    this.#options = options;
  }

  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = await PostgresServer.#make(options);
    try {
      const passwordFile = join(server.folder, 'password');
      writeFileSync(passwordFile, PASSWORD);
      own(passwordFile);
      await asPostgres('initdb', [
        ...['-D', server.data, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
        ...['--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ]);
      server.#configure();
      await server.run();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** A standby of the primary, streaming from it. */
  static async startStandby(primary: PostgresServer, options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = await PostgresServer.#make(options);
    try {
      await asPostgres(
        'pg_basebackup',
        [
          '-D',
          server.data,
          '-h',
          '127.0.0.1',
          '-p',
          `${primary.port}`,
          '-U',
          'postgres',
          '-R',
          '-c',
          'fast',
          '--no-sync',
        ],
        { PGPASSWORD: PASSWORD },
      );
      server.#configure();
      await server.run();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  static async #make(options: PostgresOptions): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'sello-pg-'));
    own(folder);
    return new PostgresServer(folder, await freePort(), options);
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** `postgres://user:password@127.0.0.1:port/database` */
  url(database = 'postgres', user = 'postgres', password = PASSWORD, port = this.port): string {
    return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  }

  /** An empty database of a user of its own, who may make tables in it; or a copy of the template, of its user. */
  async createDatabase(template?: Pick<Database, 'name' | 'owner'>): Promise<Database> {
    const name = `sello_${process.pid}_${++this.#databases}`;
    if (template) {
      const { owner } = template;
      await this.query(`CREATE DATABASE ${name} TEMPLATE ${template.name} OWNER ${owner}`);
      return { name, owner, url: this.url(name, owner, `secret-${owner}`) };
    }
    await this.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret-${name}'`);
    await this.query(`CREATE DATABASE ${name} OWNER ${name}`);
    return { name, owner: name, url: this.url(name, name, `secret-${name}`) };
  }

  async dropDatabase(name: string): Promise<void> {
    // A background worker of an extension may come back in between.
    const drop = () => this.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await drop().catch(() => drop());
    await this.query(`DROP ROLE IF EXISTS ${name}`);
  }

  /** As the superuser. */
  async query(
    sql: string,
    database = 'postgres',
    values: unknown[] = [],
  ): Promise<Record<string, unknown>[]> {
    return query(this.url(database), sql, values);
  }

  /** Starts it again after `stop` or `kill`. */
  async run(): Promise<void> {
    const child = spawnPostgres(this.data);
    this.#process = child;
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
        return (await this.query('SELECT 1').catch(() => [])).length > 0;
      },
      { what: 'PostgreSQL answers', said: () => said },
    );
  }

  /** `fast` cuts its clients off; `immediate` is a crash of all its processes. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** From now on it answers over TLS as well. */
  async useTls(certificate: string, key: string): Promise<void> {
    for (const [name, source] of [
      ['server.crt', certificate],
      ['server.key', key],
    ] as const) {
      const file = join(this.data, name);
      writeFileSync(file, readFile(source), { mode: 0o600 });
      own(file);
    }
    await this.query('ALTER SYSTEM SET ssl = on');
    await this.query('SELECT pg_reload_conf()');
    await until(async () => (await this.query('SHOW ssl'))[0]?.ssl === 'on', {
      what: 'it takes its certificate',
    });
  }

  /** Makes a standby take writes. */
  async promote(): Promise<void> {
    await this.query('SELECT pg_promote(true)');
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop('immediate');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #configure(): void {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: `${this.port}`,
      unix_socket_directories: this.folder,
      max_connections: '60',
      shared_buffers: '64MB',
      log_min_messages: 'fatal',
      // An ANALYZE in the wrong moment holds back what is final, which these tests look for at once.
      autovacuum: 'off',
      ...(this.#options.fast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
      ...this.#options.settings,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    const file = join(this.data, 'postgresql.auto.conf');
    // After a base backup it says whom to follow.
    const kept = existsSync(join(this.data, 'standby.signal')) ? followed(file) : '';
    writeFileSync(file, kept + lines.join(''));
    own(file);
  }
}

function followed(file: string): string {
  return readFile(file)
    .split('\n')
    .filter((line) => line.startsWith('primary_conninfo'))
    .map((line) => `${line}\n`)
    .join('');
}

export async function query(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows ?? [];
  } finally {
    await client.end();
  }
}

/** The programs of the newest version that is installed. */
export function binaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .filter((version) => version >= VERSION_MIN)
    : [];
  const newest = versions
    .sort((a, b) => b - a)
    .find((version) => existsSync(join(root, `${version}`, 'bin', 'initdb')));
  if (newest === undefined)
    throw new Error(`PostgreSQL ${VERSION_MIN} or newer is not installed: apt-get install postgresql`);
  return join(root, `${newest}`, 'bin');
}

/** PostgreSQL does not run as root: there the user of its package runs it. */
export function command(program: string, args: readonly string[]): [string, string[]] {
  const path = join(binaries(), program);
  if (process.getuid?.() !== 0) return [path, [...args]];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', path, ...args]];
}

async function asPostgres(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<void> {
  await run(...command(program, args), {
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...environment },
    cwd: '/',
  });
}

function spawnPostgres(data: string): ChildProcess {
  const [program, args] = command('postgres', ['-D', data]);
  return spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    cwd: '/',
  });
}

let owner: { readonly uid: number; readonly gid: number } | undefined;

export function own(path: string): void {
  if (process.getuid?.() !== 0) return;
  owner ??= postgresUser();
  chownSync(path, owner.uid, owner.gid);
}

function postgresUser(): { uid: number; gid: number } {
  const line = readFile('/etc/passwd')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error('there is no user postgres: install postgresql');
  return { uid: Number(uid), gid: Number(gid) };
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}
