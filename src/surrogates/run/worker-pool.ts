import { Worker } from 'node:worker_threads';
import type { FromWorker, Task, TaskResult, ToWorker, WorkerSetup } from './task.ts';

export interface PoolEvents {
  /** The next task, or `undefined` while none may begin. */
  readonly next: () => Task | undefined;
  readonly onResult: (result: TaskResult) => void;
  readonly onWritten: (id: number) => void;
  readonly onRead: (bytes: number) => void;
  readonly onBroken: (error: Error) => void;
}

/** A worker has its next task before it has told the result of the last, so it never waits for the coordinator. */
const TASKS_PER_WORKER = 2;

/** Worker threads that transform parts of inputs. */
export class WorkerPool {
  readonly #workers: Worker[] = [];
  readonly #busy = new Map<Worker, number>();
  /** Which worker holds the output of a task. */
  readonly #holders = new Map<number, Worker>();
  readonly #events: PoolEvents;

  constructor(count: number, setup: WorkerSetup, events: PoolEvents) {
    this.#events = events;
    for (let i = 0; i < count; i++) {
      const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: setup });
      worker.on('message', (message: FromWorker) => this.#handle(worker, message));
      worker.on('error', (error) =>
        events.onBroken(error instanceof Error ? error : new Error(String(error))),
      );
      this.#workers.push(worker);
      this.#busy.set(worker, 0);
    }
  }

  /** Gives tasks to workers that have none to do. */
  fill(): void {
    for (let round = 1; round <= TASKS_PER_WORKER; round++)
      for (const worker of this.#workers) {
        if ((this.#busy.get(worker) ?? 0) >= round) continue;
        const task = this.#events.next();
        if (!task) return;
        this.#busy.set(worker, (this.#busy.get(worker) ?? 0) + 1);
        this.#holders.set(task.id, worker);
        this.#send(worker, { task });
      }
  }

  /** Has the output of a task written at its place. */
  write(id: number, position: number): void {
    const worker = this.#holders.get(id);
    this.#holders.delete(id);
    if (worker) this.#send(worker, { write: id, position });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #send(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }

  #handle(worker: Worker, message: FromWorker): void {
    if ('read' in message) this.#events.onRead(message.read);
    else if ('broken' in message)
      this.#events.onBroken(Object.assign(new Error(message.broken.message), { code: message.broken.code }));
    else if ('written' in message) this.#events.onWritten(message.written);
    else {
      this.#busy.set(worker, (this.#busy.get(worker) ?? 0) - 1);
      this.#events.onResult(message.result);
    }
    this.fill();
  }
}
