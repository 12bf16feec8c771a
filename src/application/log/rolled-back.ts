import { parseCheckpoint } from '../../domain/log/checkpoint.ts';
import { parseNote } from '../../domain/log/signed-note.ts';
import { sameHash } from '../../domain/log/tree-hasher.ts';
import type { LogReader } from '../../ports/log-store.ts';
import { TileReader } from './tile-reader.ts';

/** A log that does not continue a checkpoint that this server has seen. */
export interface RolledBack {
  /** Of the checkpoint that was seen. */
  readonly seenSize: number;
  /** Of the log as it is now. */
  readonly size: number;
  /** `shorter`: entries that were sealed are gone. `other`: the entries up to there are not those that were sealed. */
  readonly kind: 'shorter' | 'other';
}

/**
 * Compares a log with a checkpoint that was seen before. Does NOT verify the checkpoint's signature: it was kept by who asks.
 * @returns undefined where the log continues it, or the note is none
 */
export async function findRollback(log: LogReader, seenNote: string): Promise<RolledBack | undefined> {
  const note = parseNote(seenNote);
  const seen = note && parseCheckpoint(note.text);
  if (!seen) return undefined;
  const last = await log.lastCheckpoint();
  const size = last?.size ?? 0;
  if (!last || size < seen.size) return { seenSize: seen.size, size, kind: 'shorter' };
  const [root] = await new TileReader(log, last).roots([{ from: 0, to: seen.size }]);
  return root && sameHash(root, seen.root) ? undefined : { seenSize: seen.size, size, kind: 'other' };
}
