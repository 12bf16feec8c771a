const REPEAT_MS = 60_000;

/**
 * Lets one line of each kind through a minute: an outage fails thousands of requests alike, and anyone can be refused
 * often.
 */
export class LogThrottle {
  readonly #kindsMax: number;
  readonly #loggedAt = new Map<string, number>();

  constructor(kindsMax: number) {
    this.#kindsMax = kindsMax;
  }

  /** Whether a line of this kind is due now; counts it as logged if so. */
  take(kind: string): boolean {
    const now = performance.now();
    const last = this.#loggedAt.get(kind);
    if (last !== undefined && now - last < REPEAT_MS) return false;
    if (this.#loggedAt.size >= this.#kindsMax) this.#loggedAt.clear();
    this.#loggedAt.set(kind, now);
    return true;
  }
}
