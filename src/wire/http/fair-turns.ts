/**
 * Starts requests, a few per turn of the event loop. Those that do not fit wait, and are started round robin by client
 * address, so that an address with a thousand requests does not delay another one's first by more than a turn. A
 * request that finds nobody waiting starts at once.
 */
export class FairTurns {
  readonly #perTurnMax: number;
  /** The waiting requests of each address. The next to start is the first of the first address. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #startedThisTurn = 0;
  #turnDue = false;

  constructor(perTurnMax: number) {
    this.#perTurnMax = perTurnMax;
  }

  start(address: string, request: () => void): void {
    if (this.#waiting.size === 0 && this.#startedThisTurn < this.#perTurnMax) {
      this.#startedThisTurn++;
      this.#scheduleTurn();
      request();
      return;
    }
    const queue = this.#waiting.get(address);
    if (queue) queue.push(request);
    else this.#waiting.set(address, [request]);
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turnDue = false;
    this.#startedThisTurn = 0;
    while (this.#startedThisTurn < this.#perTurnMax) {
      const [first] = this.#waiting;
      if (!first) break;
      const [address, queue] = first;
      const request = queue.shift();
      // Deleted and set again: the address goes to the end of the line.
      this.#waiting.delete(address);
      if (queue.length > 0) this.#waiting.set(address, queue);
      this.#startedThisTurn++;
      request?.();
    }
    if (this.#startedThisTurn > 0) this.#scheduleTurn();
  }
}
