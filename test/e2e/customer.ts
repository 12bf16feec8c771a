// A customer of the TCP protocol, for the tests of the whole program.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import type { ClientAnswer, TcpClient } from '../../src/client/tcp-client.ts';

export const PASSWORD = 'secreto';

export interface SentTransfer {
  /** As sent: `payer,payee,amount`. */
  readonly data: string;
  readonly idempotencyKey?: string;
  readonly receipt?: boolean;
}

/** A user of the protocol on one connection after the other. */
export class Customer {
  readonly username: string;
  readonly #macKey: Buffer;
  #client: TcpClient | undefined;
  /** What resumes the session. */
  secret = '';
  #nonces: string[] = [];

  constructor(username: string, password: string = PASSWORD) {
    this.username = username;
    this.#macKey = createHash('sha256').update(password, 'utf8').digest();
  }

  get client(): TcpClient {
    assert.ok(this.#client, 'not connected');
    return this.#client;
  }

  /** Registers, logs in. */
  async arrive(client: TcpClient, password: string = PASSWORD): Promise<void> {
    const { username } = this;
    this.use(client);
    expectOk(await client.request({ accion: 'register', username, password }));
    await this.logIn(password);
  }

  async logIn(password: string = PASSWORD): Promise<void> {
    const answer = expectOk(
      await this.client.request({ accion: 'login', username: this.username, password }),
    );
    this.secret = String(answer.sesion);
    this.#nonces = [];
  }

  /** Goes on with the session on another connection. */
  async resume(client: TcpClient): Promise<void> {
    this.use(client);
    expectOk(await client.request({ accion: 'reanudar', sesion: this.secret }));
  }

  use(client: TcpClient): void {
    this.#client = client;
    this.#nonces = [];
  }

  async fetchNonces(count: number): Promise<void> {
    const answer = expectOk(await this.client.request({ accion: 'pet_transaccion', cantidad: count }));
    this.#nonces.push(...(answer.nonces ?? []));
  }

  /** Sends a transfer with its MAC, on a nonce that was fetched before. */
  send({ data, idempotencyKey, receipt }: SentTransfer): Promise<ClientAnswer> {
    const nonce = this.#nonces.pop();
    assert.ok(nonce, 'no nonce is left');
    return this.client.request({
      accion: 'transaccion',
      data,
      nonce,
      mac: createHmac('sha256', this.#macKey)
        .update(data + nonce, 'utf8')
        .digest('hex'),
      ...(idempotencyKey === undefined ? {} : { idempotencia: idempotencyKey }),
      ...(receipt ? { recibo: true } : {}),
    });
  }

  get noncesLeft(): number {
    return this.#nonces.length;
  }
}

export function expectOk(answer: ClientAnswer): ClientAnswer {
  assert.equal(answer.status, 'OK', JSON.stringify(answer));
  return answer;
}
