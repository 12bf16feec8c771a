import type { OutboxStore } from '../../application/relay/journal-outbox.ts';
import type { Config } from '../../config.ts';
import { StartRefused, StoreUnavailable } from '../../domain/errors.ts';
import type { AuditReader, JournalReader } from '../../ports/journal-reader.ts';
import type { LogReader } from '../../ports/log-store.ts';
import type { RetentionReader } from '../../ports/retention.ts';
import { openAuditReader } from '../audit-reader.ts';

/** The store, read-only. Opened at the first read, and again after a failure, on whichever database server takes writes then. */
export class ReopenedReader implements OutboxStore {
  readonly #config: Config;
  #opening: Promise<AuditReader> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  readonly log: Pick<LogReader, 'readSealed' | 'sealedSize'> = {
    readSealed: (page) => this.#read(({ log }) => log.readSealed(page)),
    sealedSize: () => this.#read(({ log }) => log.sealedSize()),
  };

  readonly retention: Pick<RetentionReader, 'listErasures'> = {
    listErasures: () => this.#read(({ retention }) => retention.listErasures()),
  };

  readJournal(page: Parameters<JournalReader['readJournal']>[0]) {
    return this.#read((reader) => reader.readJournal(page));
  }

  readJournalBackwards(page: Parameters<JournalReader['readJournalBackwards']>[0]) {
    return this.#read((reader) => reader.readJournalBackwards(page));
  }

  async close(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.close();
  }

  async #read<T>(read: (reader: AuditReader) => Promise<T>): Promise<T> {
    this.#opening ??= openAuditReader(this.#config);
    const opening = this.#opening;
    try {
      return await read(await opening);
    } catch (error) {
      if (this.#opening === opening) {
        this.#opening = undefined;
        void opening.then((reader) => reader.close()).catch(() => undefined);
      }
      // At the start it would tell the operator; here it is tried again.
      throw error instanceof StartRefused ? new StoreUnavailable(error.message, { cause: error }) : error;
    }
  }
}
