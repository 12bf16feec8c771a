/** Items shifted from the front before the array is cut: `Array.shift` moves all items of a large array. */
const CUT_AT = 1_024;

/** A first-in-first-out queue whose operations take amortised constant time at any length. */
export class Fifo<T> {
  #items: T[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes the oldest item. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first++];
    if (this.length === 0) {
      this.#items = [];
      this.#first = 0;
    } else if (this.#first >= CUT_AT && this.#first * 2 >= this.#items.length) {
      this.#items.splice(0, this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Removes the newest item. */
  pop(): T | undefined {
    return this.length === 0 ? undefined : this.#items.pop();
  }
}
