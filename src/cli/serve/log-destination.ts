import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

const BUFFERED_BYTES_MAX = 1_048_576;
const RETRY_MS = 50;

/**
 * Writes lines to standard error without ever waiting for its reader. A reader that stops (Ctrl-S in a terminal, a log
 * collector that hangs) fills the pipe, and a blocking write would stop the whole server. Meanwhile up to
 * `BUFFERED_BYTES_MAX` are kept and further lines are dropped; a line then says how many.
 *
 * Order is kept, and a line is written before `write` returns unless the pipe is full, so a crash loses none.
 */
export class LogDestination {
  readonly #descriptor: number;
  #buffered: Buffer[] = [];
  #bufferedBytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(descriptor = nonBlocking(2)) {
    this.#descriptor = descriptor;
  }

  /** For pino: `line` ends with its newline. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#buffered.length === 0) {
      const rest = this.#send(bytes);
      if (rest.length > 0) this.#keep(rest);
    } else if (this.#bufferedBytes + bytes.length > BUFFERED_BYTES_MAX) this.#dropped++;
    else this.#keep(bytes);
  }

  #keep(bytes: Buffer): void {
    this.#buffered.push(bytes);
    this.#bufferedBytes += bytes.length;
    this.#timer ??= setInterval(() => this.#drain(), RETRY_MS).unref();
  }

  #drain(): void {
    for (;;) {
      const [first] = this.#buffered;
      if (first === undefined) break;
      const rest = this.#send(first);
      this.#bufferedBytes -= first.length - rest.length;
      if (rest.length > 0) {
        this.#buffered[0] = rest;
        return;
      }
      this.#buffered.shift();
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#dropped === 0) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    this.write(
      `${JSON.stringify({ level: 40, time: Date.now(), name: 'sello', lines, msg: 'the log was not read: lines were dropped' })}\n`,
    );
  }

  /** @returns what was not written; nothing where nobody can read any more */
  #send(bytes: Buffer): Buffer {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return Buffer.alloc(0);
    }
    return bytes.subarray(written);
  }
}

/**
 * A descriptor of the same pipe, terminal or socket whose writes fail with EAGAIN instead of waiting. Pipes and terminals
 * are opened anew, since the flag would otherwise hold for every process that shares them; a socket, as systemd gives,
 * cannot be. A file never blocks, and a second position in it would overwrite what the first one wrote.
 */
function nonBlocking(descriptor: number): number {
  try {
    const kind = fstatSync(descriptor);
    if (kind.isSocket()) new Socket({ fd: descriptor, readable: false, writable: true }).unref();
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return descriptor;
    return openSync(
      `/proc/self/fd/${descriptor}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    return descriptor;
  }
}
