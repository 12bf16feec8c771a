import { TILE_WIDTH, tilePath, tileWidth } from '../../../src/domain/log/tiles.ts';
import { appendEntries, EMPTY_EDGE, edgeRoot, type TreeEdge } from '../../../src/domain/log/tree-edge.ts';
import { HASH_BYTES, sameHash } from '../../../src/domain/log/tree-hasher.ts';
import { pageTreeHasher } from './hashing.ts';
import { type CheckpointVerdict, verifyCheckpoint } from './verify-checkpoint.ts';

/** An entry of a bundle: its length in 16 bits, then its 32 bytes. */
const ENTRY_BYTES = 2 + HASH_BYTES;
const FETCHED_AT_ONCE = 8;

export type LogVerdict =
  | {
      readonly valid: true;
      readonly size: number;
      readonly root: string;
      readonly witnesses: readonly string[];
    }
  | {
      readonly valid: false;
      readonly why: 'root' | 'tile' | Extract<CheckpointVerdict, { readonly valid: false }>['why'];
      /** The bundle that could not be read, for `tile`. */
      readonly tile?: string;
    };

/** Gets text or bytes of the log by their path under /log/. @throws what a page shows as a failure */
export interface LogFetcher {
  text(path: string): Promise<string>;
  bytes(path: string): Promise<Uint8Array>;
}

/**
 * Verifies the whole log: the last checkpoint's signature, and that the tree over all entries, built anew from the bundles
 * of entries, has the root that it signs. Does NOT verify bodies, which the log has not: `sello audit verify` does.
 */
export async function verifyLog(
  log: LogFetcher,
  {
    signal,
    progress,
  }: { readonly signal: AbortSignal; readonly progress: (done: number, size: number) => void },
): Promise<LogVerdict> {
  const [keyText, note] = await Promise.all([log.text('vkey'), log.text('checkpoint')]);
  const signed = await verifyCheckpoint(note, keyText);
  if (!signed.valid) return signed;
  const { size, root } = signed.checkpoint;
  let edge: TreeEdge = EMPTY_EDGE;
  while (edge.size < size) {
    signal.throwIfAborted();
    progress(edge.size, size);
    const first = Math.floor(edge.size / TILE_WIDTH);
    const paths = Array.from({ length: FETCHED_AT_ONCE }, (_, count) => first + count)
      .map((number) => ({ level: 'entries' as const, number, width: tileWidth(0, number, size) }))
      .filter(({ width }) => width > 0)
      .map((tile) => ({ ...tile, path: tilePath(tile) }));
    const bundles = await Promise.all(paths.map(({ path }) => log.bytes(path)));
    for (const [place, bundle] of bundles.entries()) {
      const { width = 0, path = '' } = paths[place] ?? {};
      const entries = entriesOf(bundle, width);
      if (!entries) return { valid: false, why: 'tile', tile: path };
      edge = appendEntries(pageTreeHasher, edge, entries).edge;
    }
  }
  progress(size, size);
  const found = edgeRoot(pageTreeHasher, edge);
  if (!sameHash(found, root)) return { valid: false, why: 'root' };
  return { valid: true, size, root: btoa(String.fromCharCode(...root)), witnesses: signed.witnesses };
}

/** @returns the entries packed; undefined where the bundle is damaged */
function entriesOf(bundle: Uint8Array, width: number): Uint8Array | undefined {
  if (bundle.length !== width * ENTRY_BYTES) return undefined;
  const packed = new Uint8Array(width * HASH_BYTES);
  for (let entry = 0; entry < width; entry++) {
    const at = entry * ENTRY_BYTES;
    if (bundle[at] !== 0 || bundle[at + 1] !== HASH_BYTES) return undefined;
    packed.set(bundle.subarray(at + 2, at + ENTRY_BYTES), entry * HASH_BYTES);
  }
  return packed;
}
