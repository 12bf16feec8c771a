import { Worker } from 'node:worker_threads';
import { PinRefused, StartRefused, VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { HsmAddress } from './pkcs11-uri.ts';
import type { Answer, Call, OperationName, Operations, ThreadSettings } from './thread-messages.ts';

export interface HsmThreadOptions {
  readonly address: HsmAddress;
  readonly pin: string;
  /** How many users' keys lie unwrapped inside the HSM. */
  readonly sessionKeysMax: number;
  /** A single call to the HSM that takes longer is taken for hung. */
  readonly callTimeMs: number;
  /** Told when the HSM is lost, hangs, and works again; never a secret. */
  readonly observe: (event: HsmEvent, reason: string) => void;
}

export type HsmEvent = 'lost' | 'hung' | 'healed';

interface Pending {
  readonly name: OperationName;
  readonly items: number;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

const WATCH_MS = 100;

/** How many threads are in each library, by its path. */
const users = new Map<string, Int32Array<SharedArrayBuffer>>();
/** Threads that hang inside a library. They cannot be ended, nor joined when the process ends. */
const stuck = new Set<Worker>();
process.on('exit', () => {
  if (stuck.size > 0) process.kill(process.pid, 'SIGKILL');
});

/**
 * The thread that calls the HSM, as the rest of the process sees it: calls wait in a bounded line, one that hangs is
 * given up with its thread, and a thread that ended is started anew at the next call.
 */
export class HsmThread {
  readonly #options: HsmThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #progress = new Int32Array(new SharedArrayBuffer(4));
  #watch: NodeJS.Timeout | undefined;
  #progressSeen = 0;
  #ticksWithout = 0;
  #items = 0;
  #lastId = 0;
  #hungs = 0;
  #startableAt = 0;
  #pinRefusal: string | undefined;
  #lost = false;
  #closing: Promise<void> | undefined;

  constructor(options: HsmThreadOptions) {
    this.#options = options;
  }

  /**
   * Has the thread do something.
   * @param items how many keys or messages it is about, for the bound of the line
   * @param transfer memory that moves to the thread
   * @throws VaultUnavailable when the HSM fails, hangs or refuses the PIN, the line is full, or this is closed
   * @throws StartRefused, only of `probe` and `open`; PinRefused of `open`
   */
  call<Name extends OperationName>(
    name: Name,
    given: Operations[Name]['given'],
    items = 1,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Operations[Name]['result']> {
    if (this.#closing) return Promise.reject(new VaultUnavailable('the key vault is closed'));
    return this.#send(name, given, items, transfer);
  }

  /** Closes the HSM's sessions and ends the thread; a hung one is left behind. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    try {
      await this.#send('close', {}, 0, []);
      worker.ref();
      await ended;
    } catch {
      // It hung or ended: there is nothing more to close.
      void worker.terminate();
    }
    this.#worker = undefined;
  }

  #send<Name extends OperationName>(
    name: Name,
    given: Operations[Name]['given'],
    items: number,
    transfer: readonly ArrayBuffer[],
  ): Promise<Operations[Name]['result']> {
    if (this.#pinRefusal !== undefined && name !== 'close')
      return Promise.reject(new VaultUnavailable(this.#pinRefusal));
    if (this.#items + items > LIMITS.hsmQueueItemsMax || this.#pending.size >= LIMITS.hsmQueueCallsMax) {
      return Promise.reject(
        new VaultUnavailable('the line to the HSM is full: it is slower than what is asked of it'),
      );
    }
    const worker = this.#worker ?? this.#start();
    if (!worker) return Promise.reject(new VaultUnavailable('the HSM hangs; it is tried again in a moment'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { name, items, resolve, reject });
      this.#items += items;
      if (this.#pending.size === 1) this.#beginWatch(worker);
      worker.postMessage({ id, name, given } satisfies Call<Name>, transfer);
    });
  }

  #start(): Worker | undefined {
    if (stuck.size >= LIMITS.hsmStuckThreadsMax || performance.now() < this.#startableAt) return undefined;
    const { address, pin, sessionKeysMax } = this.#options;
    this.#progress = new Int32Array(new SharedArrayBuffer(4));
    const inLibrary = usersOf(address.modulePath);
    const workerData: ThreadSettings = {
      address,
      pin,
      sessionKeysMax,
      progress: this.#progress,
      libraryUsers: inLibrary,
    };
    Atomics.add(inLibrary, 0, 1);
    const worker = new Worker(new URL('./hsm-worker.ts', import.meta.url), {
      workerData,
      name: 'hsm',
      // Not those of the process: some are for a main thread only.
      execArgv: [],
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#settle(worker, answer));
    const ended = (reason: string) => {
      stuck.delete(worker);
      if (this.#worker === worker) this.#giveUp(`the thread that calls the HSM ended: ${reason}`);
    };
    worker.on('error', (error) => ended(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => {
      Atomics.sub(inLibrary, 0, 1);
      ended(`code ${code}`);
    });
    this.#worker = worker;
    return worker;
  }

  #settle(worker: Worker, answer: Answer): void {
    if (worker !== this.#worker) return;
    this.#ticksWithout = 0;
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    this.#pending.delete(answer.id);
    this.#items -= pending.items;
    if (this.#pending.size === 0) this.#endWatch();
    if ('result' in answer) {
      this.#hungs = 0;
      if (this.#lost || answer.healed) this.#report('healed', 'it answers again');
      pending.resolve(answer.result as never);
    } else pending.reject(this.#errorOf(answer, pending.name));
  }

  #errorOf({ failure, message }: Extract<Answer, { failure: string }>, name: OperationName): Error {
    switch (failure) {
      case 'range':
        return new RangeError(message);
      case 'start':
        return name === 'open' || name === 'probe' ? new StartRefused(message) : this.#unavailable(message);
      case 'pin':
        this.#pinRefusal = message;
        return name === 'open' ? new PinRefused(message) : this.#unavailable(message);
      case 'down':
        return this.#unavailable(message);
      case 'defect':
        return new Error(message);
    }
  }

  #unavailable(message: string): VaultUnavailable {
    if (!this.#lost) this.#report('lost', message);
    return new VaultUnavailable(message);
  }

  #report(event: HsmEvent, reason: string): void {
    this.#lost = event !== 'healed';
    this.#options.observe(event, reason);
  }

  #beginWatch(worker: Worker): void {
    // While something is awaited the process stays; an idle thread does not hold it.
    worker.ref();
    this.#ticksWithout = 0;
    this.#watch = setInterval(() => this.#look(worker), WATCH_MS);
  }

  #endWatch(): void {
    clearInterval(this.#watch);
    this.#worker?.unref();
  }

  /** Ticks are counted, not the clock: a process that was stopped, or a busy event loop, is no hung HSM. */
  #look(worker: Worker): void {
    const progress = Atomics.load(this.#progress, 0);
    if (progress !== this.#progressSeen) {
      this.#progressSeen = progress;
      this.#ticksWithout = 0;
      return;
    }
    if (++this.#ticksWithout * WATCH_MS < this.#options.callTimeMs) return;
    // It ends when its call returns, if ever.
    stuck.add(worker);
    void worker.terminate();
    worker.unref();
    this.#hungs++;
    this.#startableAt = performance.now() + Math.min(this.#hungs, 30) * LIMITS.hsmReopenMs;
    this.#giveUp(`the HSM hangs: a call has not returned for ${this.#options.callTimeMs} ms`, 'hung');
  }

  #giveUp(reason: string, event: HsmEvent = 'lost'): void {
    this.#endWatch();
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#items = 0;
    if (!this.#closing) this.#report(event, reason);
    for (const { reject } of pending) reject(new VaultUnavailable(reason));
  }
}

function usersOf(modulePath: string): Int32Array<SharedArrayBuffer> {
  const counted = users.get(modulePath) ?? new Int32Array(new SharedArrayBuffer(4));
  users.set(modulePath, counted);
  return counted;
}
