import { sameHash, type TreeHasher } from './tree-hasher.ts';

/**
 * Verifies that a leaf is in a tree (RFC 9162 section 2.1.3.2).
 * @param leaf its leaf hash
 * @param proof from the leaf's sibling upward
 */
export function verifyInclusion(
  hasher: TreeHasher,
  { index, size, leaf, proof, root }: InclusionProof,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = hasher.node(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = node / 2;
        last = Math.floor(last / 2);
      }
    } else hash = hasher.node(hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameHash(hash, root);
}

/** Verifies that a tree begins with all of an older one (RFC 9162 section 2.1.4.2). Every tree begins with the empty one. */
export function verifyConsistency(
  hasher: TreeHasher,
  { older, size, olderRoot, root, proof }: ConsistencyProof,
): boolean {
  if (!Number.isSafeInteger(older) || !Number.isSafeInteger(size) || older < 0 || older > size) return false;
  if (older === size) return proof.length === 0 && sameHash(olderRoot, root);
  if (older === 0) return proof.length === 0 && sameHash(olderRoot, hasher.emptyRoot);
  const path = isPowerOfTwo(older) ? [olderRoot, ...proof] : [...proof];
  const first = path.shift();
  if (!first || proof.length === 0) return false;
  let node = older - 1;
  let last = size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let olderHash = first;
  let hash = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      olderHash = hasher.node(sibling, olderHash);
      hash = hasher.node(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = node / 2;
        last = Math.floor(last / 2);
      }
    } else hash = hasher.node(hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameHash(olderHash, olderRoot) && sameHash(hash, root);
}

export interface InclusionProof {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface ConsistencyProof {
  readonly older: number;
  readonly size: number;
  readonly olderRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

function isPowerOfTwo(count: number): boolean {
  let power = 1;
  while (power < count) power *= 2;
  return power === count;
}
