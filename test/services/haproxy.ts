// A real haproxy for tests: its configuration checked, its servers' states awaited, its runtime API asked.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../waiting.ts';

/** Not on every user's path. */
const HAPROXY = '/usr/sbin/haproxy';

/** What `haproxy -c` says of a configuration; empty when nothing is wrong with it. */
export async function haproxyProblems(configuration: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-haproxy-'));
  try {
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, configuration);
    const { status, stdout, stderr } = spawnSync(HAPROXY, ['-c', '-f', file], { encoding: 'utf8' });
    return status === 0 ? stderr.replace(/^.*\[NOTICE\].*\n/gm, '') : `${status} ${stdout}${stderr}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface ServerState {
  readonly backend: string;
  readonly name: string;
  readonly state: string;
  /** Since the start, and now. */
  readonly sessions: number;
  readonly open: number;
  /** How often its checks found it gone. */
  readonly downs: number;
}

/** A real haproxy in the foreground, on a configuration made for `statsSocket`. */
export class HaproxyService {
  readonly #folder: string;
  readonly #child: ChildProcess;
  #said = '';

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-65_536);
      });
    }
  }

  /** `configure` is told where its socket is to be. */
  static async start(configure: (statsSocket: string) => Promise<string>): Promise<HaproxyService> {
    const folder = await mkdtemp(join(tmpdir(), 'sello-haproxy-'));
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, await configure(join(folder, 'admin.sock')));
    const child = spawn(HAPROXY, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    const service = new HaproxyService(folder, child);
    try {
      await service.#until('it listens', async () => (await service.command('show info')).includes('Uptime'));
      return service;
    } catch (error) {
      await service.remove();
      throw error;
    }
  }

  /** Of the runtime API. */
  get socketPath(): string {
    return join(this.#folder, 'admin.sock');
  }

  /** Waits until every server of every backend has this state: `UP`, `DOWN`, `DRAIN`. */
  async becomes(states: Readonly<Record<string, string>>): Promise<void> {
    await this.#until(JSON.stringify(states), async () => {
      const found = await this.states();
      return Object.entries(states).every(([server, state]) =>
        found.filter(({ name }) => name === server).every((each) => each.state.startsWith(state)),
      );
    });
  }

  /** As `show stat` has them. */
  async states(): Promise<readonly ServerState[]> {
    const rows = (await this.command('show stat')).split('\n').map((line) => line.split(','));
    const names = rows[0] ?? [];
    const column = (name: string) => names.findIndex((each) => each.replace(/^# /, '') === name);
    return rows
      .slice(1)
      .filter((row) => row.length > 10 && !/^(FRONTEND|BACKEND)$/.test(row[1] ?? ''))
      .map((row) => ({
        backend: row[0] ?? '',
        name: row[1] ?? '',
        state: row[column('status')] ?? '',
        sessions: Number(row[column('stot')]),
        open: Number(row[column('scur')]),
        downs: Number(row[column('chkdown')]),
      }));
  }

  /** A command of its runtime API. */
  async command(line: string): Promise<string> {
    const socket = connect(join(this.#folder, 'admin.sock'));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    await once(socket, 'connect');
    socket.write(`${line}\n`);
    await once(socket, 'close');
    return answer;
  }

  async remove(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #until(what: string, ask: () => Promise<boolean>): Promise<void> {
    let found: readonly ServerState[] = [];
    const said = () => `${JSON.stringify(found)}\n${this.#said}`;
    await until(
      async () => {
        if (await ask().catch(() => false)) return true;
        if (this.#child.exitCode !== null) throw new Error(`haproxy ended: ${said()}`);
        found = await this.states().catch(() => []);
        return false;
      },
      { what: `haproxy: ${what}`, everyMs: 20, said },
    );
  }
}
