import { createHash, createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientAnswer, ConnectionLost, TcpClient } from '../../src/client/tcp-client.ts';
import { encodeTransaction } from '../../src/domain/transaction/canonical-transaction.ts';

/** Of every customer. */
export const PASSWORD = 'secreto-del-simulacro';
const MAC_KEY = createHash('sha256').update(PASSWORD).digest();
/** After this long without an answer a customer turns to another server, unless it was told to wait longer. */
const ANSWER_TIME_MS = 1_000;
const LOG_IN_TIME_MS = 20_000;
const RETRY_PAUSE_MS = 50;
const LOG_INS_MAX = 5;

/** The addresses of a server. */
export interface ServerAddress {
  readonly tcpPort: number;
  /** `http://127.0.0.1:8080` */
  readonly http: string;
  /** The certificate authority (PEM) to trust, and the name in the certificate. Unset: TCP without TLS. */
  readonly tls?: { readonly ca: string; readonly serverName: string };
}

/** A customer of the drill: makes one transfer after the other, and retries each until it is acknowledged. */
export abstract class Customer {
  readonly name: string;
  readonly servers: readonly ServerAddress[];
  /** Transaction ids by payee. Each transfer has a payee of its own. */
  readonly acknowledged = new Map<string, string>();
  readonly repeatedDifferently: string[] = [];
  retries = 0;
  protected readonly answerTimeMs: number;
  readonly #first: number;
  #server: number;
  #goingHome = false;
  #count = 0;
  #lastAt = performance.now();
  #longestMs = 0;

  constructor(name: string, servers: readonly ServerAddress[], first: number, answerTimeMs = ANSWER_TIME_MS) {
    this.answerTimeMs = answerTimeMs;
    this.name = name;
    this.servers = servers;
    this.#first = first;
    this.#server = first;
  }

  get server(): ServerAddress {
    return this.servers[this.#server % this.servers.length] as ServerAddress;
  }

  /** Registers, unless its account is there already, and logs in. */
  abstract arrive(hasAccount?: boolean): Promise<void>;
  /** Sends the transfer once. @returns the transaction's id; `undefined` when the answer is "later" @throws without an answer */
  protected abstract transfer(payee: string, key: string): Promise<string | undefined>;
  protected abstract disconnect(): void;

  /** Returns the longest time without an acknowledgement since the last call, in ms. */
  takePause(): number {
    const pause = Math.max(this.#longestMs, performance.now() - this.#lastAt);
    this.#longestMs = 0;
    this.#lastAt = performance.now();
    return pause;
  }

  /** Returns to its first server before the next transfer, so that each server has customers when a fault strikes. */
  goHome(): void {
    this.#goingHome = true;
  }

  async work(until: { readonly over: boolean }): Promise<void> {
    this.#lastAt = performance.now();
    while (!until.over) {
      if (this.#goingHome) {
        this.#goingHome = false;
        this.disconnect();
        this.#server = this.#first;
      }
      const payee = `${this.name}-${this.#count++}`;
      const id = await this.#persist(payee);
      const now = performance.now();
      this.#longestMs = Math.max(this.#longestMs, now - this.#lastAt);
      this.#lastAt = now;
      const known = this.acknowledged.get(payee);
      if (known !== undefined && known !== id) this.repeatedDifferently.push(payee);
      this.acknowledged.set(payee, id);
    }
    this.disconnect();
  }

  async #persist(payee: string): Promise<string> {
    const key = randomUUID();
    for (;;) {
      try {
        const id = await this.transfer(payee, key);
        if (id !== undefined) return id;
      } catch (error) {
        if (error instanceof TypeError || error instanceof ReferenceError) {
          // For a failed connection fetch throws a TypeError with a cause; any other error is a mistake in this script.
          if (error.cause === undefined) throw error;
        }
        this.disconnect();
        this.#server++;
      }
      this.retries++;
      await delay(RETRY_PAUSE_MS);
    }
  }
}

/** A customer over TCP. Opens a new connection when the last one is lost. */
export class TcpCustomer extends Customer {
  #client: TcpClient | undefined;
  #session = '';

