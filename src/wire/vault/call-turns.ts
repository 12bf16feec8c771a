/** A call that may be carried out. */
export interface CallTurn {
  /** Says how many keys or messages the call has. Before it, a call counts as one. */
  weigh(items: number): void;
  /** Must be called once, when the call has been carried out. */
  end(): void;
}

/**
 * Carries calls out as they come while those under way have fewer than `itemsMax` keys and messages. Then calls wait, and
 * begin round robin by caller: a caller with many calls delays another one's by what is under way and one call of each
 * waiting caller. Does NOT bound how many wait: a connection waits with one call at a time.
 *
 * Why: docs/DECISIONS.md#callers-of-the-vault-take-turns
 */
export class CallTurns {
  readonly #itemsMax: number;
  #itemsUnderWay = 0;
  /** The waiting calls of each caller. The next to begin is the first of the first caller. */
  readonly #waiting = new Map<string, Set<(turn: CallTurn) => void>>();

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  /** @returns a turn if the call may begin at once; undefined: it must `wait` */
  take(): CallTurn | undefined {
    return this.#waiting.size === 0 && this.#itemsUnderWay < this.#itemsMax ? this.#begin() : undefined;
  }

  /** Calls `begin` when it is the caller's turn, never at once. @returns a function that gives the turn up */
  wait(caller: string, begin: (turn: CallTurn) => void): () => void {
    const calls = this.#waiting.get(caller) ?? new Set();
    calls.add(begin);
    this.#waiting.set(caller, calls);
    return () => {
      if (calls.delete(begin) && calls.size === 0) this.#waiting.delete(caller);
    };
  }

  #begin(): CallTurn {
    let weight = 1;
    this.#itemsUnderWay++;
    return {
      weigh: (items) => {
        const weighed = Math.max(1, items);
        this.#itemsUnderWay += weighed - weight;
        weight = weighed;
      },
      end: () => {
        this.#itemsUnderWay -= weight;
        weight = 0;
        this.#advance();
      },
    };
  }

  #advance(): void {
    while (this.#itemsUnderWay < this.#itemsMax) {
      const [first] = this.#waiting;
      if (!first) return;
      const [caller, calls] = first;
      const [begin] = calls;
      if (begin) calls.delete(begin);
      // Deleted and set again: the caller goes to the end of the line.
      this.#waiting.delete(caller);
      if (calls.size > 0) this.#waiting.set(caller, calls);
      begin?.(this.#begin());
    }
  }
}
