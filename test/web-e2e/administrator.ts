import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';
import { hotpCode } from '../../src/domain/otp/hotp.ts';
import { PASSWORD } from './console.ts';
import type { Sello } from './sello.ts';

const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

/** The first administrator, with a token that shows codes by the count, and a session of the API that has shown one. */
export class Administrator {
  readonly username: string;
  /** Access token. */
  readonly token: string;
  readonly #seed: Uint8Array;
  #counter = 0;

  private constructor(username: string, token: string, secret: string) {
    this.username = username;
    this.token = token;
    this.#seed = decodeBase32(secret) ?? new Uint8Array();
  }

  static async setUp(sello: Pick<Sello, 'setUpLink' | 'ask'>, username: string): Promise<Administrator> {
    const code = (await sello.setUpLink()).split('=').at(-1);
    await sello.ask('POST', '/v1/setup', { body: { code, username, password: PASSWORD } });
    const { json } = await sello.ask('POST', '/v1/sessions', { body: { username, password: PASSWORD } });
    const { access_token: token } = json;
    const enrolled = await sello.ask('POST', '/v1/tokens', { token, body: { type: 'hotp' } });
    const made = new Administrator(username, token, enrolled.json.secret);
    const path = `/v1/tokens/${enrolled.json.id}/activation`;
    const { status } = await sello.ask('POST', path, { token, body: { code: made.code() } });
    assert.equal(status, 200);
    return made;
  }

  /** The next code. */
  code(): string {
    return hotpCode(hmac, this.#seed, this.#counter++, { algorithm: 'sha1', digits: 6 });
  }
}
