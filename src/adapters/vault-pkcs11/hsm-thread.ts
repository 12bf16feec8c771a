import { Worker } from 'node:worker_threads';
import { PinRefused, StartRefused, VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { CallWatchdog } from './call-watchdog.ts';
import { abandonThread, hungThreadCount, libraryUsers, threadEnded } from './library-threads.ts';
import type { HsmAddress } from './pkcs11-uri.ts';
import type { Answer, Call, OperationName, Operations, ThreadSettings } from './thread-messages.ts';

export interface HsmThreadOptions {
  readonly address: HsmAddress;
  readonly pin: string;
  /** Users' keys kept unwrapped as session objects. */
  readonly sessionKeysMax: number;
  /** A single call to the HSM that takes longer counts as hung. */
  readonly callTimeMs: number;
  /** Called when the HSM is lost, hangs, or works again. `reason` never contains a secret. */
  readonly observe: (event: HsmEvent, reason: string) => void;
}

export type HsmEvent = 'lost' | 'hung' | 'healed';

interface Pending {
  readonly name: OperationName;
  readonly items: number;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The main thread's side of the thread that calls the HSM. Calls wait in a bounded queue. When a call hangs, it is
 * abandoned together with its thread, and all pending calls fail. The next call starts a new thread.
 *
 * Why: docs/DECISIONS.md#one-thread-and-synchronous-hsm-calls
 */
export class HsmThread {
  readonly #options: HsmThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  readonly #watchdog: CallWatchdog;
  #progress = new Int32Array(new SharedArrayBuffer(4));
  #items = 0;
  #lastId = 0;
  #hungInARow = 0;
  /** `performance.now()` before which no new thread is started. */
  #startableAt = 0;
  #pinRefusal: string | undefined;
  #lost = false;
  #closing: Promise<void> | undefined;

  constructor(options: HsmThreadOptions) {
    this.#options = options;
    this.#watchdog = new CallWatchdog(options.callTimeMs, () => this.#abandonHung());
  }

  /**
   * Calls an operation of the thread.
   * @param items number of keys or messages, which the queue bounds
   * @param transfer memory that moves to the thread
   * @throws VaultUnavailable when the HSM fails, hangs or refuses the PIN, the queue is full, or this is closed
   * @throws StartRefused from `probe` and `open` only; PinRefused from `open` only
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

  /** Closes the HSM's sessions and ends the thread. A hung thread is left behind. */
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
      // The thread hung or ended: nothing is left to close.
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
      if (this.#pending.size === 1) this.#beginWaiting(worker);
      worker.postMessage({ id, name, given } satisfies Call<Name>, transfer);
    });
  }

  #start(): Worker | undefined {
    if (hungThreadCount() >= LIMITS.hsmHungThreadsMax || performance.now() < this.#startableAt)
      return undefined;
    const { address, pin, sessionKeysMax } = this.#options;
    this.#progress = new Int32Array(new SharedArrayBuffer(4));
    const users = libraryUsers(address.modulePath);
    const workerData: ThreadSettings = {
      address,
      pin,
      sessionKeysMax,
      progress: this.#progress,
      libraryUsers: users,
    };
    Atomics.add(users, 0, 1);
    const worker = new Worker(new URL('./hsm-worker.ts', import.meta.url), {
      workerData,
      name: 'hsm',
      // Not the process's own flags: some are for the main thread only.
      execArgv: [],
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#settle(worker, answer));
    const ended = (reason: string) => {
      threadEnded(worker);
      if (this.#worker === worker) this.#giveUp(`the thread that calls the HSM ended: ${reason}`);
    };
    worker.on('error', (error) => ended(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => {
      Atomics.sub(users, 0, 1);
      ended(`code ${code}`);
    });
    this.#worker = worker;
    return worker;
  }

  #settle(worker: Worker, answer: Answer): void {
    if (worker !== this.#worker) return;
    this.#watchdog.answered();
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    this.#pending.delete(answer.id);
    this.#items -= pending.items;
    if (this.#pending.size === 0) this.#endWaiting();
    if ('result' in answer) {
      this.#hungInARow = 0;
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

  #beginWaiting(worker: Worker): void {
    // A pending call keeps the process alive; an idle thread does not.
    worker.ref();
    this.#watchdog.start(this.#progress);
  }

  #endWaiting(): void {
    this.#watchdog.stop();
    this.#worker?.unref();
  }

  #abandonHung(): void {
    if (this.#worker) abandonThread(this.#worker);
    this.#hungInARow++;
    this.#startableAt = performance.now() + Math.min(this.#hungInARow, 30) * LIMITS.hsmReopenMs;
    this.#giveUp(`the HSM hangs: a call has not returned for ${this.#options.callTimeMs} ms`, 'hung');
  }

  #giveUp(reason: string, event: HsmEvent = 'lost'): void {
    this.#endWaiting();
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#items = 0;
    if (!this.#closing) this.#report(event, reason);
    for (const { reject } of pending) reject(new VaultUnavailable(reason));
  }
}
