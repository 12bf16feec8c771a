import { setTimeout as delay } from 'node:timers/promises';
import type { NoteSignature } from '../../domain/log/signed-note.ts';
import { LIMITS } from '../../limits.ts';
import type { Offered, WitnessClient } from './witness-client.ts';

/** How a witness does, for health and metrics. */
export interface WitnessState {
  readonly name: string;
  /** `waiting`: it was not asked yet. */
  readonly status: 'waiting' | 'signing' | 'failing';
  /** The size of the last checkpoint that it signed. */
  readonly signedSize: number;
  readonly reason: string;
}

export interface WitnessesParts {
  readonly witnesses: readonly { readonly name: string; readonly client: WitnessClient }[];
  /** Keeps a cosignature in the note of the checkpoint of this size, where that is still the last one. */
  readonly keep: (size: number, signature: NoteSignature) => Promise<void>;
  /** Called when a witness begins to fail, for another reason than before, or signs again (undefined). */
  readonly observe: (name: string, reason: string | undefined) => void;
  /** Tests pass shorter ones. */
  readonly retryMs?: number;
}

/**
 * Has the newest checkpoint cosigned by every witness, each on its own: one that is slow, lies or is down delays neither
 * sealing nor the others. Holds one checkpoint; those that come while a witness is asked are passed over for the newest.
 */
export class Witnesses {
  readonly #parts: WitnessesParts;
  readonly #stopping = new AbortController();
  readonly #states: { status: WitnessState['status']; signedSize: number; reason: string }[];
  readonly #running: (Promise<void> | undefined)[];
  #newest: Offered | undefined;

  constructor(parts: WitnessesParts) {
    this.#parts = parts;
    this.#states = parts.witnesses.map(() => ({ status: 'waiting', signedSize: 0, reason: '' }));
    this.#running = parts.witnesses.map(() => undefined);
  }

  get states(): readonly WitnessState[] {
    return this.#parts.witnesses.map(({ name }, index) => ({
      name,
      ...(this.#states[index] ?? { status: 'waiting', signedSize: 0, reason: '' }),
    }));
  }

  /** Returns at once. */
  offer(checkpoint: Offered): void {
    this.#newest = checkpoint;
    this.#parts.witnesses.forEach((_, index) => {
      this.#running[index] ??= this.#ask(index).finally(() => {
        this.#running[index] = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #ask(index: number): Promise<void> {
    const { retryMs = LIMITS.witnessRetryMs } = this.#parts;
    let waitMs = retryMs;
    while (!this.#stopping.signal.aborted) {
      const offered = this.#newest;
      const state = this.#states[index];
      if (!offered || !state || state.signedSize >= offered.size) return;
      const reason = await this.#askOnce(index, offered);
      if (reason === undefined) {
        if (state.status === 'failing') this.#parts.observe(this.#nameOf(index), undefined);
        Object.assign(state, { status: 'signing', signedSize: offered.size, reason: '' });
        waitMs = retryMs;
        continue;
      }
      if (this.#stopping.signal.aborted) return;
      if (reason !== state.reason) this.#parts.observe(this.#nameOf(index), reason);
      Object.assign(state, { status: 'failing', reason });
      await delay(waitMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LIMITS.witnessRetryMsMax);
    }
  }

  /** @returns why it failed */
  async #askOnce(index: number, offered: Offered): Promise<string | undefined> {
    const client = this.#parts.witnesses[index]?.client;
    if (!client) return undefined;
    try {
      const result = await client.cosign(offered);
      if (result.outcome === 'failed') return result.reason;
      if (result.outcome === 'ahead') {
        // Another process sealed on, unless the log was rolled back, which the next start of a server finds.
        return `it saw ${result.size} entries, more than the ${offered.size} of this checkpoint`;
      }
      await this.#parts.keep(offered.size, result.signature);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #nameOf(index: number): string {
    return this.#parts.witnesses[index]?.name ?? '';
  }
}
