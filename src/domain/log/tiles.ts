import type { TreeNode } from './tree-ranges.ts';

/** Hashes of a full tile: 2^8. https://c2sp.org/tlog-tiles */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

/** A tile, or with level `entries` a bundle of entries. */
export interface TileName {
  readonly level: number | 'entries';
  readonly number: number;
  /** `TILE_WIDTH` for a full one. */
  readonly width: number;
}

/** Formats a tile's path, such as `tile/0/x001/234` or `tile/entries/000.p/12`. */
export function tilePath({ level, number, width }: TileName): string {
  const digits = String(number).padStart(3 * Math.ceil(String(number).length / 3), '0');
  const groups = digits.match(/.{3}/g) ?? [];
  const path = groups.map((group, index) => (index < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Parses a tile's path. Exactly one path names a tile: others, such as with more zeros, are refused. */
export function parseTilePath(path: string): TileName | undefined {
  const [, level, groups, width] = PATH.exec(path) ?? [];
  if (level === undefined || groups === undefined) return undefined;
  const name: TileName = {
    level: level === 'entries' ? level : Number(level),
    number: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (name.level !== 'entries' && name.level > 63) return undefined;
  return tilePath(name) === path ? name : undefined;
}

/** Returns how many hashes a tree of `size` has in a tile: 0 where it has none of it. */
export function tileWidth(level: number, number: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level) - number * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashes));
}

/** Where a subtree's root is found: over `2^height` hashes of a tile, from the hash `first` on. */
export interface NodeInTile {
  readonly level: number;
  readonly number: number;
  readonly first: number;
  readonly height: number;
}

export function nodeInTile({ level, index }: TreeNode): NodeInTile {
  const height = level % TILE_HEIGHT;
  const first = index * 2 ** height;
  return {
    level: (level - height) / TILE_HEIGHT,
    number: Math.floor(first / TILE_WIDTH),
    first: first % TILE_WIDTH,
    height,
  };
}
