import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The compile cache of src/main.ts. The children also get one malloc arena, as with `npm start`. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/sello', import.meta.url));

/** A process of the benchmark. Requests and answers pass over its IPC channel. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  /** @param module of `processes/` @param options `nodeOptions`: flags of the child's own Node */
  constructor(module: string, options: { readonly nodeOptions?: readonly string[] } = {}) {
    this.#process = fork(new URL(`./${module}.ts`, import.meta.url), {
      execArgv: [...(options.nodeOptions ?? [])],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, MALLOC_ARENA_MAX: '1' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#process.on('message', (message) => this.#take(message as Answer));
    this.#process.on('exit', (code, signal) => this.#lose(`${module} ended by itself (${signal ?? code})`));
    this.#process.on('error', (error) => this.#lose(error.message));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  request<T>(name: string, argument?: unknown): Promise<T> {
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#process.send({ id, name, argument }, (error) => {
        if (error) this.#lose(error.message);
      });
    });
  }

  /** Disconnects, which makes the process end by itself, and waits for it. */
  async end(): Promise<void> {
    if (!this.#isRunning()) return;
    const ended = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await ended;
  }

  async kill(): Promise<void> {
    if (!this.#isRunning()) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  #isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  #take({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  #lose(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** The child's side: answers requests, and exits when the benchmark disconnects. */
export function answerRequests(
  handlers: Readonly<Record<string, (argument: never) => unknown>>,
  onEnd: () => Promise<void> | void = () => undefined,
): void {
  process.on('message', async ({ id, name, argument }: { id: number; name: string; argument: never }) => {
    try {
      process.send?.({ id, value: await handlers[name]?.(argument) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', async () => {
    await onEnd();
    process.exit();
  });
}
