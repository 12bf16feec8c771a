import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { LIMITS } from '../limits.ts';
import { LINE_NOT_UTF8, LINE_TOO_LONG, LineReader } from '../net/line-reader.ts';

export interface TcpClientOptions {
  readonly host: string;
  readonly port: number;
  /**
   * Connects by TLS. `ca`: the certificate (PEM) to trust instead of the system's. `serverName`: the name it must
   * have.
   */
  readonly tls?: { readonly ca?: string | Buffer; readonly serverName?: string };
  readonly connectTimeMs?: number;
  /** The longest wait for one answer. */
  readonly answerTimeMs?: number;
}

/** A message of the protocol. Its keys are Spanish (PROTOCOL.md). */
export interface ClientMessage {
  readonly accion: string;
  readonly [key: string]: unknown;
}

/** An answer. Its other members depend on the message. */
export interface ClientAnswer {
  readonly status: 'OK' | 'ERROR' | 'POSIBLE ATAQUE';
  readonly mensaje?: string;
  readonly error?: string;
  readonly nonce?: string;
  readonly nonces?: readonly string[];
  readonly [key: string]: unknown;
}

/**
 * The connection failed or closed before the answer, or the answer took too long. Whether the request was executed is
 * unknown.
 */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
}

interface Waiting {
  readonly resolve: (answer: ClientAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly deadline: number;
}

const CONNECT_TIME_MS = 5_000;
const ANSWER_TIME_MS = 30_000;
const PATIENCE_STEP_MS = 250;

/**
 * A client of the TCP protocol. Pipelines messages: each gets an `id`, which matches its answer in whatever order
 * answers come. Does NOT check answers beyond being JSON with a status.
 */
export class TcpClient {
  readonly #socket: Socket;
  readonly #answerTimeMs: number;
  readonly #lines = new LineReader(LIMITS.clientAnswerBytesMax);
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #lost: ConnectionLost | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** The lines of this turn of the event loop, sent in one write. */
  #outgoing = '';

  private constructor(socket: Socket, answerTimeMs: number) {
    this.#socket = socket;
    this.#answerTimeMs = answerTimeMs;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#lose(error.message));
    socket.on('close', () => this.#lose('the server closed the connection'));
  }

  /** @throws ConnectionLost */
  static async connect(options: TcpClientOptions): Promise<TcpClient> {
    const { host, port, tls, connectTimeMs = CONNECT_TIME_MS, answerTimeMs = ANSWER_TIME_MS } = options;
    const socket = tls
      ? connectTls({
          host,
          port,
          ...(tls.ca ? { ca: tls.ca } : {}),
          ...(tls.serverName ? { servername: tls.serverName } : {}),
        })
      : connectTcp({ host, port });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => {
        socket.destroy();
        reject(new ConnectionLost(`${host} port ${port}: ${reason}`));
      };
      const timer = setTimeout(() => fail(`no connection within ${connectTimeMs} ms`), connectTimeMs);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        fail(error.message);
      });
    });
    return new TcpClient(socket, answerTimeMs);
  }

  /** Sends a message. @returns the answer, with any status @throws ConnectionLost */
  request(message: ClientMessage): Promise<ClientAnswer> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      this.#waiting.set(id, { resolve, reject, deadline: performance.now() + this.#answerTimeMs });
      this.#patience ??= setInterval(
        () => this.#expire(),
        Math.min(PATIENCE_STEP_MS, this.#answerTimeMs),
      ).unref();
      if (this.#outgoing === '') queueMicrotask(() => this.#flush());
      this.#outgoing += `${JSON.stringify({ ...message, id })}\n`;
    });
  }

  /** Sends bytes unchanged, for attacks and tests. Drops the answers, except those with an `id` that is pending. */
  sendRaw(bytes: string | Uint8Array): void {
    this.#flush();
    this.#socket.write(bytes);
  }

  /** The number of messages without an answer yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), CONNECT_TIME_MS).unref();
    await closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    if (this.#outgoing === '') return;
    this.#socket.write(this.#outgoing);
    this.#outgoing = '';
  }

  #read(chunk: Buffer): void {
    this.#lines.push(chunk);
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      if (line === LINE_TOO_LONG || line === LINE_NOT_UTF8) {
        this.#lose('an answer cannot be read');
        return;
      }
      this.#take(line);
    }
  }

  #take(line: string): void {
    let answer: ClientAnswer & { readonly id?: unknown };
    try {
      answer = JSON.parse(line);
    } catch {
      this.#lose('an answer is not JSON');
      return;
    }
    // An answer without an `id` says why the connection ends, or belongs to raw bytes.
    if (typeof answer.id !== 'number') return;
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    waiting.resolve(answer);
  }

  #expire(): void {
    const now = performance.now();
    for (const [id, { deadline, reject }] of this.#waiting) {
      // The map is in order of `id`, which is the order of the deadlines.
      if (deadline > now) return;
      this.#waiting.delete(id);
      reject(new ConnectionLost(`no answer within ${this.#answerTimeMs} ms`));
    }
  }

  #lose(reason: string): void {
    this.#lost ??= new ConnectionLost(reason);
    clearInterval(this.#patience);
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
    this.#socket.destroy();
  }
}
