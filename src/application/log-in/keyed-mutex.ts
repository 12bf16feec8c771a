/**
 * Runs the tasks of one key one after the other, with at most `waitingMax` of them running or waiting. A guess is
 * evaluated only once the outcome of the one before it is known, so parallel guesses cannot outrun the lock.
 *
 * Why: docs/DECISIONS.md#one-log-in-per-name-at-a-time
 */
export class KeyedMutex {
  readonly #waitingMax: number;
  readonly #tails = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** @returns undefined at once where too many wait for this key */
  async run<T>(key: string, task: () => Promise<T>): Promise<T | undefined> {
    const line = this.#tails.get(key) ?? { tail: Promise.resolve(), waiting: 0 };
    if (line.waiting >= this.#waitingMax) return undefined;
    line.waiting++;
    this.#tails.set(key, line);
    const turn = line.tail.then(task, task);
    line.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      line.waiting--;
      if (line.waiting === 0) this.#tails.delete(key);
    }
  }
}
