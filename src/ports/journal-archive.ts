/** Entries of one bundle: a full tile of the log. Files of the archive begin and end between two bundles. */
export const BUNDLE_ENTRIES = 256;

/**
 * The files that hold the bodies of old entries: lines of a journal export, in bundles of 256 entries.
 *
 * Every method throws `ArchiveUnreadable` where a file is damaged, and the file system's own errors.
 */
export interface JournalArchive extends ArchivedBodies {
  /** Where the files are, for people. */
  readonly place: string;
  /** The files, in order. */
  files(): Promise<readonly ArchiveFile[]>;
  /** Writes a file of these bundles, durable under its name when this resolves. Replaces the one of the same range. */
  write(
    range: { readonly first: number; readonly end: number },
    bundles: AsyncIterable<readonly string[]>,
  ): Promise<ArchiveFile>;
  /** Reads the bundles of a file, each its lines in order. */
  read(file: ArchiveFile): AsyncIterable<readonly string[]>;
}

/** A file that holds the entries `[first, end)` of the log. */
export interface ArchiveFile {
  readonly name: string;
  readonly first: number;
  readonly end: number;
}

/** Reads bodies that the store keeps no more. */
export interface ArchivedBodies {
  /** @returns the body; null where its user was erased; undefined where no file here holds the entry */
  findBody(index: number): Promise<string | null | undefined>;
}

/** Thrown for a file of the archive that is not what it must be. The message names it. */
export class ArchiveUnreadable extends Error {
  override name = 'ArchiveUnreadable';
}
