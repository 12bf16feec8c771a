import type { JournalReader } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';

/** A client that was away for a moment has missed few: these are found by one read. */
const RECENT = 64;

/**
 * Finds a user's last entry among the first `size` entries of the log. Reads one page where that is recent, else one entry
 * for each halving of the user's entries.
 * @returns its version; 0: there is none
 */
export async function versionAt(
  store: Pick<JournalReader, 'readUserJournal'>,
  userId: UserId,
  size: number,
): Promise<number> {
  // An entry without a position yet (0) comes after all that have one.
  const isAmong = ({ position }: { readonly position: number }) => position > 0 && position <= size;
  const recent = await store.readUserJournal(userId, { below: Number.POSITIVE_INFINITY, limit: RECENT });
  const found = recent.find(isAmong);
  if (found) return found.version;
  if (recent.length < RECENT) return 0;
  let [among, beyond] = [0, recent.at(-1)?.version ?? 0];
  while (beyond - among > 1) {
    const middle = Math.floor((among + beyond) / 2);
    const [entry] = await store.readUserJournal(userId, { below: middle + 1, limit: 1 });
    if (entry?.version === middle && isAmong(entry)) among = middle;
    else if (entry === undefined || entry.version < middle) among = middle;
    else beyond = middle;
  }
  return among;
}
