// The TCP server on services without cryptography, whose calls a test holds back, and a client that keeps every line.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Session } from '../../../src/application/sessions/session.ts';
import type { Authorisation, AuthoriseRequest } from '../../../src/application/transactions/authorisation.ts';
import { type Refusal, refuse } from '../../../src/domain/errors.ts';
import type { Logger } from '../../../src/ports/logger.ts';
import { startTcpServer, type TcpOptions, type TcpServer } from '../../../src/wire/tcp/server.ts';
import type { TcpServices } from '../../../src/wire/tcp/services.ts';
import { until } from '../../waiting.ts';

export const ALICE = { accion: 'login', username: 'alice', password: 'secreto' };

/** A service for tests of framing, order and bounds: no cryptography, and calls that a test can hold back. */
export class FixtureServices implements TcpServices {
  readonly currencyDefault = 'EUR';
  readonly requests: AuthoriseRequest[] = [];
  readonly addresses: string[] = [];
  /** The order in which use cases were called and finished. */
  readonly trace: string[] = [];
  errorsLeft = Number.POSITIVE_INFINITY;
  /** What `authorise` answers or throws instead. */
  outcome: ((request: AuthoriseRequest) => Promise<Authorisation | Refusal>) | undefined;
  readonly #users = new Map([['alice', 'secreto']]);
  readonly #held: (() => void)[] = [];
  #holding = false;
  #nonces = 0;

  hold(): void {
    this.#holding = true;
  }

  /** Lets the held calls go on: the one that was held last first, to show that answers may change their order. */
  release(): void {
    this.#holding = false;
    for (const resolve of this.#held.splice(0).reverse()) resolve();
  }

  get held(): number {
    return this.#held.length;
  }

  async registerUser({
    username,
    password,
    address,
  }: {
    username: string;
    password: string;
    address: string;
  }) {
    await this.#pass(`register ${username}`);
    this.addresses.push(address);
    if (this.#users.has(username)) return refuse('username_taken');
    this.#users.set(username, password);
    return { userId: this.#users.size, username };
  }

  async logIn({ username, password, address }: { username: string; password: string; address: string }) {
    await this.#pass(`login ${username}`);
    this.addresses.push(address);
    if (this.#users.get(username) !== password) return refuse('credentials_invalid');
    return { session: fixtureSession(username), secret: `secret-of-${username.slice(0, 16)}` };
  }

  /** Whether users are told that they are being recovered. */
  recovered = false;

  readonly messaging = undefined as unknown as TcpServices['messaging'];

  async isBeingRecovered() {
    return this.recovered;
  }

  async resumeSession({ secret }: { secret: string }) {
    await this.#pass('resume');
    return secret.startsWith('secret-of-') ? fixtureSession(secret.slice(10)) : refuse('session_ended');
  }

  async endSession() {
    await this.#pass('end');
    return undefined;
  }

  async issueChallenges(_session: Session, count: number) {
    await this.#pass('challenges');
    return Array.from({ length: count }, () => ({ nonce: fixtureNonce(this.#nonces++), expiresAt: 0 }));
  }

  async authorise(request: AuthoriseRequest): Promise<Authorisation | Refusal> {
    this.requests.push(request);
    await this.#pass(request.transfer.payee);
    if (this.outcome) return this.outcome(request);
    return {
      transactionId: `t${this.requests.length}`,
      transfer: request.transfer,
      at: 0,
      version: 1,
      repeated: false,
      ...(request.receipt ? { receipt: 'e30.e30.c2ln' } : {}),
    };
  }

  async takeError(): Promise<number> {
    return this.errorsLeft-- > 0 ? 0 : 1500;
  }

  async #pass(name: string): Promise<void> {
    this.trace.push(`> ${name}`);
    if (this.#holding) await new Promise<void>((resolve) => this.#held.push(resolve));
    this.trace.push(`< ${name}`);
  }
}

export function fixtureNonce(index: number): string {
  return index.toString(16).padStart(64, '0');
}

function fixtureSession(username: string): Session {
  return {
    userId: 1,
    username,
    role: 'user',
    kind: 'login',
    tokenId: '',
    proof: 'second_factor',
    provenAt: 0,
    sessionId: `id-of-${username}`,
    expiresAt: Number.MAX_SAFE_INTEGER,
  };
}

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

export interface Fixture {
  readonly server: TcpServer;
  readonly services: FixtureServices;
  readonly log: LogLine[];
  readonly port: number;
}

export async function startFixture(t: TestContext, options: Partial<TcpOptions> = {}): Promise<Fixture> {
  const services = new FixtureServices();
  const log: LogLine[] = [];
  const write = (level: keyof Logger) => (fields: object, message: string) =>
    void log.push({ level, fields, message });
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const server = await startTcpServer({ host: '127.0.0.1', port: 0, services, logger, ...options });
  t.after(() => server.stop(0));
  return { server, services, log, port: server.address().port };
}

export type Answer = Record<string, unknown>;

/** A client that keeps what it is sent, line by line. */
export class Client {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** Whether the server said that it sends no more. */
  ended = false;
  readonly #lines: string[] = [];
  #rest = '';

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('end', () => {
      this.ended = true;
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
    });
  }

  static async connect(
    t: TestContext,
    port: number,
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options });
    t.after(() => socket.destroy());
    const client = new Client(socket);
    await once(socket, 'connect');
    return client;
  }

  static async loggedIn(t: TestContext, port: number): Promise<Client> {
    const client = await Client.connect(t, port);
    const answer = await client.ask(ALICE);
    if (answer.status !== 'OK') throw new Error(`log-in: ${JSON.stringify(answer)}`);
    return client;
  }

  send(...messages: readonly (object | string | Buffer)[]): void {
    for (const message of messages) {
      if (Buffer.isBuffer(message) || typeof message === 'string') this.socket.write(message);
      else this.socket.write(`${JSON.stringify(message)}\n`);
    }
  }

  async text(): Promise<string> {
    await until(() => this.#lines.length > 0);
    return this.#lines.shift() ?? '';
  }

  async answer(): Promise<Answer> {
    return JSON.parse(await this.text()) as Answer;
  }

  async answers(count: number): Promise<Answer[]> {
    const all: Answer[] = [];
    while (all.length < count) all.push(await this.answer());
    return all;
  }

  async ask(message: object | string): Promise<Answer> {
    this.send(message);
    return this.answer();
  }

  /** Lines that came and were not asked for yet. */
  get unread(): number {
    return this.#lines.length;
  }
}
