import { nativeTreeHasher } from '../../domain/log/native-tree-hasher.ts';
import { nodeInTile, TILE_WIDTH, type TileName, tileWidth } from '../../domain/log/tiles.ts';
import { leavesOf, partialTile } from '../../domain/log/tree-edge.ts';
import { HASH_BYTES } from '../../domain/log/tree-hasher.ts';
import type { LeafRange, TreeNode } from '../../domain/log/tree-ranges.ts';
import { perfectRoot, rangeRoots } from '../../domain/log/tree-roots.ts';
import type { LogReader, StoredCheckpoint } from '../../ports/log-store.ts';

const ENTRY_HEAD = Buffer.from([0, HASH_BYTES]);

/** Reads tiles and the roots of subtrees out of the stored log, up to a checkpoint. */
export class TileReader {
  readonly #log: LogReader;
  readonly #checkpoint: StoredCheckpoint;

  constructor(log: LogReader, checkpoint: StoredCheckpoint) {
    this.#log = log;
    this.#checkpoint = checkpoint;
  }

  /** @returns the tile's bytes as https://c2sp.org/tlog-tiles has them; undefined where the log does not reach that far */
  async read({ level, number, width }: TileName): Promise<Uint8Array | undefined> {
    const stored = level === 'entries' ? 0 : level;
    if (width > tileWidth(stored, number, this.#checkpoint.size)) return undefined;
    const [hashes] = await this.#stored([{ level: stored, number }]);
    const wanted = hashes?.subarray(0, width * HASH_BYTES);
    if (!wanted) return undefined;
    if (level === 'entries') return bundle(wanted);
    return level === 0 ? leavesOf(nativeTreeHasher, wanted) : wanted;
  }

  /** The roots over these leaves: a proof's hashes, or a tree's root. */
  roots(ranges: readonly LeafRange[]): Promise<readonly Uint8Array[]> {
    return rangeRoots(nativeTreeHasher, ranges, (nodes) => this.#nodes(nodes));
  }

  async #nodes(nodes: readonly TreeNode[]): Promise<readonly Uint8Array[]> {
    const places = nodes.map(nodeInTile);
    const keys = [...new Set(places.map(({ level, number }) => `${level}/${number}`))];
    const names = keys.map((key) => key.split('/').map(Number) as [number, number]);
    const tiles = await this.#stored(names.map(([level, number]) => ({ level, number })));
    const byKey = new Map(keys.map((key, index) => [key, tiles[index]]));
    return places.map(({ level, number, first, height }) => {
      const tile = byKey.get(`${level}/${number}`);
      const hashes = tile?.subarray(first * HASH_BYTES, (first + 2 ** height) * HASH_BYTES);
      if (hashes?.length !== 2 ** height * HASH_BYTES) throw new Error('the log lacks a tile');
      return perfectRoot(nativeTreeHasher, level === 0 ? leavesOf(nativeTreeHasher, hashes) : hashes);
    });
  }

  /** As they are stored: at level 0 the entries. */
  async #stored(
    tiles: readonly { readonly level: number; readonly number: number }[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const { size, edge } = this.#checkpoint;
    const full = tiles.filter(({ level, number }) => tileWidth(level, number, size) === TILE_WIDTH);
    const read = full.length === 0 ? [] : await this.#log.readFullTiles(full);
    return tiles.map((tile) => {
      const index = full.indexOf(tile);
      if (index >= 0) return read[index];
      return tileWidth(tile.level, tile.number, size) > 0
        ? partialTile({ size, packed: edge }, tile.level)
        : undefined;
    });
  }
}

/** Each entry after its length in 16 bits. */
function bundle(entries: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < entries.length; at += HASH_BYTES)
    parts.push(ENTRY_HEAD, entries.subarray(at, at + HASH_BYTES));
  return Buffer.concat(parts);
}
