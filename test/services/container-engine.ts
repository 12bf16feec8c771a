/*
 * A container engine of the tests' own: Debian's dockerd as root, on a socket, images and layers in ~/.cache/sello/engine.
 * One at a time on a machine: a second run waits for the first.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { until } from '../waiting.ts';

const HOME = join(homedir(), '.cache', 'sello', 'engine');
const SOCKET = join(HOME, 'docker.sock');
const START_TIME_MS = 600_000;
const COMMAND_TIME_MS = 900_000;
/** Of the layers that builds leave behind. */
const BUILD_CACHE = '6GB';
const PROCESSES_BUSY = 16;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  /** Of both streams, in order of arrival. */
  readonly output: string;
}

/** Why no engine can run on this machine; nothing where one can. */
export function engineProblem(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  for (const file of [
    '/usr/sbin/dockerd',
    '/usr/bin/docker',
    '/usr/bin/docker-compose',
    '/usr/bin/mmdebstrap',
  ])
    if (!existsSync(file)) return `needs ${file}`;
  const works = (program: string, given: readonly string[]) =>
    spawnSync(program, given, { stdio: 'ignore' }).status === 0;
  if (!works('iptables', ['--table', 'nat', '--list', '--numeric'])) return 'needs iptables with a table nat';
  if (!works('unshare', ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', 'true']))
    return 'needs the right to make namespaces';
  return existsSync('/sys/fs/cgroup') ? undefined : 'needs control groups in /sys/fs/cgroup';
}

export class ContainerEngine {
  readonly #daemon: ChildProcess;

  private constructor(daemon: ChildProcess) {
    this.#daemon = daemon;
  }

  /** Starts it without containers, networks and volumes of an earlier run; its images stay. */
  static async start(): Promise<ContainerEngine> {
    mkdirSync(HOME, { recursive: true });
    const settings = join(HOME, 'daemon.json');
    writeFileSync(settings, '{}\n');
    const log = join(HOME, 'dockerd.log');
    // The daemon ends with this process, however that ends; the lock is the daemon's.
    const daemon = spawn(
      'sh',
      [
        '-c',
        'exec setpriv --pdeathsig TERM flock --no-fork "$1/lock" sh -c \'rm -f "$1/docker.pid"; exec dockerd --config-file "$2" --data-root "$1/data" --exec-root /run/sello-engine --pidfile "$1/docker.pid" --host "unix://$3" --bridge none > "$4" 2>&1\' sh "$@"',
        ...['sh', HOME, settings, SOCKET, log],
      ],
      { stdio: 'ignore', detached: true },
    );
    const engine = new ContainerEngine(daemon);
    const said = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-12).join('\n') : '');
    try {
      await until(
        async () => {
          if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}\n${said()}`);
          // Another run's daemon answers on the same path: this one's is running once it wrote its number.
          return isOwn(daemon) && (await engine.docker(['info'])).code === 0;
        },
        { what: 'dockerd answers', timeMs: START_TIME_MS, everyMs: 250, said },
      );
      await engine.clear();
      weighAsMany();
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** What both clients need to find it. */
  get environment(): NodeJS.ProcessEnv {
    const { PATH = '' } = process.env;
    return {
      ...process.env,
      ...{ DOCKER_HOST: `unix://${SOCKET}`, DOCKER_BUILDKIT: '1', COMPOSE_DOCKER_CLI_BUILD: '1' },
      // Debian's own client comes first: it builds without a plugin.
      PATH: `/usr/bin:${PATH}`,
    };
  }

  docker(given: readonly string[], input?: string): Promise<Ran> {
    return run('/usr/bin/docker', given, { environment: this.environment, input });
  }

  /** @throws Error with what it printed, when it fails */
  async must(given: readonly string[]): Promise<string> {
    const ran = await this.docker(given);
    if (ran.code !== 0)
      throw new Error(`docker ${given.join(' ')}: ${ran.code}\n${ran.output.slice(-4_000)}`);
    return ran.stdout;
  }

  async clear(): Promise<void> {
    const containers = (await this.must(['ps', '--all', '--quiet'])).split('\n').filter(Boolean);
    if (containers.length > 0) await this.must(['rm', '--force', '--volumes', ...containers]);
    await this.must(['network', 'prune', '--force']);
    await this.must(['volume', 'prune', '--force']);
    await this.must(['image', 'prune', '--force']);
    await this.must(['builder', 'prune', '--force', '--keep-storage', BUILD_CACHE]);
  }

  async stop(): Promise<void> {
    if (this.#daemon.exitCode !== null || this.#daemon.signalCode !== null) return;
    const ended = once(this.#daemon, 'exit');
    if (isOwn(this.#daemon)) await this.clear().catch(() => undefined);
    this.#daemon.kill('SIGTERM');
    await ended;
    rmSync(SOCKET, { force: true });
  }
}

/** All containers together weigh as much as one process of another suite: gives them the weight of as many as they are. */
function weighAsMany(): void {
  const group = '/sys/fs/cgroup/cpu/docker';
  try {
    mkdirSync(group, { recursive: true });
    writeFileSync(join(group, 'cpu.shares'), `${PROCESSES_BUSY * 1_024}\n`);
  } catch {
    // The kernel has the other kind of groups, or none: the containers then wait longer on a busy machine.
  }
}

/** Whether this daemon, and not that of another run, has the lock. */
function isOwn(daemon: ChildProcess): boolean {
  try {
    return Number(readFileSync(join(HOME, 'docker.pid'), 'utf8')) === daemon.pid;
  } catch {
    return false;
  }
}

export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly folder?: string;
  readonly input?: string | undefined;
}

export async function run(
  program: string,
  given: readonly string[],
  { environment = process.env, folder = '/', input }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(program, given, { cwd: folder, env: environment, timeout: COMMAND_TIME_MS });
  let [stdout, output] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, output };
}
