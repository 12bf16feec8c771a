import { setTimeout } from 'node:timers/promises';
import { decodeBody } from '../../domain/journal/entry.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { Context } from '../context.ts';
import { followJournal } from './follow-journal.ts';
import { assertIntact } from './intact-entry.ts';

const ENTRIES_PER_READ = 256;
/** Pause after each page of missed entries, so that decisions go first. */
const PAUSE_MS = 1;
/** Bound on the entries that wait for one stream. Beyond it the stream ends, and its client resumes where it was. */
const WAITING_MAX = 4_096;

interface Listener {
  readonly waiting: JournalEntry[];
  /** Set when the listener was too slow or the journal could not be read. */
  lost: boolean;
  wake: () => void;
}

/**
 * Streams the entries about transactions that services asked for. All listeners share one reader of the journal,
 * because most entries concern none of them.
 *
 * Why: docs/DECISIONS.md#service-events-are-found-by-the-services-id
 */
export class ServiceEvents {
  readonly #context: Context;
  readonly #listeners = new Map<string, Set<Listener>>();
  #reading: { readonly stop: AbortController; readonly started: Promise<void> } | undefined;
  /** The position up to which the reader has read. */
  #position = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The position of the journal's last entry now. */
  async lastPosition(): Promise<number> {
    const [last] = await this.#context.store.readJournalBackwards({
      below: Number.POSITIVE_INFINITY,
      limit: 1,
    });
    return last?.position ?? 0;
  }

  /**
   * The service's entries after a position, in the journal's order and without a gap, until `signal` aborts. Ends by
   * itself when the caller does not take them in time.
   */
  async *follow(
    serviceId: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly JournalEntry[]> {
    const listener: Listener = { waiting: [], lost: false, wake: () => {} };
    const wake = () => listener.wake();
    signal.addEventListener('abort', wake);
    this.#add(serviceId, listener);
    try {
      await this.#read();
      // Entries from here on arrive in `waiting`; earlier ones are read for this listener only.
      const joinedAt = this.#position;
      yield* this.#missed(serviceId, after, joinedAt, signal);
      while (!signal.aborted && !listener.lost) {
        const found = listener.waiting
          .splice(0)
          .filter(({ position }) => position > Math.max(after, joinedAt));
        if (found.length > 0) yield found;
        else await new Promise<void>((resolve) => this.#sleep(listener, signal, resolve));
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#remove(serviceId, listener);
    }
  }

  #sleep(listener: Listener, signal: AbortSignal, resolve: () => void): void {
    listener.wake = resolve;
    if (signal.aborted || listener.lost || listener.waiting.length > 0) resolve();
  }

  async *#missed(
    serviceId: string,
    after: number,
    until: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly JournalEntry[]> {
    let position = after;
    while (position < until && !signal.aborted) {
      const entries = await this.#context.store.readJournal({ after: position, limit: ENTRIES_PER_READ });
      const own = entries.filter((entry) => entry.position <= until && serviceOf(entry) === serviceId);
      position = entries.at(-1)?.position ?? until;
      // Entries that this process did not see being committed may have been changed since.
      for (const entry of own) await assertIntact(this.#context, entry);
      if (own.length > 0) yield own;
      else await setTimeout(PAUSE_MS);
    }
  }

  /** Starts the reader if none runs. Resolves when its position is known. */
  #read(): Promise<void> {
    if (this.#reading) return this.#reading.started;
    const stop = new AbortController();
    const started = this.lastPosition().then((position) => {
      if (stop.signal.aborted) return;
      this.#position = position;
      void this.#pump(position, stop);
    });
    this.#reading = { stop, started };
    started.catch(() => this.#fail(stop));
    return started;
  }

  async #pump(after: number, stop: AbortController): Promise<void> {
    try {
      for await (const entries of followJournal(this.#context, after, stop.signal)) {
        if (stop.signal.aborted) return;
        for (const entry of entries) this.#tell(entry);
        this.#position = entries.at(-1)?.position ?? this.#position;
      }
    } catch {
      // The streams end; their clients reconnect and resume.
      this.#fail(stop);
    }
  }

  #tell(entry: JournalEntry): void {
    const serviceId = serviceOf(entry);
    if (serviceId === undefined) return;
    for (const listener of this.#listeners.get(serviceId) ?? []) {
      if (listener.waiting.length >= WAITING_MAX) listener.lost = true;
      else listener.waiting.push(entry);
      listener.wake();
    }
  }

  #fail(stop: AbortController): void {
    stop.abort();
    if (this.#reading?.stop === stop) this.#reading = undefined;
    for (const listeners of this.#listeners.values()) {
      for (const listener of listeners) {
        listener.lost = true;
        listener.wake();
      }
    }
  }

  #add(serviceId: string, listener: Listener): void {
    const known = this.#listeners.get(serviceId);
    if (known) known.add(listener);
    else this.#listeners.set(serviceId, new Set([listener]));
  }

  #remove(serviceId: string, listener: Listener): void {
    const listeners = this.#listeners.get(serviceId);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(serviceId);
    if (this.#listeners.size > 0) return;
    this.#reading?.stop.abort();
    this.#reading = undefined;
  }
}

/** The id of the service that asked for the entry's transaction. */
function serviceOf({ type, body }: JournalEntry): string | undefined {
  // Most transactions are not a service's: their bodies are not parsed.
  if (!type.startsWith('transaction.') || !body.includes('"service"')) return undefined;
  try {
    const service = decodeBody(body).detail?.service;
    return typeof service === 'string' ? service : undefined;
  } catch {
    // A damaged body must not end every listener's stream; the audit finds it.
    return undefined;
  }
}
