const TICK_MS = 100;

/** Reports a thread whose progress counter has not moved for `callTimeMs` while it has calls to answer. */
export class CallWatchdog {
  readonly #callTimeMs: number;
  readonly #onHung: () => void;
  #timer: NodeJS.Timeout | undefined;
  #progressSeen = 0;
  #ticksWithoutProgress = 0;

  constructor(callTimeMs: number, onHung: () => void) {
    this.#callTimeMs = callTimeMs;
    this.#onHung = onHung;
  }

  /** @param progress counts the calls to the HSM that returned */
  start(progress: Int32Array<SharedArrayBuffer>): void {
    this.#ticksWithoutProgress = 0;
    this.#timer = setInterval(() => this.#tick(progress), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Called for each answer: an answer is progress too. */
  answered(): void {
    this.#ticksWithoutProgress = 0;
  }

  /** Counts ticks, not time: a stopped process or a busy event loop must not look like a hung HSM. */
  #tick(progress: Int32Array<SharedArrayBuffer>): void {
    const seen = Atomics.load(progress, 0);
    if (seen !== this.#progressSeen) {
      this.#progressSeen = seen;
      this.#ticksWithoutProgress = 0;
      return;
    }
    if (++this.#ticksWithoutProgress * TICK_MS >= this.#callTimeMs) this.#onHung();
  }
}
