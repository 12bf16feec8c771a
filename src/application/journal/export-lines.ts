import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import { UserChains } from './user-chains.ts';

/** Writes the lines of a journal export: `{"body":…,"previous":"…","hash":"…"}`. Keeps about a hundred bytes a user. */
export class ExportLines {
  readonly #chains = new UserChains();

  /** The line of one entry, with its line end. Each user's entries must come in order, from the first. */
  lineOf({ userId, version, body, hash }: JournalEntry): string {
    const user = String(userId);
    const previous = this.#chains.find(user)?.hash ?? GENESIS_HASH;
    this.#chains.put(user, version, hash);
    return `{"body":${body},"previous":"${previous}","hash":"${hash}"}\n`;
  }
}
