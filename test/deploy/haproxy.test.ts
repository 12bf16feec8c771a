/*
 * Goal: HAProxy accepts the configuration that `sello deploy haproxy` prints, and it works as described.
 * Method: a real haproxy before two real servers; the test hangs, kills and drains one of them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { haproxyConfiguration } from '../../src/cli/deploy/haproxy/configuration.ts';
import { type HaproxyOptions, TLS_MODES } from '../../src/cli/deploy/haproxy/options.ts';
import { serverAddress } from '../../src/cli/deploy/haproxy/server-address.ts';
import { CommandFailure } from '../../src/cli/shell/failure.ts';
import { httpAddress } from '../e2e/http-address.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { CERTIFICATES } from '../services/certificates.ts';
import { freePort } from '../services/free-port.ts';
import { HaproxyService, haproxyProblems } from '../services/haproxy.ts';
import { sello } from '../services/sello-command.ts';
import { until } from '../waiting.ts';

/** Longer than the detection of a hung server takes, on a machine with other work, too. */
const ANSWER_TIME_MS = 8_000;

/** What a test's user may open; nothing of the machine's is used. */
const SMALL = ['--container', '--connections', '500'];

async function configuration(...args: string[]): Promise<string> {
  const run = await sello(['deploy', 'haproxy', ...args]);
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
}

/** Refused at once, whoever sends it. */
const UNKNOWN = { accion: 'x' };

/** One message of the TCP protocol on a connection of its own, from an address of loopback. @returns its `error` */
function ask(port: number, from = '127.0.0.1', message: object = UNKNOWN): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port, localAddress: from });
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), ANSWER_TIME_MS);
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('closed without an answer'));
    });
    socket.once('data', (bytes) => {
      resolve(String(JSON.parse(bytes.toString()).error));
      socket.destroy();
    });
    socket.write(`${JSON.stringify(message)}\n`);
  });
}

