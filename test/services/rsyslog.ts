// Debian's rsyslog as a log server over TLS, on loopback: it writes each message to a file as it came.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from '../waiting.ts';
import { CERTIFICATES } from './certificates.ts';
import { freePort } from './free-port.ts';

const PROGRAM = '/usr/sbin/rsyslogd';

/** Why the tests that need it are left out; false where it is there. */
export const rsyslogMissing: string | false =
  existsSync(PROGRAM) && globSync('/usr/lib/*/rsyslog/lmnsd_gtls.so').length > 0
    ? false
    : 'rsyslog and rsyslog-gnutls are not installed';

export class Rsyslog {
  readonly port: number;
  readonly file: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #said = '';

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
    this.file = join(folder, 'messages.log');
  }

  static async start(t: Pick<TestContext, 'after'>, folder: string): Promise<Rsyslog> {
    const server = new Rsyslog(join(folder, 'rsyslog'), await freePort());
    await mkdir(server.#folder, { recursive: true });
    const files = (name: string) => join(CERTIFICATES, name);
    await writeFile(
      join(server.#folder, 'rsyslog.conf'),
      `global(workDirectory="${server.#folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${files('first.cert.pem')}"
  defaultNetstreamDriverCertFile="${files('first.cert.pem')}" defaultNetstreamDriverKeyFile="${files('first.key.pem')}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon" maxSessions="50")
input(type="imtcp" port="${server.port}" address="127.0.0.1")
template(name="raw" type="string" string="%rawmsg%\\n")
*.* action(type="omfile" file="${server.file}" template="raw")
`,
    );
    t.after(() => server.stop('SIGKILL'));
    await server.start();
    return server;
  }

  get address(): string {
    return `tls://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const pid = join(this.#folder, `pid-${Date.now()}`);
    const arguments_ = ['-n', '-f', join(this.#folder, 'rsyslog.conf'), '-i', pid];
    const started = spawn(PROGRAM, arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString();
      });
    }
    await until(() => this.#answers(), { what: 'rsyslog listens', said: () => this.#said });
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await exited;
  }

  async lines(): Promise<string[]> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line.includes('[sello@'));
  }

  /** In the order in which they were written. */
  async indexes(): Promise<number[]> {
    return (await this.lines()).map((line) => Number(/ index="(\d+)"/.exec(line)?.[1] ?? Number.NaN));
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }
}
