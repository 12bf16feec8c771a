import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection that exchanges ASCII lines. Lines sent in one turn of the event loop leave in one write. */
export class Lines {
  readonly #socket: Socket;
  readonly #onLine: (line: string) => void;
  #rest = '';
  #outgoing = '';

  private constructor(socket: Socket, onLine: (line: string) => void, onLost: (error: Error) => void) {
    this.#socket = socket;
    this.#onLine = onLine;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
    socket.on('error', onLost);
    socket.on('end', () => onLost(new Error('the server closed a connection')));
  }

  static async connect(
    port: number,
    onLine: (line: string) => void,
    onLost: (error: Error) => void,
  ): Promise<Lines> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new Lines(socket, onLine, onLost);
  }

  /** @param line without its newline */
  send(line: string): void {
    if (this.#outgoing === '') process.nextTick(() => this.#flush());
    this.#outgoing += `${line}\n`;
  }

  close(): void {
    this.#socket.removeAllListeners('end');
    this.#socket.destroy();
  }

  #flush(): void {
    this.#socket.write(this.#outgoing, 'latin1');
    this.#outgoing = '';
  }

  #read(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#onLine(this.#rest === '' ? text.slice(from, end) : this.#rest + text.slice(from, end));
      this.#rest = '';
      from = end + 1;
    }
    if (from < text.length) this.#rest += from === 0 ? text : text.slice(from);
  }
}
