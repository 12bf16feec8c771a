/**
 * Tracks the tasks that wrap a key and then commit it. A rotation waits for those that began before it, so that none
 * commits a key under a version destroyed in between. Knows this server's tasks alone; for those of other servers see
 * `rotateKeys`.
 */
export class KeyLeases {
  readonly #held = new Set<Promise<unknown>>();

  async hold<T>(task: () => Promise<T>): Promise<T> {
    const running = task();
    this.#held.add(running);
    try {
      return await running;
    } finally {
      this.#held.delete(running);
    }
  }

  /** Resolves when every task held now has ended, whether it succeeds or fails. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#held]);
  }
}
