import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { SealedEntry } from '../../ports/log-store.ts';
import type { Outbox } from './outbox.ts';

/** Sinks that keep up read the same page within moments. */
const PAGES_KEPT = 4;
const KEPT_MS = 1_000;

/**
 * One outbox for all sinks of a process: of those that wait for more one look at the log's size wakes all, and a page that
 * several read is read once.
 */
export class SharedOutbox implements Outbox {
  readonly #outbox: Pick<Outbox, 'readSealed' | 'sealedSize'>;
  readonly #lookMs: number;
  readonly #waiting = new Set<() => void>();
  readonly #pages = new Map<string, Promise<readonly SealedEntry[]>>();
  #looking = false;
  #size = -1;

  constructor(outbox: Pick<Outbox, 'readSealed' | 'sealedSize'>, lookMs: number = LIMITS.sinkLookMs) {
    this.#outbox = outbox;
    this.#lookMs = lookMs;
  }

  sealedSize(): Promise<number> {
    return this.#outbox.sealedSize();
  }

  readSealed(page: { readonly from: number; readonly limit: number }): Promise<readonly SealedEntry[]> {
    const key = `${page.from}/${page.limit}`;
    const known = this.#pages.get(key);
    if (known) return known;
    const read = this.#outbox.readSealed(page);
    this.#pages.set(key, read);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > PAGES_KEPT && oldest !== undefined) this.#pages.delete(oldest);
    const forget = () => {
      if (this.#pages.get(key) === read) this.#pages.delete(key);
    };
    // A page that is not full may be by the next look. A full one goes soon too: a user in it may be erased.
    read.then(({ length }) => {
      setTimeout(forget, length < page.limit ? this.#lookMs / 2 : KEPT_MS).unref();
    }, forget);
    return read;
  }

  waitForMore(waitMs: number, signal: AbortSignal) {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const cancel = () => {
      clearTimeout(timer);
      this.#waiting.delete(cancel);
      signal.removeEventListener('abort', cancel);
      resolve();
    };
    const timer = setTimeout(cancel, waitMs);
    this.#waiting.add(cancel);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    else void this.#look();
    return { ended, cancel };
  }

  /** Wakes all that wait when the log has grown, or cannot be read: their own read finds out why. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#waiting.size > 0) {
        await delay(this.#lookMs, undefined, { ref: false });
        if (this.#waiting.size === 0) return;
        const size = await this.#outbox.sealedSize().catch(() => -1);
        if (size === this.#size) continue;
        this.#size = size;
        this.#pages.clear();
        for (const wake of [...this.#waiting]) wake();
      }
    } finally {
      this.#looking = false;
    }
  }
}
