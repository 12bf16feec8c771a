import type { Socket } from 'node:net';

/**
 * The answers on their way to a client: those of one turn of the event loop go out in one write. A client that does
 * not read them is noticed here, and what waits for it is bounded.
 */
export class Outbox {
  /** Since when the socket holds more than it likes to. Monotonic milliseconds. */
  slowSince: number | undefined;
  readonly #socket: Socket;
  readonly #bytesMax: number;
  readonly #now: () => number;
  readonly #onSent: () => void;
  readonly #onOverflow: () => void;
  #text = '';

  /** `onSent`: there is room again. `onOverflow`: more waits than `bytesMax`. */
  constructor(
    socket: Socket,
    bytesMax: number,
    hooks: { readonly now: () => number; readonly onSent: () => void; readonly onOverflow: () => void },
  ) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
    this.#now = hooks.now;
    this.#onSent = hooks.onSent;
    this.#onOverflow = hooks.onOverflow;
    socket.on('drain', () => {
      this.slowSince = undefined;
      this.#onSent();
    });
  }

  /** Gathered, not yet with the socket. */
  get unsentLength(): number {
    return this.#text.length;
  }

  /** With the socket, not yet with the client's side. */
  get bufferedLength(): number {
    return this.#socket.writableLength;
  }

  add(text: string): void {
    // After all that this turn still answers: Node runs it once the microtasks are through.
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
  }

  /** Sends what is gathered, and that no more follows. A client that does not read that either is slow. */
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
