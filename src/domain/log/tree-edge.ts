import { TILE_WIDTH } from './tiles.ts';
import { HASH_BYTES, type TreeHasher } from './tree-hasher.ts';
import { perfectNodes } from './tree-ranges.ts';
import { foldRight, perfectRoot } from './tree-roots.ts';

const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/**
 * The right edge of a log: the hashes that are in no full tile yet, which is all that appending needs. At level 0 these
 * are the entries themselves, here hashes of 32 bytes, and not their leaf hashes; above, the hashes of the partial tile.
 *
 * Why: docs/DECISIONS.md#full-tiles-are-stored-and-the-edge-beside-each-checkpoint
 */
export interface TreeEdge {
  readonly size: number;
  /** The partial tiles, lowest level first. How many hashes each has follows from the size. */
  readonly packed: Uint8Array;
}

export const EMPTY_EDGE: TreeEdge = { size: 0, packed: new Uint8Array() };

/** A tile that became full. At level 0 it holds the entries. */
export interface FullTile {
  readonly level: number;
  readonly number: number;
  readonly hashes: Uint8Array;
}

/**
 * Appends entries to a log.
 * @param entries packed, 32 bytes each
 */
export function appendEntries(hasher: TreeHasher, edge: TreeEdge, entries: Uint8Array): Appended {
  const levels = levelsOf(edge).map((packed) => new GrowingTile(packed));
  const full: FullTile[] = [];
  const firstNumbers = levels.map((_, level) => Math.floor(edge.size / TILE_WIDTH ** (level + 1)));
  const add = (level: number, hashes: Uint8Array): void => {
    const tile = levels[level] ?? new GrowingTile(new Uint8Array());
    levels[level] = tile;
    for (const packed of tile.add(hashes)) {
      const number = firstNumbers[level] ?? 0;
      firstNumbers[level] = number + 1;
      full.push({ level, number, hashes: packed });
      add(level + 1, perfectRoot(hasher, level === 0 ? leavesOf(hasher, packed) : packed));
    }
  };
  add(0, entries);
  const size = edge.size + entries.length / HASH_BYTES;
  const parts = levels.map((tile) => tile.hashes);
  const packed = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    packed.set(part, at);
    at += part.length;
  }
  return { edge: { size, packed }, full };
}

export interface Appended {
  readonly edge: TreeEdge;
  readonly full: readonly FullTile[];
}

/** Returns the root of the whole log. */
export function edgeRoot(hasher: TreeHasher, edge: TreeEdge): Uint8Array {
  const roots = levelsOf(edge).map((packed, level) => {
    const hashes = level === 0 ? leavesOf(hasher, packed) : packed;
    return perfectNodes({ from: 0, to: hashes.length / HASH_BYTES }).map((node) => {
      const width = 2 ** node.level * HASH_BYTES;
      return perfectRoot(hasher, hashes.subarray(node.index * width, (node.index + 1) * width));
    });
  });
  return foldRight(hasher, roots.reverse().flat());
}

/** Returns the partial tile of a level; empty where there is none. At level 0: the entries. */
export function partialTile(edge: TreeEdge, level: number): Uint8Array {
  return levelsOf(edge)[level] ?? new Uint8Array();
}

/** Returns the leaf hashes of packed entries. */
export function leavesOf(hasher: TreeHasher, entries: Uint8Array): Uint8Array {
  const leaves = new Uint8Array(entries.length);
  for (let at = 0; at < entries.length; at += HASH_BYTES)
    leaves.set(hasher.leaf(entries.subarray(at, at + HASH_BYTES)), at);
  return leaves;
}

/** @throws RangeError where the edge's length does not fit its size: it is damaged */
function levelsOf({ size, packed }: TreeEdge): Uint8Array[] {
  const levels: Uint8Array[] = [];
  let at = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / TILE_WIDTH)) {
    const bytes = (rest % TILE_WIDTH) * HASH_BYTES;
    levels.push(packed.subarray(at, at + bytes));
    at += bytes;
  }
  if (at !== packed.length) throw new RangeError('the edge of the log does not fit its size');
  return levels;
}

class GrowingTile {
  hashes: Uint8Array;

  constructor(hashes: Uint8Array) {
    this.hashes = hashes;
  }

  /** @returns the tiles that became full */
  add(more: Uint8Array): Uint8Array[] {
    if (more.length % HASH_BYTES !== 0) throw new RangeError('a hash has another length');
    const all = new Uint8Array(this.hashes.length + more.length);
    all.set(this.hashes);
    all.set(more, this.hashes.length);
    const full: Uint8Array[] = [];
    let at = 0;
    for (; all.length - at >= TILE_BYTES; at += TILE_BYTES) full.push(all.slice(at, at + TILE_BYTES));
    this.hashes = all.slice(at);
    return full;
  }
}
