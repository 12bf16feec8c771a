/** Events that were sent and not acknowledged, in order, bounded by number and bytes. */
export class SendWindow {
  readonly #countMax: number;
  readonly #bytesMax: number;
  readonly #indexes: number[] = [];
  readonly #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  constructor({ countMax, bytesMax }: { readonly countMax: number; readonly bytesMax: number }) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#indexes.length - this.#head;
  }

  get isFull(): boolean {
    return this.size >= this.#countMax || this.#bytes >= this.#bytesMax;
  }

  /** Whether there is room again for a good part of it, so that a sender is not woken for each acknowledgement. */
  get hasRoom(): boolean {
    return this.size <= this.#countMax / 2 && this.#bytes <= this.#bytesMax / 2;
  }

  get first(): number | undefined {
    return this.#indexes[this.#head];
  }

  add(index: number, bytes: number): void {
    this.#indexes.push(index);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  removeFirst(): void {
    this.#bytes -= this.#sizes[this.#head] ?? 0;
    this.#head++;
    if (this.#head === this.#indexes.length) {
      this.#indexes.length = 0;
      this.#sizes.length = 0;
      this.#head = 0;
    } else if (this.#head > 4_096) {
      this.#indexes.splice(0, this.#head);
      this.#sizes.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
