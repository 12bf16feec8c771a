import type { Worker } from 'node:worker_threads';

/** The number of this process's threads inside each PKCS#11 library, by its path. Shared with the threads. */
const usersByLibrary = new Map<string, Int32Array<SharedArrayBuffer>>();

/** Threads that hang inside a library. They can be neither ended nor joined, so they would keep the process from exiting. */
const hungThreads = new Set<Worker>();
process.on('exit', () => {
  if (hungThreads.size > 0) process.kill(process.pid, 'SIGKILL');
});

/** Returns the counter of the threads inside a library. */
export function libraryUsers(modulePath: string): Int32Array<SharedArrayBuffer> {
  const users = usersByLibrary.get(modulePath) ?? new Int32Array(new SharedArrayBuffer(4));
  usersByLibrary.set(modulePath, users);
  return users;
}

export function hungThreadCount(): number {
  return hungThreads.size;
}

/** Gives a hung thread up: it ends when its call to the HSM returns, if ever. */
export function abandonThread(worker: Worker): void {
  hungThreads.add(worker);
  void worker.terminate();
  worker.unref();
}

export function threadEnded(worker: Worker): void {
  hungThreads.delete(worker);
}
