// Two PostgreSQL nodes under pg_auto_failover, whose processes a test kills and stops.
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, until } from '../waiting.ts';
import { freePort } from './free-port.ts';
import { binaries, own, query } from './postgres.ts';

const READY_TIME_MS = 90_000;

/** How soon the monitor sees that a node is gone (ms); its own defaults take half a minute. */
export const MONITOR_SETTINGS = {
  health_check_period: 300,
  health_check_timeout: 300,
  health_check_max_retries: 2,
  health_check_retry_delay: 150,
  node_considered_unhealthy_timeout: 1_000,
  primary_demote_timeout: 300,
  startup_grace_period: 1_000,
} as const;

/** pg_auto_failover sizes these for a machine of its own. */
const NODE_SETTINGS = {
  wal_sender_timeout: '3s',
  shared_buffers: '64MB',
  wal_keep_size: '64MB',
} as const;

export interface NodeState {
  readonly name: string;
  readonly reported: string;
  readonly goal: string;
}

/** One node: its keeper (`pg_autoctl run`), under which PostgreSQL runs. */
export class FailoverNode {
  readonly name: string;
  readonly port: number;
  readonly data: string;
  readonly #start: () => ChildProcess;
  #keeper: ChildProcess | undefined;

  constructor(name: string, port: number, data: string, start: () => ChildProcess) {
    this.name = name;
    this.port = port;
    this.data = data;
    this.#start = start;
  }

