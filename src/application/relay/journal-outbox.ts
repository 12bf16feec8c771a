import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { JournalReader } from '../../ports/journal-reader.ts';
import type { SealedEntry } from '../../ports/log-store.ts';
import type { Outbox } from './outbox.ts';

/** The outbox over the store's journal: an entry's index is its position less one. */
export class JournalOutbox implements Outbox {
  readonly #reader: JournalReader;
  readonly waitForMore: Outbox['waitForMore'];

  /** @param waitForMore what announces entries, in a process that knows of them; else they are looked for */
  constructor(reader: JournalReader, waitForMore: Outbox['waitForMore'] = waitForTime) {
    this.#reader = reader;
    this.waitForMore = waitForMore;
  }

  async readSealed({ from, limit }: { from: number; limit: number }): Promise<readonly SealedEntry[]> {
    const entries = await this.#reader.readJournal({ after: from, limit });
    return entries.map(({ position, ...entry }) => ({ index: position - 1, ...entry }));
  }

  async sealedSize(): Promise<number> {
    const [last] = await this.#reader.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
    return last?.position ?? 0;
  }
}

function waitForTime(_waitMs: number, signal: AbortSignal) {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const ended = delay(LIMITS.sinkLookMs, undefined, { signal: either }).catch(() => undefined);
  return { ended, cancel: () => over.abort() };
}
