import { setImmediate } from 'node:timers/promises';
import { formatExportLine, parseExportLine } from '../../domain/journal/export-line.ts';
import { LIMITS } from '../../limits.ts';
import { BUNDLE_ENTRIES } from '../../ports/journal-archive.ts';
import type { UserId } from '../../ports/store.ts';
import { type ArchiveParts, checkFile } from './archive-journal.ts';

/**
 * Takes away what is left of an erased user: the bodies of their entries in the store, their terms in the index, and the bodies in the files of the archive, which
 * are written anew without them. What a crash interrupts is done again. Only under the lease of the archive.
 * @throws ArchiveIncomplete where a file that holds some is not here
 */
export async function finishErasure(parts: ArchiveParts, userId: UserId, signal: AbortSignal): Promise<void> {
  const { store, archive } = parts;
  const indexes = new Set<number>();
  for (let below = Number.MAX_SAFE_INTEGER; below > 1; ) {
    signal.throwIfAborted();
    const emptied = await store.retention.eraseBodies({ userId, below, limit: LIMITS.bodiesEmptiedPerTurn });
    for (const index of emptied.indexes) indexes.add(index);
    below = emptied.lowest;
    await setImmediate();
  }
  await store.search.forgetEntries({ userId, positions: [...indexes].map((index) => index + 1) });
  const { archived } = await store.retention.readRetention();
  const old = [...indexes].filter((index) => index < archived);
  const files = await archive.files();
  const holds = (index: number) => files.some(({ first, end }) => first <= index && index < end);
  if (!old.every(holds)) {
    throw new ArchiveIncomplete(
      `files of the archive are not in ${archive.place}: what they hold of an erased user is still there`,
    );
  }
  for (const file of files) {
    signal.throwIfAborted();
    if (!old.some((index) => file.first <= index && index < file.end)) continue;
    await archive.write(file, withoutBodies(parts, file, indexes));
    await checkFile(parts, file);
  }
  await store.retention.finishErasure(userId);
}

/** Thrown where files of the archive are elsewhere. */
export class ArchiveIncomplete extends Error {
  override name = 'ArchiveIncomplete';
}

async function* withoutBodies(
  { archive }: ArchiveParts,
  file: Parameters<ArchiveParts['archive']['read']>[0],
  indexes: ReadonlySet<number>,
) {
  let first = file.first;
  for await (const lines of archive.read(file)) {
    yield lines.map((line, place) => {
      const entry = indexes.has(first + place) ? parseExportLine(line) : undefined;
      return entry ? formatExportLine({ ...entry, body: null }) : line;
    });
    first += BUNDLE_ENTRIES;
    await setImmediate();
  }
}
