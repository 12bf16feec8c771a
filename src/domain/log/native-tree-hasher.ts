import { hash } from 'node:crypto';
import { treeHasher } from './tree-hasher.ts';

/** The tree hasher of the server, with Node's SHA-256. */
export const nativeTreeHasher = treeHasher((bytes) => hash('sha256', bytes, 'buffer'));
