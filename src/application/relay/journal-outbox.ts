import { StoreUnavailable } from '../../domain/errors.ts';
import type { JournalReader } from '../../ports/journal-reader.ts';
import type { LogReader, SealedEntry } from '../../ports/log-store.ts';
import type { RetentionReader } from '../../ports/retention.ts';
import type { Outbox } from './outbox.ts';

/** What it reads of a store. */
export type OutboxStore = Pick<JournalReader, 'readJournal' | 'readJournalBackwards'> & {
  readonly log: Pick<LogReader, 'readSealed' | 'sealedSize'>;
  readonly retention: Pick<RetentionReader, 'listErasures'>;
};

/**
 * The outbox over the store: what is sealed leaves, once a log is there. In a store that nobody has sealed yet the journal's own
 * order stands, which the log keeps: an entry's index is its position less one.
 */
export class JournalOutbox implements Pick<Outbox, 'readSealed' | 'sealedSize'> {
  readonly #store: OutboxStore;
  #isSealed = false;

  constructor(store: OutboxStore) {
    this.#store = store;
  }

  async readSealed({ from, limit }: { from: number; limit: number }): Promise<readonly SealedEntry[]> {
    const sealed = await this.#store.log.readSealed({ from, limit });
    if (sealed.length > 0 || (await this.#hasLog())) return this.#assertHere(sealed);
    const entries = await this.#store.readJournal({ after: from, limit });
    return entries.map(({ position, ...entry }) => ({ index: position - 1, ...entry }));
  }

  /** Entries of erased users come without bodies. @throws StoreUnavailable for others whose file of the archive is not here */
  async #assertHere(entries: readonly SealedEntry[]): Promise<readonly SealedEntry[]> {
    if (entries.every(({ body }) => body !== '')) return entries;
    const erased = new Set((await this.#store.retention.listErasures()).map(({ userId }) => userId));
    const missing = entries.find(({ body, userId }) => body === '' && !erased.has(userId));
    if (!missing) return entries;
    throw new StoreUnavailable(
      `entry ${missing.index} was archived, and its file is not on this server: bring it to archive.folder`,
    );
  }

  async sealedSize(): Promise<number> {
    const size = await this.#store.log.sealedSize();
    if (size > 0) return size;
    const page = { below: Number.POSITIVE_INFINITY, limit: 1 };
    return (await this.#store.readJournalBackwards(page))[0]?.position ?? 0;
  }

  async #hasLog(): Promise<boolean> {
    this.#isSealed ||= (await this.#store.log.sealedSize()) > 0;
    return this.#isSealed;
  }
}
