import { setImmediate } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import { type JournalFault, type UnverifiedEntry, verifyJournal } from './verify-journal.ts';

export interface VerificationState {
  /** `failed`: the journal could not be read to its end, which says nothing about its integrity. */
  readonly status: 'none' | 'running' | 'whole' | 'faulty' | 'failed';
  /** ms since 1970 */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly entries: number;
  readonly users: number;
  readonly fault?: JournalFault;
}

/**
 * Verifies the journal in the background, in small slices, up to its last entry at the start. Runs once at a time. Does NOT
 * check where each user's chain must end: `sello audit verify` finds entries missing there.
 */
export class BackgroundVerification {
  readonly #context: Context;
  readonly #stopping = new AbortController();
  #state: VerificationState = { status: 'none', entries: 0, users: 0 };
  #read = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  get state(): VerificationState {
    return this.#state.status === 'running' ? { ...this.#state, entries: this.#read } : this.#state;
  }

  /** @returns false if a verification is running already */
  start(): boolean {
    if (this.#state.status === 'running') return false;
    const startedAt = this.#context.decider.now();
    this.#read = 0;
    this.#state = { status: 'running', startedAt, entries: 0, users: 0 };
    void this.#run(startedAt);
    return true;
  }

  /** Aborts the verification for good, when the server stops. */
  stop(): void {
    this.#stopping.abort();
  }

  async #run(startedAt: number): Promise<void> {
    const ended = (state: Omit<VerificationState, 'startedAt' | 'finishedAt'>) => {
      this.#state = { ...state, startedAt, finishedAt: this.#context.decider.now() };
    };
    try {
      const { entries, users, fault } = await verifyJournal(this.#entries());
      ended({ status: fault ? 'faulty' : 'whole', entries, users, ...(fault ? { fault } : {}) });
    } catch {
      ended({ status: 'failed', entries: this.#read, users: 0 });
    }
  }

  async *#entries(): AsyncGenerator<UnverifiedEntry> {
    const { store } = this.#context;
    const erased = new Set((await store.retention.listErasures()).map(({ userId }) => userId));
    const [latest] = await store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
    const end = latest?.position ?? 0;
    for (let after = 0; after < end; ) {
      this.#stopping.signal.throwIfAborted();
      await setImmediate();
      const page = await store.readJournal({ after, limit: LIMITS.verificationEntriesPerTurn });
      if (page.length === 0) return;
      for (const { position, userId, version, at, type, body, hash } of page) {
        if (position > end) return;
        after = position;
        this.#read++;
        const known = erased.has(userId) ? null : body;
        yield { body: known, hash, form: 'bytes', chain: `${userId}`, columns: { at, type, version } };
      }
    }
  }
}
