import { parseCheckpoint } from '../../domain/log/checkpoint.ts';
import { parseNote } from '../../domain/log/signed-note.ts';
import { text } from '../../language/text.ts';
import type { LogReader } from '../../ports/log-store.ts';
import { type CheckpointFault, checkpointFault } from './checkpoint-fault.ts';
import type { PinnedCheckpoint } from './pinned-checkpoint.ts';
import { RebuiltLog } from './rebuilt-log.ts';

const PAGE = 1_024;

/**
 * Builds the tree over a store's sealed entries anew, and compares it with the store's last checkpoint and with those that
 * were kept outside. Does NOT verify the entries, nor the signature of the store's own checkpoint.
 */
export async function verifyStoredLog(
  log: LogReader,
  pins: readonly PinnedCheckpoint[],
): Promise<CheckpointFault | undefined> {
  const last = await log.lastCheckpoint();
  const checkpoint = last && parseCheckpoint(parseNote(last.note)?.text ?? '');
  if (last && !checkpoint) {
    const said = text(
      "The store's last checkpoint is damaged: it is no signed note",
      'El último punto de control de la base de datos está dañado: no es una nota firmada',
    );
    return { reason: 'rewritten', index: 0, said };
  }
  const own = checkpoint ? [{ name: OWN_NAME, ...checkpoint }] : [];
  const rebuilt = new RebuiltLog([...own, ...pins]);
  const size = last?.size ?? 0;
  for (;;) {
    const page = await log.readSealed({ from: rebuilt.size, limit: Math.min(PAGE, size - rebuilt.size) });
    for (const { hash } of page) rebuilt.add(hash);
    if (page.length === 0 || rebuilt.size >= size) break;
  }
  return checkpointFault(rebuilt.verdicts(), rebuilt.size, text('the store', 'la base de datos'));
}

const OWN_NAME = "the store's last checkpoint";
