import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { JournalReader } from '../../ports/journal-reader.ts';
import type { LogReader, SealedEntry } from '../../ports/log-store.ts';
import type { RetentionReader } from '../../ports/retention.ts';
import type { Outbox } from './outbox.ts';

type OutboxStore = JournalReader & { readonly log: LogReader; readonly retention: RetentionReader };

/**
 * The outbox over the store: what is sealed leaves, once a log is there. In a store that nobody has sealed yet the journal's own
 * order stands, which the log keeps: an entry's index is its position less one.
 */
export class JournalOutbox implements Outbox {
  readonly #store: OutboxStore;
  readonly #waitForCommit: Outbox['waitForMore'] | undefined;
  #isSealed = false;

  /** @param waitForCommit what announces entries, in a process that knows of them; else they are looked for */
  constructor(store: OutboxStore, waitForCommit?: Outbox['waitForMore']) {
    this.#store = store;
    this.#waitForCommit = waitForCommit;
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

  /** A commit announces nothing sealed; and the sealer may be of another process. */
  waitForMore(waitMs: number, signal: AbortSignal) {
    return !this.#isSealed && this.#waitForCommit ? this.#waitForCommit(waitMs, signal) : lookAgain(signal);
  }

  async #hasLog(): Promise<boolean> {
    this.#isSealed ||= (await this.#store.log.sealedSize()) > 0;
    return this.#isSealed;
  }
}

function lookAgain(signal: AbortSignal) {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const ended = delay(LIMITS.sinkLookMs, undefined, { signal: either }).catch(() => undefined);
  return { ended, cancel: () => over.abort() };
}
