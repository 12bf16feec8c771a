/** Counts what is in use (connections, streams, waiting requests) in all and per key, up to a bound on each. */
export class Quota {
  readonly #max: number;
  readonly #takenByKey = new Map<string, number>();
  #taken = 0;

  constructor(max: number = Number.POSITIVE_INFINITY) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @returns a function that releases the permit; call it once. undefined when a bound is reached */
  take(key: string, keyMax: number): (() => void) | undefined {
    const taken = this.#takenByKey.get(key) ?? 0;
    if (this.#taken >= this.#max || taken >= keyMax) return undefined;
    this.#taken++;
    this.#takenByKey.set(key, taken + 1);
    return () => this.#release(key);
  }

  #release(key: string): void {
    this.#taken--;
    const left = (this.#takenByKey.get(key) ?? 1) - 1;
    if (left === 0) this.#takenByKey.delete(key);
    else this.#takenByKey.set(key, left);
  }
}
