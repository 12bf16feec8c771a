import type { Socket } from 'node:net';
import { LINE_NOT_UTF8, LINE_TOO_LONG, LineReader } from '../net/line-reader.ts';
import { type Endpoint, openSocket, type SocketOptions } from './endpoint.ts';

/** The reply to a message, or that there was none. */
export interface Reply {
  readonly kind: 'answer' | 'closed' | 'silent';
  /** The line as received, or in brackets why there is none. */
  readonly text: string;
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly answer: Readonly<Record<string, unknown>>;
}

const ANSWER_TIME_MS = 10_000;
const LINE_BYTES_MAX = 262_144;
const LINES_HELD_MAX = 16_384;

/**
 * A client that may break every rule of the protocol: it sends anything, and reads answers in the order of their
 * arrival.
 */
export class LabConnection {
  readonly socket: Socket;
  /** When the server ended or dropped the connection, by `performance.now()`. */
  closedAt: number | undefined;
  readonly #reader = new LineReader(LINE_BYTES_MAX);
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    const close = () => {
      this.closedAt ??= performance.now();
      this.#wake();
    };
    socket.on('end', close);
    socket.on('close', close);
    socket.on('error', () => {});
  }

  /** @throws Error with Node's `code` */
  static async open(endpoint: Endpoint, options?: SocketOptions): Promise<LabConnection> {
    return new LabConnection(await openSocket(endpoint, options));
  }

  /** Sends an object as a line of JSON, text and bytes unchanged. @returns whether more may be sent at once */
  send(message: object | string | Buffer): boolean {
    if (this.socket.destroyed) return false;
    const raw = typeof message === 'string' || Buffer.isBuffer(message);
    return this.socket.write(raw ? message : `${JSON.stringify(message)}\n`);
  }

  async receive(timeMs = ANSWER_TIME_MS): Promise<Reply> {
    const deadline = performance.now() + timeMs;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return readReply(line);
      if (this.closedAt !== undefined) return CLOSED;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return { ...SILENT, text: `(no answer within ${timeMs} ms)` };
      await this.#waitForMore(leftMs);
    }
  }

  ask(message: object | string | Buffer, timeMs?: number): Promise<Reply> {
    this.send(message);
    return this.receive(timeMs);
  }

  /** Receives that many answers, or fewer when the connection closes or is silent for `timeMs`. */
  async collect(count: number, timeMs?: number): Promise<Reply[]> {
    const replies: Reply[] = [];
    while (replies.length < count) {
      const reply = await this.receive(timeMs);
      if (reply.kind !== 'answer') break;
      replies.push(reply);
    }
    return replies;
  }

  /** Whether the server closes within this time. Keeps answers that arrive meanwhile. */
  async closedWithin(timeMs: number): Promise<boolean> {
    const deadline = performance.now() + timeMs;
    while (this.closedAt === undefined) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      await this.#waitForMore(leftMs);
    }
    return true;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #waitForMore(timeMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #read(chunk: Buffer): void {
    this.#reader.push(chunk);
    for (let line = this.#reader.next(); line !== undefined; line = this.#reader.next()) {
      if (line === LINE_TOO_LONG || line === LINE_NOT_UTF8 || this.#lines.length >= LINES_HELD_MAX)
        return void this.socket.destroy();
      this.#lines.push(line);
    }
    this.#wake();
  }
}

const NOTHING = { status: undefined, error: undefined, answer: {} };
const CLOSED: Reply = { kind: 'closed', text: '(connection closed)', ...NOTHING };
const SILENT: Reply = { kind: 'silent', text: '(no answer)', ...NOTHING };

export function readReply(line: string): Reply {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    answer = undefined;
  }
  const members = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  return {
    kind: 'answer',
    text: line,
    status: typeof members.status === 'string' ? members.status : undefined,
    error: typeof members.error === 'string' ? members.error : undefined,
    answer: members,
  };
}

/** Whether the reply is a refusal with one of these codes. */
export function isRefused(reply: Reply, ...codes: readonly string[]): boolean {
  return reply.status !== undefined && reply.status !== 'OK' && codes.includes(reply.error ?? '');
}

export function isFlagged(reply: Reply, ...codes: readonly string[]): boolean {
  return reply.status === 'POSIBLE ATAQUE' && codes.includes(reply.error ?? '');
}
