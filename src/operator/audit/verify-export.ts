import {
  type JournalFault,
  type JournalVerdict,
  type UnverifiedEntry,
  verifyJournal,
} from '../../application/journal/verify-journal.ts';
import { text } from '../../language/text.ts';
import { type CheckpointFault, checkpointFault } from './checkpoint-fault.ts';
import type { PinnedCheckpoint } from './pinned-checkpoint.ts';
import { RebuiltLog } from './rebuilt-log.ts';
import { type OnProgress, PROGRESS_ENTRIES } from './stored-journal.ts';

export interface ExportVerdict extends JournalVerdict {
  /** Entries with an index. */
  readonly sealed: number;
  /** How many of them the last checkpoint that was given covers. */
  readonly covered: number;
  readonly checkpointFault: CheckpointFault | undefined;
}

/**
 * Verifies an export, and checkpoints against it: each entry, the dense order of their indexes, and that the tree over their
 * hashes is the one that each checkpoint signs. An export of one user has gaps and no tree, so it fits no checkpoint.
 * Constant memory but for a hundred bytes a user.
 *
 * Does NOT find lines that are missing at the end where no checkpoint covers them.
 */
export async function verifyExport(
  entries: AsyncIterable<UnverifiedEntry & { readonly index?: number }>,
  pins: readonly PinnedCheckpoint[],
  onProgress: OnProgress = () => undefined,
): Promise<ExportVerdict> {
  const log = new RebuiltLog(pins);
  let gap: JournalFault | undefined;
  let last = -1;
  let unsealed = 0;
  let index: number | undefined;
  async function* tracked(): AsyncGenerator<UnverifiedEntry> {
    for await (const entry of entries) {
      index = entry.index;
      yield entry;
    }
  }
  const place = (entry: number, user: string, version: number, hash: string) => {
    if (index === undefined) {
      unsealed++;
      return;
    }
    const isNext = index === last + 1 && unsealed === 0;
    if (!isNext && !gap) {
      const expected = unsealed > 0 ? 'no index, for the entries before it have none' : `index ${last + 1}`;
      gap = {
        ...{ entry, user, version },
        ...{ reason: 'index_unexpected', detail: `expected ${expected}, found ${index}` },
      };
    }
    last = Math.max(last, index);
    log.add(hash);
  };
  const verdict = await verifyJournal(
    tracked(),
    undefined,
    ({ entry, body, hash }) => {
      if (entry % PROGRESS_ENTRIES === 0) onProgress(entry);
      place(entry, body.user, body.version, hash);
    },
    ({ entry, hash }) => place(entry, '', 0, hash),
  );
  const size = log.size;
  const common = { sealed: size, covered: Math.max(0, ...pins.map((pin) => pin.size)) };
  if (verdict.fault) return { ...verdict, ...common, checkpointFault: undefined };
  // One user's entries alone have gaps, in rising order.
  if (gap && (verdict.users > 1 || pins.length > 0)) {
    return { ...verdict, ...common, fault: gap, checkpointFault: undefined };
  }
  const found = text('the export', 'el fichero exportado');
  return { ...verdict, ...common, checkpointFault: checkpointFault(log.verdicts(), size, found) };
}
