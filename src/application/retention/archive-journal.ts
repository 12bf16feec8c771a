import { setImmediate } from 'node:timers/promises';
import { formatExportLine, parseExportLine } from '../../domain/journal/export-line.ts';
import { chainHash } from '../../domain/journal/hash-chain.ts';
import { LIMITS } from '../../limits.ts';
import { type ArchiveFile, BUNDLE_ENTRIES, type JournalArchive } from '../../ports/journal-archive.ts';
import type { HeldLease } from '../../ports/lease.ts';
import type { Store } from '../../ports/store.ts';

const HASH_BYTES = 32;

export interface ArchiveParts {
  readonly store: Pick<Store, 'log' | 'retention' | 'search'>;
  readonly archive: JournalArchive;
}

/** Thrown when a file of the archive is not what the log's tiles say. Nothing is pruned then. */
export class ArchiveContradicted extends Error {
  override name = 'ArchiveContradicted';
}

/**
 * Writes the oldest sealed entries that are not archived yet to a file, checks the file against the log's tiles as it was
 * read back, and records it. Whole tiles alone are archived. Bodies stay in the store until `pruneArchived`.
 * @param before entries of this time (ms) or later are left
 * @param entriesMin a shorter file is not written
 * @returns undefined where too few entries are that old, or another process has the lease
 */
export async function archiveNext(
  parts: ArchiveParts,
  lease: HeldLease,
  { before, now, entriesMin }: { readonly before: number; readonly now: number; readonly entriesMin: number },
): Promise<ArchiveFile | undefined> {
  const { store, archive } = parts;
  const { archived: first } = await store.retention.readRetention();
  const unrecorded = (await archive.files()).find((file) => file.end > first);
  const size = await store.log.sealedSize();
  if (unrecorded && (unrecorded.first !== first || unrecorded.end > size)) {
    throw new ArchiveContradicted(
      `${unrecorded.name} of the archive goes beyond what this database has archived (${first} entries): it is of another database, or of this one before it was rolled back; move it elsewhere. Nothing was archived`,
    );
  }
  // A file that was written and not recorded, by a process that ended meanwhile, is written once more.
  const end = unrecorded?.end ?? (await endOfOld(parts, first, before));
  if (end - first < Math.max(entriesMin, BUNDLE_ENTRIES)) return undefined;
  const file = await archive.write({ first, end }, bundlesOf(parts, first, end));
  await checkFile(parts, file);
  const recorded = await store.retention.setArchived({ lease, expected: first, archived: end, at: now });
  return recorded ? file : undefined;
}

/**
 * Empties the bodies of all archived entries, a slice at a time.
 * @returns whether all are pruned; false: another process has the lease
 */
export async function pruneArchived(
  { store }: ArchiveParts,
  lease: () => Promise<HeldLease | undefined>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let last = -1; !signal.aborted; ) {
    const held = await lease();
    const slice = { limit: LIMITS.bodiesEmptiedPerTurn };
    const pruned = held && (await store.retention.pruneBodies({ lease: held, ...slice }));
    if (pruned === undefined) return false;
    if (pruned === last) return true;
    last = pruned;
    await setImmediate();
  }
  return false;
}

/**
 * Checks a file against the log: each line is of its index, its hash is the one that the tile has, and covers its body.
 * Does NOT check that a body that is null was erased.
 * @throws ArchiveContradicted, ArchiveUnreadable
 */
export async function checkFile({ store, archive }: ArchiveParts, file: ArchiveFile): Promise<void> {
  let index = file.first;
  for await (const lines of archive.read(file)) {
    const [tile] = await store.log.readFullTiles([{ level: 0, number: index / BUNDLE_ENTRIES }]);
    if (!tile || lines.length !== BUNDLE_ENTRIES) throw contradicted(file, index, 'its bundle is not whole');
    for (const [place, line] of lines.entries()) {
      const entry = parseExportLine(line);
      const hash = Buffer.from(tile.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES)).toString('hex');
      if (entry?.index !== index) throw contradicted(file, index, 'it is not in its place');
      if (entry.hash !== hash) throw contradicted(file, index, 'its hash is not that of the log');
      if (entry.body !== null && chainHash(entry.previous, entry.body) !== hash)
        throw contradicted(file, index, 'its hash does not cover its body');
      index++;
    }
    await setImmediate();
  }
  if (index !== file.end) throw contradicted(file, index, 'the end is missing');
}

/** Where the entries end that are earlier than this time: at a whole tile, and at a file's length at most. */
async function endOfOld({ store }: ArchiveParts, first: number, before: number): Promise<number> {
  const size = Math.min(await store.log.sealedSize(), first + LIMITS.archiveFileEntriesMax);
  let end = first;
  while (end + BUNDLE_ENTRIES <= size) {
    const page = await store.log.readSealed({ from: end, limit: BUNDLE_ENTRIES });
    if (page.length < BUNDLE_ENTRIES || page.some(({ at }) => at >= before)) break;
    end += BUNDLE_ENTRIES;
    await setImmediate();
  }
  return end;
}

async function* bundlesOf({ store }: ArchiveParts, first: number, end: number) {
  const erased = new Set((await store.retention.listErasures()).map(({ userId }) => userId));
  for (let from = first; from < end; from += BUNDLE_ENTRIES) {
    const entries = await store.retention.readLinked({ from, limit: BUNDLE_ENTRIES });
    yield entries.map(({ index, userId, body, previous, hash }) =>
      formatExportLine({ index, body: erased.has(userId) ? null : body, previous, hash }),
    );
    await setImmediate();
  }
}

function contradicted({ name }: ArchiveFile, index: number, reason: string): ArchiveContradicted {
  return new ArchiveContradicted(
    `entry ${index} in ${name} of the archive is not what was sealed: ${reason}; nothing was pruned after it`,
  );
}
