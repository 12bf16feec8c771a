import { parentPort } from 'node:worker_threads';
import { nativeTreeHasher } from '../../domain/log/native-tree-hasher.ts';
import { appendEntries, edgeRoot } from '../../domain/log/tree-edge.ts';
import type { HashingAnswer, HashingRequest } from './hashing-thread.ts';

/* The thread that hashes what is sealed at full speed. */

parentPort?.on('message', ({ id, edge, entries }: HashingRequest) => {
  const { edge: next, full } = appendEntries(nativeTreeHasher, edge, entries);
  const answer: HashingAnswer = { id, edge: next, full, root: edgeRoot(nativeTreeHasher, next) };
  parentPort?.postMessage(answer);
});