/** The same, as a client does it: what is cut off is sent again. @returns how often it was sent */
async function askUntilAnswered(port: number): Promise<number> {
  const deadline = performance.now() + ANSWER_TIME_MS;
  for (let tries = 1; ; tries++) {
    try {
      assert.equal(await ask(port), 'action_unknown');
      return tries;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

describe('sello deploy haproxy: the file', () => {
  test('HAProxy accepts it in each mode of TLS, with and without sticking', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
    const certificate = join(folder, 'both.pem');
    const pem = ['first.cert.pem', 'first.key.pem'].map((name) =>
      readFileSync(join(CERTIFICATES, name), 'utf8'),
    );
    await writeFile(certificate, pem.join('\n'));
    const serverCa = join(CERTIFICATES, 'first.cert.pem');
    const options: HaproxyOptions = {
      servers: ['a=10.0.0.1:11002/8443', 'b=[fd00::2]:11002/8443'].map(serverAddress),
      tls: 're-encrypt',
      tcpBind: '*:11002',
      httpBind: '*:443',
      certificate,
      serverCa,
      serverName: 'first.test',
      stick: true,
      statsSocket: join(folder, 'admin.sock'),
      metricsBind: '127.0.0.1:8405',
      connectionsMax: 10_000,
      container: false,
    };
    for (const tls of TLS_MODES) {
      assert.equal(await haproxyProblems(haproxyConfiguration({ ...options, tls })), '', tls);
      const small = { ...options, tls, serverName: undefined, stick: false, metricsBind: undefined };
      assert.equal(await haproxyProblems(haproxyConfiguration({ ...small, container: true })), '', tls);
    }
    await rm(folder, { recursive: true });
  });

  test('invalid server addresses, and texts that HAProxy would interpret, are refused', async () => {
    const wrong: string[][] = [
      [],
      ['--server', 'a=10.0.0.1:11002'],
      ['--server', 'a=10.0.0.1:1/2', '--server', 'a=10.0.0.2:1/2'],
      ['--server', 'a=10.0.0.1:1/2', '--certificate', '/x\n  stats socket /tmp/x'],
      ['--server', 'a=10.0.0.1:1/2', '--tls', 'none'],
    ];
    for (const server of ['a b=10.0.0.1:1/2', 'a=10.0.0.1:1/99999', 'a=10.0.0.1:0/2', 'a=[10.0.0.1]:1/2']) {
      assert.throws(() => serverAddress(server), CommandFailure, server);
    }
    const runs = await Promise.all(wrong.map((args) => sello(['deploy', 'haproxy', ...args])));
    for (const [index, { code, stdout }] of runs.entries()) {
      assert.deepEqual([code, stdout], [2, ''], wrong[index]?.join(' ') ?? '');
    }
  });
});

describe('sello deploy haproxy: before two servers', () => {
  const names = ['a', 'b'] as const;
  const folders: string[] = [];
  const servers = new Map<string, ServerProcess>();
  let haproxy: HaproxyService;
  let tcpPort = 0;
  let httpPort = 0;

  before(async () => {
    await Promise.all(
      names.map(async (name) => {
        const folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
        folders.push(folder);
        const flags = { '--proxy-trusted': '127.0.0.1', '--rate-limits-log-ins-count-max': '3' };
        servers.set(name, await ServerProcess.start({ folder, flags }));
      }),
    );
    [tcpPort, httpPort] = [await freePort(), await freePort()];
    const args = await Promise.all(
      names.map(async (name) => {
        const server = servers.get(name);
        assert.ok(server);
        return `${name}=127.0.0.1:${server.port}/${new URL(await httpAddress(server)).port}`;
      }),
    );
    haproxy = await HaproxyService.start((statsSocket) =>
      configuration(
        ...args.flatMap((arg) => ['--server', arg]),
        ...['--tls', 'off', ...SMALL, '--stats-socket', statsSocket, '--metrics-bind', 'none'],
        ...['--tcp-bind', `127.0.0.1:${tcpPort}`, '--http-bind', `127.0.0.1:${httpPort}`],
      ),
    );
    await haproxy.becomes({ a: 'UP', b: 'UP' });
  });
  after(async () => {
    await haproxy?.remove();
    for (const server of servers.values()) {
      server.child.kill('SIGCONT');
      await server.kill();
    }
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const server = (name: string) => {
    const found = servers.get(name);
    assert.ok(found);
    return found;
  };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}${path}`, {
      headers: { connection: 'close', ...headers },
      signal: AbortSignal.timeout(ANSWER_TIME_MS),
    });
    await answer.arrayBuffer();
    return answer;
  };
  /** A check may be late on a busy machine: what a server alone is held to holds while it was not found gone. */
  const downs = async (name: string) =>
    (await haproxy.states()).reduce((sum, each) => sum + (each.name === name ? each.downs : 0), 0);

  test('both servers are used, over TCP and over HTTP', async () => {
    for (let i = 0; i < 6; i++) {
      assert.equal(await ask(tcpPort), 'action_unknown');
      assert.equal((await get('/healthz')).status, 200);
    }
    const states = await haproxy.states();
    for (const backend of ['sello_tcp_alive', 'sello_http_alive']) {
      const used = states.filter((each) => each.backend === backend && each.sessions > 0);
      assert.deepEqual(used.map(({ name }) => name).sort(), ['a', 'b'], backend);
    }
  });

  test("a client's address arrives: by PROXY v2 over TCP, in X-Forwarded-For over HTTP, whatever the client says", async () => {
    // Three log-ins a minute an address and server: ten are too many for both together.
    const ten = Array.from({ length: 10 }, (_, i) => ({ username: `user${i}`, password: 'wrong one' }));
    const from = (address: string) =>
      Promise.all(ten.map((request) => ask(tcpPort, address, { accion: 'login', ...request })));
    const errors = await from('127.0.0.2');
    const judged = errors.filter((error) => error === 'credentials_invalid').length;
    assert.ok(judged >= 3 && judged <= 6, errors.join());
    assert.equal(errors.filter((error) => error === 'rate_limited').length, ten.length - judged);
    const statuses = await Promise.all(
      ten.map(async (request, i) => {
        // fetch comes from 127.0.0.1, whatever it writes into the header.
        const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/sessions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.113.${i}` },
          body: JSON.stringify(request),
        });
        await answer.arrayBuffer();
        return answer.status;
      }),
    );
    assert.ok(statuses.filter((status) => status === 429).length >= 4, statuses.join());
    assert.ok((await from('127.0.0.3')).includes('credentials_invalid'));
  });

  test('one source holds a part of the connections, and another is served, over TCP and over HTTP', async () => {
    for (const port of [tcpPort, httpPort]) {
      const silent = Array.from({ length: 300 }, () => {
        const socket = createConnection({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
        return socket.on('error', () => undefined).resume();
      });
      await until(() => silent.filter(({ destroyed }) => destroyed).length >= 100, {
        what: 'what is beyond the part of one source is closed',
      });
      const open = silent.filter(({ destroyed }) => !destroyed).length;
      assert.ok(open <= 130, `${open} of 300 silent connections stay open`);
      assert.equal(await ask(tcpPort, '127.0.0.10'), 'action_unknown');
      assert.equal((await get('/healthz')).status, 200);
      for (const socket of silent) socket.destroy();
    }
  });

  test('a drained server keeps its connections and gets no new ones', async () => {
    const held = await hold(tcpPort);
    const backends = ['sello_tcp_alive', 'sello_tcp_ready', 'sello_http_alive', 'sello_http_ready'];
    const open = (await haproxy.states()).filter(({ backend }) => backend === 'sello_tcp_alive');
    const holder = open.find((each) => each.open > 0)?.name ?? '';
    for (const backend of backends) await haproxy.command(`set server ${backend}/${holder} state drain`);
    await haproxy.becomes({ [holder]: 'DRAIN' });
    const used = async () =>
      (await haproxy.states()).filter(({ name }) => name === holder).map(({ sessions }) => sessions);
    const before = await used();
    for (let i = 0; i < 6; i++) {
      assert.equal(await ask(tcpPort, '127.0.0.4'), 'action_unknown');
      assert.equal((await get('/healthz')).status, 200);
    }
    assert.deepEqual(await used(), before);
    assert.equal(await held.ask(), 'action_unknown');
    held.socket.destroy();
    for (const backend of backends) await haproxy.command(`set server ${backend}/${holder} state ready`);
    await haproxy.becomes({ a: 'UP', b: 'UP' });
  });

  test('a hung server is left: new requests are answered, its connections end; it comes back', async () => {
    const downsOfB = await downs('b');
    const held = [await hold(tcpPort), await hold(tcpPort), await hold(tcpPort), await hold(tcpPort)];
    server('a').child.kill('SIGSTOP');
    for (let i = 0; i < 8; i++) await askUntilAnswered(tcpPort);
    await haproxy.becomes({ a: 'DOWN', b: 'UP' });
    const ended = held.filter(({ socket }) => socket.destroyed || socket.readableEnded).length;
    assert.ok(ended > 0, 'those of the hung server end');
    if ((await downs('b')) === downsOfB) assert.ok(ended < held.length, 'those of the other stay');
    for (let i = 0; i < 10; i++) {
      await askUntilAnswered(tcpPort);
      assert.equal((await get('/readyz')).status, 200);
    }
    for (const { socket } of held) socket.destroy();
    server('a').child.kill('SIGCONT');
    await haproxy.becomes({ a: 'UP', b: 'UP' });
  });

  test('a killed server is left: no connection is refused, and a read is answered', async () => {
    const downsOfA = await downs('a');
    await server('b').kill();
    let tries = 0;
    for (let i = 0; i < 20; i++) {
      tries += await askUntilAnswered(tcpPort);
      assert.equal((await get('/readyz')).status, 200);
    }
    if ((await downs('a')) === downsOfA) assert.equal(tries, 20, 'none was cut off');
    await haproxy.becomes({ a: 'UP', b: 'DOWN' });
  });
});

