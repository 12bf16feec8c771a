// A WebAuthn authenticator and its browser in software, byte by byte.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const FLAGS = { userPresent: 1, userVerified: 4, attestedData: 64 } as const;
const AAGUID = Buffer.alloc(16);

/** A WebAuthn authenticator with a key on P-256, and the browser around it: what they send, byte by byte. */
export class Authenticator {
  readonly credentialId = randomBytes(32);
  readonly #privateKey: KeyObject;
  readonly #publicKey: Buffer;
  counter: number;
  /** What it says it saw; a test of a foreign site changes them. */
  origin: string;
  relyingPartyId: string;
  userVerified = true;
  userHandle = '';

  constructor(origin: string, { counter = 1 } = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // RFC 9053: kty EC2, alg ES256, crv P-256.
    const point = new Map<number, number | Buffer>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, 'base64url')],
      [-3, Buffer.from(y, 'base64url')],
    ]);
    this.#publicKey = cbor(point);
    this.counter = counter;
    this.origin = origin;
    this.relyingPartyId = new URL(origin).hostname;
  }

  get id(): string {
    return this.credentialId.toString('base64url');
  }

  /** @param options of POST /v1/passkeys/options */
  register(options: { readonly challenge: string; readonly user: { readonly id: string } }) {
    this.userHandle = options.user.id;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([AAGUID, length, this.credentialId, this.#publicKey]);
    const authData = Buffer.concat([this.#authenticatorData(FLAGS.attestedData), attested]);
    const attestation = cbor(
      new Map<string, CborValue>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    );
    return {
      ...this.#envelope(),
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      },
    };
  }

  /** @param options of POST /v1/passkeys/challenges */
  logIn(options: { readonly challenge: string }) {
    if (this.counter > 0) this.counter++;
    const authenticatorData = this.#authenticatorData(0);
    const clientData = this.#clientData('webauthn.get', options.challenge);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()]);
    return {
      ...this.#envelope(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authenticatorData.toString('base64url'),
        signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
        userHandle: this.userHandle,
      },
    };
  }

  #envelope() {
    return { id: this.id, rawId: this.id, type: 'public-key', clientExtensionResults: {} };
  }

  #authenticatorData(more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const flags = FLAGS.userPresent | (this.userVerified ? FLAGS.userVerified : 0) | more;
    const rp = createHash('sha256').update(this.relyingPartyId).digest();
    return Buffer.concat([rp, Buffer.from([flags]), counter]);
  }

  #clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }
}

type CborValue = number | string | Uint8Array | ReadonlyMap<number | string, CborValue>;

/** RFC 8949, as far as an authenticator needs it. */
function cbor(value: CborValue): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  const members = [...value].flatMap(([key, member]) => [cbor(key), cbor(member)]);
  return Buffer.concat([head(5, value.size), ...members]);
}

function head(major: number, count: number): Buffer {
  const type = major << 5;
  if (count < 24) return Buffer.from([type | count]);
  if (count < 256) return Buffer.from([type | 24, count]);
  return Buffer.from([type | 25, count >> 8, count & 255]);
}
