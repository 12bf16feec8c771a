/**
 * Tasks that wrap a key and then commit it. A rotation waits for those that began before it, so that no key is
 * committed under a version that was destroyed in between. Of this server alone: `rotateKeys` says what is done about others.
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

  /** Resolves when every task that is held now has ended, however it ends. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#held]);
  }
}
