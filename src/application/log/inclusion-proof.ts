import { formatProofFile } from '../../domain/log/proof-file.ts';
import { inclusionRanges } from '../../domain/log/tree-ranges.ts';
import type { LogReader } from '../../ports/log-store.ts';
import { TileReader } from './tile-reader.ts';

/**
 * Proves, in a file that verifies alone (https://c2sp.org/tlog-proof), that an entry is in the log.
 * @returns undefined where the entry is not sealed
 */
export async function inclusionProof(log: LogReader, index: number): Promise<string | undefined> {
  const checkpoint = await log.lastCheckpoint();
  if (!checkpoint || index >= checkpoint.size) return undefined;
  const hashes = await new TileReader(log, checkpoint).roots(inclusionRanges(index, checkpoint.size));
  return formatProofFile({ index, hashes, checkpoint: checkpoint.note });
}
