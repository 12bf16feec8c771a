// Replaces a running server behind HAProxy by one of a newer version, without downtime: starts the new server (green)
// beside the old one (blue), waits until green can decide, sends new connections to green, and stops blue. A failure
// before the last step is rolled back, and blue continues.
//
//   node scripts/upgrade.ts --blue a --green b --green-http http://127.0.0.1:8081 \
//     --start 'systemctl start sello@b' --stop 'systemctl stop sello@a' --socket /run/haproxy/admin.sock
//
// First migrate the tables by the new version (sello migrate), which must say that the old version still works with them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface Upgrade {
  /** The servers' names in HAProxy: the running server, and the one that replaces it. */
  readonly blue: string;
  readonly green: string;
  /** Green's own REST address, bypassing HAProxy. */
  readonly greenHttp: string;
  /** Starts green's process. */
  readonly start: () => Promise<unknown>;
  /** Stops a server by SIGTERM. Resolves when its process has ended. */
  readonly stop: (server: string) => Promise<unknown>;
  /** Sends a command to HAProxy's runtime API (HAProxy Management Guide, section 9.3). @returns the answer */
  readonly haproxy: (command: string) => Promise<string>;
  readonly say?: (line: string) => void;
  readonly times?: Partial<typeof TIMES>;
}

const TIMES = {
  readyTimeMs: 60_000,
  /** Ready answers in a row, so that a server that flaps does not count as ready. */
  readyAnswersMin: 3,
  lookMs: 100,
  /** For requests that blue has begun. Blue itself closes idle connections. */
  settleTimeMs: 1_000,
};

/** A server in one of HAProxy's backends. */
interface BackendServer {
  readonly backend: string;
  readonly status: string;
}

/**
 * Runs the upgrade. @throws when green does not become ready, or HAProxy does not know both servers; blue then continues
 *
 * Why: docs/DECISIONS.md#upgrades-are-a-script
 */
export async function upgrade(task: Upgrade): Promise<void> {
  const { blue, green, haproxy, say = () => {} } = task;
  const times = { ...TIMES, ...task.times };
  const blueServers = await serversNamed(haproxy, blue);
  const greenServers = await serversNamed(haproxy, green);
  if (blueServers.length === 0 || greenServers.length !== blueServers.length) {
    throw new Error(`HAProxy does not have ${blue} and ${green} in the same backends`);
  }
  if (!blueServers.some(({ status }) => status.startsWith('UP'))) throw new Error(`${blue} is not up`);
  const set = async (server: string, state: 'ready' | 'drain') => {
    for (const { backend } of blueServers) {
      const said = (await haproxy(`set server ${backend}/${server} state ${state}`)).trim();
      if (said !== '') throw new Error(`HAProxy: ${said}`);
    }
  };

  say(`${green}: starting`);
  try {
    await set(green, 'ready');
    await task.start();
    await answersReady(task.greenHttp, times);
    say(`${green}: ready to decide`);
    await until(`HAProxy sends to ${green}`, times, async () =>
      (await serversNamed(haproxy, green)).every(({ status }) => status.startsWith('UP')),
    );
  } catch (error) {
    await task.stop(green).catch(() => undefined);
    throw error;
  }
  try {
    await set(blue, 'drain');
    say(`${blue}: gets nothing new; what is new goes to ${green}`);
    await delay(times.settleTimeMs);
    // By now green carries the load.
    await answersReady(task.greenHttp, times);
  } catch (error) {
    await set(blue, 'ready');
    await task.stop(green).catch(() => undefined);
    throw error;
  }
  await task.stop(blue);
  say(`${blue}: answered what it had begun, closed its connections between two messages, stopped`);
  // For the next upgrade, when this server will be green.
  await set(blue, 'ready');
}

async function serversNamed(haproxy: Upgrade['haproxy'], server: string): Promise<readonly BackendServer[]> {
  const [head = [], ...rows] = (await haproxy('show stat')).split('\n').map((line) => line.split(','));
  const column = head.indexOf('status');
  return rows
    .filter((row) => row[1] === server)
    .map((row) => ({ backend: row[0] ?? '', status: row[column] ?? '' }));
}

async function answersReady(http: string, times: typeof TIMES): Promise<void> {
  let inRow = 0;
  await until(`${http}/readyz says that it is ready`, times, async () => {
    const answer = await fetch(`${http}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    await answer?.arrayBuffer();
    inRow = answer?.status === 200 ? inRow + 1 : 0;
    return inRow >= times.readyAnswersMin;
  });
}

async function until(what: string, times: typeof TIMES, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + times.readyTimeMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not in ${times.readyTimeMs} ms: ${what}`);
    await delay(times.lookMs);
  }
}

/** Sends commands to HAProxy's runtime API over its socket, each on a new connection. */
export function haproxySocket(path: string): Upgrade['haproxy'] {
  return async (command) => {
    const socket = connect(path);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    await once(socket, 'connect');
    socket.write(`${command}\n`);
    await once(socket, 'close');
    return answer;
  };
}

async function run(command: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command}: ended with ${code}`);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const names = ['blue', 'green', 'green-http', 'start', 'stop', 'stop-green', 'socket'] as const;
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, text])) });
  const given = (name: (typeof names)[number], byDefault?: string): string => {
    const value = values[name] ?? byDefault;
    if (typeof value !== 'string') throw new Error(`--${name} is missing`);
    return value;
  };
  const [blue, stop] = [given('blue'), given('stop')];
  await upgrade({
    ...{ blue, green: given('green'), greenHttp: given('green-http') },
    start: () => run(given('start')),
    // If green does not become ready, --stop-green stops it, where given.
    stop: (server) => run(server === blue ? stop : given('stop-green', 'true')),
    haproxy: haproxySocket(given('socket', '/run/haproxy/admin.sock')),
    say: (line) => process.stdout.write(`${line}\n`),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
