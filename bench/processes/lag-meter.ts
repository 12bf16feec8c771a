import type { Store } from '../../src/ports/store.ts';

const SAMPLE_MS = 50;
const SAMPLES_MAX = 10_000;

/** How far the log was behind: from an entry's commit until a checkpoint covers it. */
export interface SealingLag {
  readonly maxMs: number;
  readonly sealed: number;
  readonly committed: number;
}

/** Samples the journal's end, and notes when the log has reached each sample. */
export class LagMeter {
  readonly #store: Store;
  readonly #samples: { readonly position: number; readonly at: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #maxMs = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#timer = setInterval(() => void this.#sample().catch(() => undefined), SAMPLE_MS).unref();
  }

  /** The figures since the last call. */
  async read(): Promise<SealingLag> {
    await this.#sample();
    const waiting = this.#samples[0];
    const maxMs = Math.max(this.#maxMs, waiting ? performance.now() - waiting.at : 0);
    this.#maxMs = 0;
    return { maxMs, sealed: await this.#store.log.sealedSize(), committed: await this.#last() };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    const now = performance.now();
    const sealed = await this.#store.log.sealedSize();
    while (this.#samples[0] && this.#samples[0].position <= sealed) {
      this.#maxMs = Math.max(this.#maxMs, now - this.#samples[0].at);
      this.#samples.shift();
    }
    const position = await this.#last();
    if (position > (this.#samples.at(-1)?.position ?? sealed) && this.#samples.length < SAMPLES_MAX)
      this.#samples.push({ position, at: now });
  }

  async #last(): Promise<number> {
    const [last] = await this.#store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
    return last?.position ?? 0;
  }
}
