import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { LINE_NOT_UTF8, LINE_TOO_LONG, LineReader } from '../../net/line-reader.ts';
import { type Reply, readReply } from '../connection.ts';
import { type Endpoint, openSocket } from '../endpoint.ts';

export type Message = Readonly<Record<string, unknown>>;

/** Returns the transaction to send instead, or `undefined` to pass the original on. */
export type Tamper = (message: Message) => Message | undefined;

export interface PassedTransaction {
  /** As the client sent it, and as the server received it. */
  readonly original: string;
  readonly sent: string;
  readonly changed: boolean;
}

export interface ProxyOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly tamper?: Tamper | undefined;
  /** Called with the server's answer to each transaction. */
  readonly onAnswer?: (passed: PassedTransaction, reply: Reply) => void;
}

const CONNECTIONS_MAX = 64;
const LINE_BYTES_MAX = 262_144;
const WAITING_MAX = 4_096;

/**
 * A man in the middle: listens on loopback, passes every line on, and changes transactions on their way to the
 * server. Passes answers unchanged. Speaks TLS to a server with TLS, like an attacker who has broken the client's
 * side.
 */
export class ManInTheMiddle {
  tamper: Tamper | undefined;
  readonly #server: Server;
  readonly #target: Endpoint;
  readonly #onAnswer: ProxyOptions['onAnswer'];
  readonly #sockets = new Set<Socket>();

  private constructor(target: Endpoint, options: ProxyOptions) {
    this.#target = target;
    this.tamper = options.tamper;
    this.#onAnswer = options.onAnswer;
    this.#server = createServer((client) => void this.#accept(client));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws Error with Node's `code` when the port is not available */
  static async start(target: Endpoint, options: ProxyOptions): Promise<ManInTheMiddle> {
    const proxy = new ManInTheMiddle(target, options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen({ host: '127.0.0.1', port: options.port }, resolve);
    });
    return proxy;
  }

  get endpoint(): Endpoint {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #accept(client: Socket): Promise<void> {
    this.#track(client);
    client.pause();
    let server: Socket;
    try {
      server = await openSocket(this.#target);
    } catch {
      return void client.destroy();
    }
    this.#track(server);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroySoon());
    const passed: PassedTransaction[] = [];
    this.#passLines(client, server, (line) => {
      const transaction = this.#onItsWay(line);
      if (transaction && passed.length < WAITING_MAX) passed.push(transaction);
      return transaction?.sent ?? line;
    });
    this.#passLines(server, client, (line) => {
      this.#reportAnswer(passed, readReply(line));
      return line;
    });
    client.resume();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #passLines(from: Socket, to: Socket, pass: (line: string) => string): void {
    const reader = new LineReader(LINE_BYTES_MAX);
    from.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let line = reader.next(); line !== undefined; line = reader.next()) {
        if (line === LINE_TOO_LONG || line === LINE_NOT_UTF8) return void from.destroy();
        if (!to.write(`${pass(line)}\n`)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      }
    });
  }

  #onItsWay(line: string): PassedTransaction | undefined {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return undefined;
    }
    if (message?.accion !== 'transaccion') return undefined;
    const other = this.tamper?.(message);
    if (!other) return { original: line, sent: line, changed: false };
    return { original: line, sent: JSON.stringify(other), changed: true };
  }

  /**
   * Matches an answer to its transaction: by `id`, else to the oldest transaction without one, if the answer is to a
   * transaction.
   */
  #reportAnswer(passed: PassedTransaction[], reply: Reply): void {
    const { id } = reply.answer;
    const isNonce = 'nonce' in reply.answer || 'nonces' in reply.answer;
    const index = passed.findIndex(({ original }) => {
      const named = (JSON.parse(original) as { readonly id?: unknown }).id;
      return id === undefined ? named === undefined && !isNonce : named === id;
    });
    const [transaction] = index < 0 ? [] : passed.splice(index, 1);
    if (transaction) this.#onAnswer?.(transaction, reply);
  }
}
