import { setImmediate } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { LogReader } from '../../ports/log-store.ts';
import type { UserId } from '../../ports/store.ts';
import { timeOfId, viewOfEntry } from '../transactions/transaction-view.ts';

const PAGE = 256;
/** How much later than its time an entry may be sealed. */
const SEALED_LATE_MS = 10_000;

/**
 * Finds whose transaction this is, by the time in its id: in the sealed entries of about that time, a bounded number of
 * them. They are in the order of time but for the differences of servers' clocks.
 * @returns `not_yet` where entries of that time may still be sealed; undefined where none has that id
 */
export async function findSealedTransaction(
  log: LogReader,
  id: string,
): Promise<UserId | 'not_yet' | undefined> {
  const at = timeOfId(id);
  const last = await log.lastCheckpoint();
  if (at === undefined) return undefined;
  if (!last) return 'not_yet';
  const near = await firstIndexAt(log, last.size, at);
  const from = Math.max(0, near - LIMITS.logSearchEntriesMax / 2);
  for (let index = from; index < Math.min(last.size, from + LIMITS.logSearchEntriesMax); index += PAGE) {
    for (const entry of await log.readSealed({ from: index, limit: PAGE })) {
      if (entry.body.includes(id) && viewOfEntry({ ...entry, position: entry.index + 1 })?.id === id)
        return entry.userId;
    }
    await setImmediate();
  }
  return at > last.at - SEALED_LATE_MS ? 'not_yet' : undefined;
}

/** The first sealed entry that is not earlier, if times never decrease. */
async function firstIndexAt(log: LogReader, size: number, at: number): Promise<number> {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await log.readSealed({ from: middle, limit: 1 });
    if (entry && entry.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
