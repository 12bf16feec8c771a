// A real redis-server for tests: started, hung, killed and started again on the same port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from './free-port.ts';

const START_TIME_MS = 10_000;

export interface RedisOptions {
  readonly password?: string;
  /** Certificate and key (PEM files): it then listens by TLS alone. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

/** A real redis-server on a free port of loopback, with nothing on disk. */
export class RedisService {
  readonly port: number;
  readonly #options: RedisOptions;
  readonly #folder: string;
  #child: ChildProcess;

  private constructor(port: number, folder: string, options: RedisOptions) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
    this.#child = this.#spawn();
  }

  static async start(options: RedisOptions = {}): Promise<RedisService> {
    const folder = await mkdtemp(join(tmpdir(), 'sello-redis-'));
    const service = new RedisService(await freePort(), folder, options);
    await service.#ready();
    return service;
  }

  get url(): string {
    const { password, tls } = this.#options;
    return `${tls ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${password}@`}127.0.0.1:${this.port}`;
  }

  /** One command, on a connection of its own. */
  async command(...words: string[]): Promise<unknown> {
    const { password } = this.#options;
    const client = createClient({
      RESP: 2,
      maintNotifications: 'disabled',
      ...(password === undefined ? {} : { password }),
      socket: { host: '127.0.0.1', port: this.port },
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  /** SIGSTOP: it takes connections and bytes, and answers nothing. */
  hang(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** On the same port, with nothing in it. */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#ready();
  }

  async remove(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    const { password, tls } = this.#options;
    const files = tls ? ['--tls-cert-file', tls.certFile, '--tls-key-file', tls.keyFile] : [];
    return spawn(
      'redis-server',
      [
        ...['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#folder],
        ...(tls
          ? ['--port', '0', '--tls-port', `${this.port}`, '--tls-auth-clients', 'no', ...files]
          : ['--port', `${this.port}`]),
        ...(password === undefined ? [] : ['--requirepass', password]),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
  }

  #ready(): Promise<void> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      let said = '';
      const fail = (why: string) => reject(new Error(`redis-server ${why}: ${said}`));
      const timer = setTimeout(() => fail('is not ready'), START_TIME_MS);
      child.once('error', reject);
      child.once('close', () => fail('ended'));
      child.stderr?.resume();
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (!said.includes('Ready to accept connections')) return;
        clearTimeout(timer);
        child.stdout?.removeAllListeners('data').resume();
        resolve();
      });
    });
  }
}