  run(): void {
    this.#keeper = this.#start();
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Of PostgreSQL and all that it began. */
  postgresPids(): readonly number[] {
    let first: number;
    try {
      first = Number(readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    } catch {
      return [];
    }
    return isRunning(first) ? [first, ...descendants(first)] : [];
  }

  keeperPids(): readonly number[] {
    const pid = this.#keeper?.pid;
    if (pid === undefined || !isRunning(pid)) return [];
    const postgres = new Set(this.postgresPids());
    return [pid, ...descendants(pid)].filter((each) => !postgres.has(each));
  }

  /** The host is gone: nothing of it gets a chance to tidy up. */
  killHost(): void {
    signalAll([...this.keeperPids(), ...this.postgresPids()], 'SIGKILL');
  }

  killPostgres(): void {
    signalAll(this.postgresPids(), 'SIGKILL');
  }

  /** Everything on it stops where it is, connections stay open. @returns wakes it again */
  hang(): () => void {
    const pids = [...this.keeperPids(), ...this.postgresPids()];
    signalAll(pids, 'SIGSTOP');
    return () => signalAll(pids, 'SIGCONT');
  }
}

/**
 * Two PostgreSQL nodes, the second a synchronous standby, and the monitor of pg_auto_failover, which promotes it: in a
 * throw-away folder, on free ports of loopback.
 */
export class FailoverPair {
  readonly folder: string;
  readonly nodes: readonly FailoverNode[];
  readonly #monitor: FailoverNode;

  private constructor(folder: string, monitor: FailoverNode, nodes: readonly FailoverNode[]) {
    this.folder = folder;
    this.#monitor = monitor;
    this.nodes = nodes;
  }

  static async start(): Promise<FailoverPair> {
    const folder = mkdtempSync(join(tmpdir(), 'sello-failover-'));
    own(folder);
    for (const name of ['run', 'config', 'share']) {
      mkdirSync(join(folder, name));
      own(join(folder, name));
    }
    const [monitorPort, ...ports] = [await freePort(), await freePort(), await freePort()];
    const make = (kind: 'monitor' | 'postgres', name: string, port: number, more: readonly string[]) => {
      const data = join(folder, name);
      const given = [
        ...['create', kind, '--pgdata', data, '--pgport', `${port}`, '--hostname', '127.0.0.1'],
        ...['--auth', 'trust', '--no-ssl', '--run', ...more],
      ];
      return new FailoverNode(name, port, data, () => {
        const exists = readdirSync(folder).includes(name);
        return spawnAutoctl(folder, name, exists ? ['run', '--pgdata', data] : given);
      });
    };
    const monitor = make('monitor', 'monitor', monitorPort, []);
    const nodes = ['a', 'b'].map((name, index) =>
      make('postgres', name, ports[index] ?? 0, [
        ...['--name', name, '--listen', '127.0.0.1'],
        ...['--monitor', `postgres://autoctl_node@127.0.0.1:${monitorPort}/pg_auto_failover`],
      ]),
    );
    const pair = new FailoverPair(folder, monitor, nodes);
    try {
      await pair.#begin();
      return pair;
    } catch (error) {
      const said = nodes.map(({ name }) => lastLines(join(folder, `${name}.log`))).join('\n');
      await pair.remove();
      throw new Error(`${(error as Error).message}\n${said}`);
    }
  }

  async #begin(): Promise<void> {
    const [a, b] = this.nodes;
    if (!a || !b) throw new Error('two nodes');
    this.#monitor.run();
    await answering(this.#monitorUrl);
    await set(
      this.#monitorUrl.replace('autoctl_node@', 'postgres@'),
      Object.entries(MONITOR_SETTINGS).map(([name, ms]) => [`pgautofailover.${name}`, `${ms}`]),
      `postgres://postgres@127.0.0.1:${this.#monitor.port}/postgres`,
    );
    a.run();
    await this.waitForState('single');
    await set(a.url, Object.entries(NODE_SETTINGS), a.url);
    b.run();
    // The copy of the first node begins with its next checkpoint, which would come in its own time.
    await this.waitForState('primary,secondary', () => query(a.url, 'CHECKPOINT'));
  }

  get #monitorUrl(): string {
    return `postgres://autoctl_node@127.0.0.1:${this.#monitor.port}/pg_auto_failover`;
  }

  /** Names both nodes: whoever connects finds the one that takes writes. */
  url(database = 'postgres', user = 'postgres', password = ''): string {
    const hosts = this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `postgres://${user}${password === '' ? '' : `:${password}`}@${hosts}/${database}`;
  }

  async states(): Promise<readonly NodeState[]> {
    const rows = await query(
      this.#monitorUrl,
      'SELECT nodename AS name, reportedstate::text AS reported, goalstate::text AS goal FROM pgautofailover.node ORDER BY nodename',
    );
    return rows as unknown as readonly NodeState[];
  }

  async primary(): Promise<FailoverNode> {
    const takesWrites = async ({ url }: FailoverNode) => {
      // Where it is not there, the query fails.
      const [row] = await query(url, 'SELECT pg_is_in_recovery() AS standby').catch(() => []);
      return row?.standby === false;
    };
    return until(
      async () => {
        for (const node of this.nodes) if (await takesWrites(node)) return node;
        return undefined;
      },
      { what: 'a node takes writes', timeMs: READY_TIME_MS, everyMs: 100 },
    );
  }

  standbyOf(primary: FailoverNode): FailoverNode {
    const other = this.nodes.find((node) => node !== primary);
    if (!other) throw new Error('two nodes');
    return other;
  }

  /** Restarts killed nodes and waits until one is primary and the other its synchronous standby. */
  async repair(): Promise<void> {
    for (const node of this.nodes) if (node.keeperPids().length === 0) node.run();
    await this.waitForState('primary,secondary', async () => {
      for (const node of this.nodes) await query(node.url, 'CHECKPOINT').catch(() => undefined);
    });
  }

  /** @param states of all nodes, in the order of the alphabet */
  async waitForState(
    states: string,
    meanwhile: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    await eventually(
      async () => {
        const found = (await this.states())
          .map(({ reported, goal }) => (reported === goal ? reported : `${reported}→${goal}`))
          .sort()
          .join(',');
        if (found === states) return;
        await meanwhile();
        throw new Error(`the nodes are ${found}`);
      },
      { what: `the nodes are ${states}`, timeMs: READY_TIME_MS, everyMs: 200 },
    );
  }

  async remove(): Promise<void> {
    for (const node of [...this.nodes, this.#monitor]) {
      const pids = [...node.keeperPids(), ...node.postgresPids()];
      signalAll(pids, 'SIGCONT');
      signalAll(pids, 'SIGKILL');
    }
    await delay(50);
    for (const node of [...this.nodes, this.#monitor]) node.killHost();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Keeps what it says in a file of the folder. */
function spawnAutoctl(folder: string, name: string, given: readonly string[]): ChildProcess {
  const asPostgres =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  const [program = 'pg_autoctl', ...args] = [...asPostgres, 'pg_autoctl', ...given];
  const child = spawn(program, args, {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${binaries()}:/usr/bin:/bin`,
      HOME: folder,
      LC_ALL: 'C.UTF-8',
      XDG_RUNTIME_DIR: join(folder, 'run'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'share'),
    },
  });
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  log.on('error', () => undefined);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.on('error', () => undefined);
  return child;
}

/** `ALTER SYSTEM`, one at a time as it asks for, then a reload. */
async function set(
  url: string,
  settings: readonly (readonly [string, string])[],
  superuserUrl: string,
): Promise<void> {
  await answering(superuserUrl);
  for (const [name, value] of settings) await query(superuserUrl, `ALTER SYSTEM SET ${name} = '${value}'`);
  await query(superuserUrl, 'SELECT pg_reload_conf()');
  await answering(url);
}

async function answering(url: string): Promise<void> {
  await eventually(() => query(url, 'SELECT 1'), { timeMs: READY_TIME_MS, everyMs: 100 });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** All that a process began and that is left, by the kernel's list. */
function descendants(pid: number): readonly number[] {
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    return [];
  }
  return children
    .split(' ')
    .filter((text) => text !== '')
    .map(Number)
    .flatMap((child) => [child, ...descendants(child)]);
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended.
    }
  }
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-12).join('\n');
  } catch {
    return `${path} is not there`;
  }
}