describe('sello deploy haproxy: TLS', () => {
  test('re-encrypt: HTTPS here and at the server, whose certificate is checked; TCP is ended at the server', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
    const file = (name: string) => join(CERTIFICATES, name);
    const server = await ServerProcess.start({
      folder,
      flags: {
        '--proxy-trusted': '127.0.0.1',
        '--tls-cert-file': file('first.cert.pem'),
        '--tls-key-file': file('first.key.pem'),
      },
    });
    const certificate = join(folder, 'balancer.pem');
    await writeFile(
      certificate,
      ['second.cert.pem', 'second.key.pem'].map((name) => readFileSync(file(name), 'utf8')).join('\n'),
    );
    const [tcpPort, httpPort] = [await freePort(), await freePort()];
    t.after(async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    });
    const haproxy = await HaproxyService.start(async (statsSocket) =>
      configuration(
        ...['--server', `a=127.0.0.1:${server.port}/${new URL(await httpAddress(server)).port}`],
        ...[
          '--certificate',
          certificate,
          '--server-ca',
          file('first.cert.pem'),
          '--server-name',
          'first.test',
        ],
        ...[...SMALL, '--stats-socket', statsSocket, '--metrics-bind', 'none'],
        ...['--tcp-bind', `127.0.0.1:${tcpPort}`, '--http-bind', `127.0.0.1:${httpPort}`],
      ),
    );
    t.after(() => haproxy.remove());
    await haproxy.becomes({ a: 'UP' });
    const common = async (port: number, text: string, ca: string) => {
      const socket = connectTls({
        host: '127.0.0.1',
        port,
        ca: readFileSync(file(ca)),
        servername: ca.replace('.cert.pem', '.test'),
      });
      const answer = new Promise<string>((resolve, reject) => {
        socket.once('data', (bytes) => resolve(bytes.toString()));
        socket.once('error', reject);
      });
      socket.write(text);
      const got = await answer;
      socket.destroy();
      return got;
    };
    assert.match(await common(tcpPort, '{"accion":"x"}\n', 'first.cert.pem'), /action_unknown/);
    const request = 'GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n';
    assert.match(await common(httpPort, request, 'second.cert.pem'), /^HTTP\/1\.1 200 /);
  });
});

interface Held {
  readonly socket: Socket;
  /** A message that needs no log-in. @returns its `error` */
  ask(): Promise<string>;
}

/** A connection that stays, known to have reached a server. */
async function hold(port: number): Promise<Held> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  const held = {
    socket,
    ask: () =>
      new Promise<string>((resolve, reject) => {
        socket.once('data', (bytes) => resolve(String(JSON.parse(bytes.toString()).error)));
        socket.once('close', () => reject(new Error('closed')));
        socket.write(`${JSON.stringify(UNKNOWN)}\n`);
      }),
  };
  assert.equal(await held.ask(), 'action_unknown');
  return held;
}
