import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { portLike } from '../docs/machine.ts';
import { type Ends, ServerProcess } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { until } from '../waiting.ts';

/** A real server with the built pages, on the same port at each start. */
export class Sello {
  readonly folder: string;
  readonly origin: string;
  readonly #flags: Readonly<Record<string, string>>;
  readonly #main: string | undefined;
  #process: ServerProcess | undefined;

  constructor(
    folder: string,
    {
      port,
      flags,
      main,
    }: { port: number; flags: Readonly<Record<string, string>>; main: string | undefined },
  ) {
    this.folder = folder;
    // Not 127.0.0.1: the relying party id of a passkey is a domain name.
    this.origin = `http://localhost:${port}`;
    this.#flags = { '--http-port': String(port), ...flags };
    this.#main = main;
  }

  async start(): Promise<void> {
    this.#process = await ServerProcess.start({
      folder: this.folder,
      flags: this.#flags,
      ...(this.#main === undefined ? {} : { main: this.#main }),
    });
  }

  get process(): ServerProcess {
    if (!this.#process) throw new Error('not started');
    return this.#process;
  }

  /** Returns the one-time link for the first administrator, which the first start writes to a file. */
  setUpLink(): Promise<string> {
    return until(
      async () =>
        (await readFile(join(this.folder, 'setup-link'), 'utf8').catch(() => '')).trim() || undefined,
    );
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** Calls the REST API without a browser. @returns status and JSON */
  async ask(
    method: string,
    path: string,
    { body, token, headers = {} }: { body?: object; token?: string; headers?: Record<string, string> } = {},
    // biome-ignore lint/suspicious/noExplicitAny: each test looks into what it asked for
  ): Promise<{ readonly status: number; readonly json: any }> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
  }
}

export interface SelloOptions {
  readonly flags?: Readonly<Record<string, string>>;
  /** Path of another `src/main.ts` than this tree's. */
  readonly main?: string;
}

/** Starts a server and kills it when the test ends. */
export async function runSello(t: Ends, { flags = {}, main }: SelloOptions = {}): Promise<Sello> {
  const sello = new Sello(await temporaryFolder(t), { port: await portLike(0), flags, main });
  await sello.start();
  t.after(() => sello.kill());
  return sello;
}
