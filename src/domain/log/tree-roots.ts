import { HASH_BYTES, type TreeHasher } from './tree-hasher.ts';
import { type LeafRange, perfectNodes, type TreeNode } from './tree-ranges.ts';

/** Reads the hashes of perfect subtrees, in the order asked. */
export type ReadNodes = (nodes: readonly TreeNode[]) => Promise<readonly Uint8Array[]>;

/** Returns the roots of the ranges, for a proof or for a tree (`{from: 0, to: size}`), reading all nodes in one call. */
export async function rangeRoots(
  hasher: TreeHasher,
  ranges: readonly LeafRange[],
  read: ReadNodes,
): Promise<readonly Uint8Array[]> {
  const split = ranges.map(perfectNodes);
  const hashes = await read(split.flat());
  let next = 0;
  return split.map((nodes) => {
    const own = hashes.slice(next, next + nodes.length);
    next += nodes.length;
    return foldRight(hasher, own);
  });
}

/** Joins perfect subtrees of falling size, left to right, to the root over all of them. */
export function foldRight(hasher: TreeHasher, hashes: readonly Uint8Array[]): Uint8Array {
  let root = hashes.at(-1) ?? hasher.emptyRoot;
  for (let index = hashes.length - 2; index >= 0; index--)
    root = hasher.node(hashes[index] as Uint8Array, root);
  return root;
}

/** Returns the root over packed hashes, whose number is a power of two. */
export function perfectRoot(hasher: TreeHasher, packed: Uint8Array): Uint8Array {
  const level = Uint8Array.from(packed);
  for (let count = packed.length / HASH_BYTES; count > 1; count /= 2) {
    for (let index = 0; index < count / 2; index++) {
      const at = index * 2 * HASH_BYTES;
      const left = level.subarray(at, at + HASH_BYTES);
      level.set(hasher.node(left, level.subarray(at + HASH_BYTES, at + 2 * HASH_BYTES)), index * HASH_BYTES);
    }
  }
  return level.slice(0, HASH_BYTES);
}

/** Returns the root of a tree over all these entries. Reads them at once: for small trees and tests. */
export function treeRoot(hasher: TreeHasher, entries: readonly Uint8Array[]): Uint8Array {
  const leaves = entries.map((entry) => hasher.leaf(entry));
  const roots = perfectNodes({ from: 0, to: leaves.length }).map(({ level, index }) => {
    const width = 2 ** level;
    const packed = new Uint8Array(width * HASH_BYTES);
    for (let leaf = 0; leaf < width; leaf++)
      packed.set(leaves[index * width + leaf] as Uint8Array, leaf * HASH_BYTES);
    return perfectRoot(hasher, packed);
  });
  return foldRight(hasher, roots);
}
