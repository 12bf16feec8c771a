import type { Socket } from 'node:net';

/**
 * Sends answers to a client, all answers of one turn of the event loop in one write. Notices a client that does not
 * read, and bounds what waits for it.
 */
export class Outbox {
  /** Since when the socket's buffer has been above its high-water mark: ms on the connection's clock. */
  slowSince: number | undefined;
  readonly #socket: Socket;
  readonly #bytesMax: number;
  readonly #now: () => number;
  readonly #onSent: () => void;
  readonly #onBuffered: () => void;
  readonly #onOverflow: () => void;
  #text = '';

  /**
   * @param hooks `onSent`: there is room for more answers; `onBuffered`: the kernel did not take all that was written;
   *   `onOverflow`: more than `bytesMax` bytes wait
   */
  constructor(
    socket: Socket,
    bytesMax: number,
    hooks: {
      readonly now: () => number;
      readonly onSent: () => void;
      readonly onBuffered: () => void;
      readonly onOverflow: () => void;
    },
  ) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
    this.#now = hooks.now;
    this.#onSent = hooks.onSent;
    this.#onBuffered = hooks.onBuffered;
    this.#onOverflow = hooks.onOverflow;
    socket.on('drain', () => {
      this.slowSince = undefined;
      this.#onSent();
    });
  }

  /** Length of the answers not handed to the socket yet. */
  get unsentLength(): number {
    return this.#text.length;
  }

  /** Bytes handed to the socket and not sent yet. */
  get bufferedLength(): number {
    return this.#socket.writableLength;
  }

  add(text: string): void {
    // Runs after the answers that this turn still adds: Node calls it once the microtasks are done.
    if (this.#text === '') process.nextTick(flush, this);
    this.#text += text;
  }

  flush(): void {
    const text = this.#text;
    this.#text = '';
    if (text === '' || this.#socket.destroyed || !this.#socket.writable) return;
    if (this.#socket.write(text)) this.#onSent();
    else if (this.#socket.writableLength > this.#bytesMax) this.#onOverflow();
    else this.slowSince ??= this.#now();
    if (this.#socket.writableLength > 0) this.#onBuffered();
  }

  /** Sends the answers gathered so far and ends this side. A client that does not read them counts as slow. */
  end(): void {
    this.flush();
    if (this.#socket.destroyed) return;
    this.slowSince ??= this.#now();
    this.#socket.end();
  }
}

function flush(outbox: Outbox): void {
  outbox.flush();
}
