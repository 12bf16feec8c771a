import { formatExportLine } from '../../domain/journal/export-line.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store-rows.ts';
import { UserChains } from './user-chains.ts';

/**
 * Writes the lines of a journal export: `{"index":…,"body":…,"previous":"…","hash":"…"}`, without the index for an entry that
 * is not sealed, and with `null` for the body of an erased user's. Keeps about a hundred bytes a user.
 */
export class ExportLines {
  readonly #chains = new UserChains();
  readonly #sealedSize: number;

  readonly #erased: ReadonlySet<UserId>;

  /**
   * @param sealedSize how many entries are sealed, read before the first line is written
   * @param erased the users who were erased
   */
  constructor(sealedSize: number, erased: ReadonlySet<UserId>) {
    this.#sealedSize = sealedSize;
    this.#erased = erased;
  }

  /**
   * The line of one entry, with its line end. Each user's entries must come in order, from the first.
   * @throws BodyMissing where its file of the archive is not here
   */
  lineOf({ position, userId, version, body, hash }: JournalEntry): string {
    const user = String(userId);
    const previous = this.#chains.find(user)?.hash ?? GENESIS_HASH;
    this.#chains.put(user, version, hash);
    const index = position > 0 && position <= this.#sealedSize ? position - 1 : undefined;
    const isErased = this.#erased.has(userId);
    if (body === '' && !isErased) throw new BodyMissing(position - 1);
    return `${formatExportLine({ index, body: isErased ? null : body, previous, hash })}\n`;
  }
}

/** Thrown for an entry whose body is in a file of the archive that is not here. */
export class BodyMissing extends Error {
  override name = 'BodyMissing';

  constructor(index: number) {
    super(
      `entry ${index} was archived, and no file of the archive here has it: bring the file to archive.folder`,
    );
  }
}
