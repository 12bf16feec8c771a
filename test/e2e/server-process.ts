// The real server as a process, for the tests of the whole program: started, waited for, stopped, killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TcpClient, type TcpClientOptions } from '../../src/client/tcp-client.ts';
import { until } from '../waiting.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_TIME_MS = 60_000;
const STOP_TIME_MS = 60_000;
/** What is kept of a child's output: enough for a test to search, never without end. */
const OUTPUT_BYTES_MAX = 16 * 1_048_576;

export interface ServerOptions {
  readonly folder: string;
  readonly flags?: Readonly<Record<string, string>>;
  /** Flags without a value. */
  readonly switches?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** For tests that run as root: who the server runs as. */
  readonly uid?: number;
  /** A `src/main.ts` other than this tree's. */
  readonly main?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The real server as a process of its own, on a free port of loopback. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  port = 0;
  stdout = '';
  stderr = '';

  private constructor({
    folder,
    flags = {},
    switches = [],
    environment = {},
    uid,
    main = MAIN,
  }: ServerOptions) {
    const all: Record<string, string> = {
      '--data-dir': folder,
      '--tcp-port': '0',
      '--http-port': '0',
      ...flags,
    };
    this.child = spawn(process.execPath, [main, 'serve', ...Object.entries(all).flat(), ...switches], {
      cwd: '/',
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (this.stdout.length < OUTPUT_BYTES_MAX) this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.stderr.length < OUTPUT_BYTES_MAX) this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** Starts it without waiting: for starts that must be refused. */
  static launch(options: ServerOptions): ServerProcess {
    return new ServerProcess(options);
  }

  /** @throws when it ends before it listens, with what it said */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    await server.listening();
    return server;
  }

  listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        clearTimeout(timer);
        this.child.kill('SIGKILL');
        reject(new Error(`${reason}: ${this.stdout}${this.stderr}`));
      };
      const timer = setTimeout(() => fail(`not listening after ${START_TIME_MS} ms`), START_TIME_MS);
      const look = () => {
        const found = /\bTCP\b[^\n]*?(?:127\.0\.0\.1|\[::1?\]|0\.0\.0\.0):(\d+)[^\n]*\n/.exec(this.stdout);
        if (!found) return;
        clearTimeout(timer);
        this.child.stdout?.off('data', look);
        this.port = Number(found[1]);
        resolve();
      };
      this.child.stdout?.on('data', look);
      void this.ended.then(({ code, signal }) => fail(`the server ended (${code ?? signal})`), reject);
      look();
    });
  }

  /** What it says and how it ends when it cannot start. */
  async refusal(): Promise<Ended & { readonly text: string }> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), START_TIME_MS);
    const ended = await this.ended;
    clearTimeout(timer);
    return { ...ended, text: this.stdout + this.stderr };
  }

  /** Waits until its log has said so. */
  async logged(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.stderr), { what: `logged ${pattern}`, said: () => this.stderr });
  }

  connect(options: Partial<TcpClientOptions> = {}): Promise<TcpClient> {
    return TcpClient.connect({ host: '127.0.0.1', port: this.port, ...options });
  }

  /** `kill -9`: nothing in the process gets a chance to tidy up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIME_MS);
    this.child.kill(signal);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }
}

export interface Ends {
  after(task: () => unknown): void;
}

/** A running server that is stopped, if need be killed, when the test ends. */
export async function runServer(t: Ends, options: ServerOptions): Promise<ServerProcess> {
  const server = await ServerProcess.start(options);
  t.after(() => server.kill());
  return server;
}