  async arrive(hasAccount = false): Promise<void> {
    const client = await this.#connect(LOG_IN_TIME_MS);
    for (const accion of hasAccount ? ['login'] : ['register', 'login']) {
      const answer = await client.request({ accion, username: this.name, password: PASSWORD });
      if (answer.status !== 'OK') throw new Error(JSON.stringify(answer));
      this.#session = String(answer.sesion ?? '');
    }
    client.destroy();
  }

  protected async transfer(payee: string, key: string): Promise<string | undefined> {
    if (!this.#client) {
      const client = await this.#connect();
      const resumed = await client.request({ accion: 'reanudar', sesion: this.#session });
      if (!isDone(resumed)) {
        client.destroy();
        return undefined;
      }
      this.#client = client;
    }
    const challenge = await this.#client.request({ accion: 'pet_transaccion' });
    if (!isDone(challenge)) return undefined;
    const nonce = String(challenge.nonce);
    const data = `CuentaA,${payee},0.01`;
    const mac = createHmac('sha256', MAC_KEY)
      .update(data + nonce)
      .digest('hex');
    const answer = await this.#client.request({ accion: 'transaccion', data, nonce, mac, idempotencia: key });
    return isDone(answer) ? String(answer.transaccion) : undefined;
  }

  protected disconnect(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }

  #connect(answerTimeMs = this.answerTimeMs): Promise<TcpClient> {
    const { tcpPort: port, tls } = this.server;
    return TcpClient.connect({
      ...{ host: '127.0.0.1', port, ...(tls ? { tls } : {}) },
      connectTimeMs: this.answerTimeMs,
      answerTimeMs,
    });
  }
}

/** @returns false when the server answers "later" @throws for any other refusal */
function isDone(answer: ClientAnswer): boolean {
  if (answer.status === 'OK') return true;
  if (answer.error === 'unavailable' || answer.error === 'busy') return false;
  throw new ConnectionLost(JSON.stringify(answer));
}

interface HttpAnswer {
  readonly status: number;
  readonly json: {
    readonly id?: string;
    readonly access_token?: string;
    readonly challenges?: readonly { readonly nonce: string }[];
  };
}

/** A customer over HTTP. */
export class HttpCustomer extends Customer {
  #token = '';

  async arrive(hasAccount = false): Promise<void> {
    const credentials = { username: this.name, password: PASSWORD };
    if (!hasAccount) await this.#post('/v1/users', credentials);
    const { status, json } = await this.#logIn(credentials);
    if (status !== 201 || json.access_token === undefined) throw new Error(`log-in: ${status}`);
    this.#token = json.access_token;
  }

  /** Tries again where a balancer refuses the stream, as it does when its own connection was closed meanwhile. */
  async #logIn(credentials: object): Promise<HttpAnswer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#post('/v1/sessions', credentials);
      } catch (error) {
        if (tries === LOG_INS_MAX) throw error;
        await delay(RETRY_PAUSE_MS);
      }
    }
  }

  protected async transfer(payee: string, key: string): Promise<string | undefined> {
    const issued = await this.#post('/v1/challenges', {});
    const nonce = issued.json.challenges?.[0]?.nonce;
    if (nonce === undefined) return undefined;
    const transaction = { payer: 'CuentaA', payee, amount: '0.01', currency: 'EUR' };
    const mac = createHmac('sha256', MAC_KEY)
      .update(encodeTransaction({ ...transaction, challenge: nonce, v: 1 }))
      .digest('hex');
    const answer = await this.#post('/v1/transactions', { ...transaction, nonce, mac }, key);
    if (answer.status === 201 || answer.status === 200) return String(answer.json.id);
    if (answer.status === 503) return undefined;
    throw new ConnectionLost(`${answer.status} ${JSON.stringify(answer.json)}`);
  }

  protected disconnect(): void {}

  async #post(path: string, body: object, key?: string): Promise<HttpAnswer> {
    const response = await fetch(this.server.http + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(
        path === '/v1/sessions' || path === '/v1/users' ? LOG_IN_TIME_MS : this.answerTimeMs,
      ),
    });
    return { status: response.status, json: (await response.json()) as HttpAnswer['json'] };
  }
}
