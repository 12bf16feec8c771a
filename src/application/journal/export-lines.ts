import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import { UserChains } from './user-chains.ts';

/**
 * Writes the lines of a journal export: `{"index":…,"body":…,"previous":"…","hash":"…"}`, without the index for an entry that
 * is not sealed. Keeps about a hundred bytes a user.
 */
export class ExportLines {
  readonly #chains = new UserChains();
  readonly #sealedSize: number;

  /** @param sealedSize how many entries are sealed, read before the first line is written */
  constructor(sealedSize: number) {
    this.#sealedSize = sealedSize;
  }

  /** The line of one entry, with its line end. Each user's entries must come in order, from the first. */
  lineOf({ position, userId, version, body, hash }: JournalEntry): string {
    const user = String(userId);
    const previous = this.#chains.find(user)?.hash ?? GENESIS_HASH;
    this.#chains.put(user, version, hash);
    const index = position > 0 && position <= this.#sealedSize ? `"index":${position - 1},` : '';
    return `{${index}"body":${body},"previous":"${previous}","hash":"${hash}"}\n`;
  }
}
