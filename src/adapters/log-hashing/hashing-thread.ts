import { Worker } from 'node:worker_threads';
import { nativeTreeHasher } from '../../domain/log/native-tree-hasher.ts';
import { type Appended, appendEntries, edgeRoot, type TreeEdge } from '../../domain/log/tree-edge.ts';
import { HASH_BYTES } from '../../domain/log/tree-hasher.ts';
import type { TreeAppender } from '../../ports/tree-appender.ts';

export interface HashingRequest {
  readonly id: number;
  readonly edge: TreeEdge;
  readonly entries: Uint8Array;
}
export type HashingAnswer = Appended & { readonly id: number; readonly root: Uint8Array };
type Hashed = Appended & { readonly root: Uint8Array };

/** Fewer entries than this take about a millisecond: less than it takes to hand them to a thread and back. */
const INLINE_ENTRIES_MAX = 256;

/**
 * Hashes a few entries at once, and many in a thread of its own, which is started when it is needed first.
 *
 * Why: docs/DECISIONS.md#hashing-is-in-a-thread-from-memory
 */
export class HashingThread implements TreeAppender {
  #worker: Worker | undefined;
  readonly #pending = new Map<number, PromiseWithResolvers<Hashed>>();
  #lastId = 0;

  async append(edge: TreeEdge, entries: Uint8Array): Promise<Hashed> {
    if (entries.length <= INLINE_ENTRIES_MAX * HASH_BYTES) {
      const appended = appendEntries(nativeTreeHasher, edge, entries);
      return { ...appended, root: edgeRoot(nativeTreeHasher, appended.edge) };
    }
    const worker = this.#start();
    const id = ++this.#lastId;
    const pending = Promise.withResolvers<Hashed>();
    this.#pending.set(id, pending);
    const own = Uint8Array.from(entries);
    const request: HashingRequest = { id, edge, entries: own };
    // The thread keeps the process alive only while it is waited for.
    worker.ref();
    worker.postMessage(request, [own.buffer]);
    return pending.promise;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./hashing-worker.ts', import.meta.url), {
      name: 'log-hashing',
      // Not the process's own flags: some are for the main thread only.
      execArgv: [],
    });
    worker.unref();
    worker.on('message', ({ id, ...hashed }: HashingAnswer) => {
      this.#pending.get(id)?.resolve(hashed);
      this.#pending.delete(id);
      if (this.#pending.size === 0) worker.unref();
    });
    const ended = (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const pending of this.#pending.values()) pending.reject(error);
      this.#pending.clear();
    };
    worker.on('error', ended);
    worker.on('exit', () => ended(new Error('the thread that hashes the log has ended')));
    this.#worker = worker;
    return worker;
  }
}
