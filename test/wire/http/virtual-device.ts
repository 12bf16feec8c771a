// A phone with a virtual token, as the pages make one, for tests of the API.
import assert from 'node:assert/strict';
import { createHmac, webcrypto } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { boundCode } from '../../../src/domain/otp/bound-code.ts';
import { totpCode } from '../../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../../src/domain/transaction/bound-question.ts';
import type { ApiUser, HttpFixture, Json, Response } from './http-fixture.ts';

const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

/** What a virtual token does in its browser: a key of its own, an invitation claimed, codes computed here. */
export class VirtualDevice {
  readonly fixture: HttpFixture;
  readonly publicKey: Json;
  readonly #privateKey: webcrypto.CryptoKey;
  payload: Json;
  /** Its access token. */
  token = '';

  private constructor(fixture: HttpFixture, publicKey: Json, privateKey: webcrypto.CryptoKey) {
    this.fixture = fixture;
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  static async make(fixture: HttpFixture): Promise<VirtualDevice> {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, [
      'deriveBits',
    ]);
    return new VirtualDevice(
      fixture,
      await webcrypto.subtle.exportKey('jwk', pair.publicKey),
      pair.privateKey,
    );
  }

  /** Enrolled and confirmed. */
  static async enrolled(user: ApiUser, more: object = {}): Promise<VirtualDevice> {
    const device = await VirtualDevice.make(user.fixture);
    const invited = await user.post('/v1/enrolments', {});
    assert.equal(invited.status, 201, invited.text);
    await device.take(await device.claim(invited.json.code, { label: 'phone', ...more }));
    const { status, text } = await device.confirm();
    assert.equal(status, 200, text);
    return device;
  }

  claim(code: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    const body = { code, device_key: this.publicKey, ...more };
    return this.fixture.post('/v1/enrolments/claim', undefined, body, headers);
  }

  /** Opens the JWE of a claim, and gets an access token. */
  async take(claimed: Response): Promise<void> {
    assert.equal(claimed.status, 201, claimed.text);
    this.payload = await this.open(claimed.json.jwe);
    await this.resume();
  }

  async open(jwe: string): Promise<Json> {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, this.#privateKey);
    assert.deepEqual([protectedHeader.alg, protectedHeader.enc], ['ECDH-ES', 'A256GCM']);
    return JSON.parse(Buffer.from(plaintext).toString());
  }

  async resume(): Promise<Response> {
    const body = { session: this.payload.session };
    const resumed = await this.fixture.post('/v1/sessions/resumption', undefined, body);
    this.token = resumed.json.access_token ?? '';
    return resumed;
  }

  confirm(): Promise<Response> {
    const [first] = this.payload.tokens;
    const code = first.type === 'ocra' ? this.answer(first.activation_question) : this.logInCode();
    return this.post(`/v1/tokens/${first.id}/activation`, { code });
  }

  get(path: string): Promise<Response> {
    return this.fixture.get(path, this.token);
  }

  post(path: string, body?: unknown): Promise<Response> {
    return this.fixture.post(path, this.token, body);
  }

  delete(path: string): Promise<Response> {
    return this.fixture.request('DELETE', path, { token: this.token });
  }

  /** Of now, for a log-in. */
  logInCode(): string {
    return totpCode(hmac, this.#seed('totp'), this.fixture.now(), {
      algorithm: 'sha1',
      digits: 6,
      periodS: 60,
    });
  }

  /** Over a transaction as the server showed it. */
  codeOver({ payer, payee, amount, currency, challenge }: Json): string {
    return this.answer(boundQuestion({ payer, payee, amount, currency, challenge, v: 1 }));
  }

  answer(question: string): string {
    return boundCode(hmac, this.#seed('ocra'), question, this.fixture.now());
  }

  #seed(type: string): Buffer {
    const token = this.payload.tokens.find((token: Json) => token.type === type);
    assert.ok(token, `the device has a ${type} token`);
    return Buffer.from(token.seed, 'base64url');
  }
}
