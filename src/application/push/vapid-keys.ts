import { createECDH, createPrivateKey, hash, type KeyObject, sign } from 'node:crypto';
import type { DerivedKey, KeyVault } from '../../ports/key-vault.ts';

const CURVE = 'prime256v1';
/** At most a day (RFC 8292, section 2). */
const TOKEN_TIME_S = 12 * 3_600;
/** How long what the vault derived is kept: a rotation is noticed after this time. */
const CACHED_MS = 60_000;

/** A key by which push services know this server (RFC 8292). A subscription is bound to the one it was made with. */
export interface VapidKey {
  /** The version of the vault's keys that it comes from. */
  readonly version: number;
  /** An uncompressed point of P-256 in base64url: the `applicationServerKey` of a browser. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/**
 * The server's keys for Web Push, derived by the vault: all servers of one vault have the same ones, and the store holds
 * none. A rotation makes a new one; the one before serves the subscriptions made with it for as long as the vault keeps it.
 *
 * Why: docs/DECISIONS.md#keys-for-push-are-derived-by-the-vault
 */
export class VapidKeys {
  readonly #vault: Pick<KeyVault, 'deriveKeys'>;
  #known: { readonly keys: readonly VapidKey[]; readonly until: number } | undefined;

  constructor(vault: Pick<KeyVault, 'deriveKeys'>) {
    this.#vault = vault;
  }

  /** Returns the keys that still serve, the newest first. @throws VaultUnavailable */
  async list(): Promise<readonly VapidKey[]> {
    if (this.#known && this.#known.until > performance.now()) return this.#known.keys;
    const keys = (await this.#vault.deriveKeys('session', 'web-push/vapid')).map(vapidKey);
    this.#known = { keys, until: performance.now() + CACHED_MS };
    return keys;
  }
}

function vapidKey({ version, key }: DerivedKey): VapidKey {
  const pair = createECDH(CURVE);
  // One in 2^32 derived values is no private key of the curve; its hash is taken instead.
  for (let scalar: Uint8Array = key; ; scalar = hash('sha256', scalar, 'buffer')) {
    try {
      pair.setPrivateKey(scalar);
      break;
    } catch {}
  }
  const point = pair.getPublicKey();
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', x: text(point.subarray(1, 33)), y: text(point.subarray(33)) },
    d: pair.getPrivateKey().toString('base64url'),
  };
  return {
    version,
    publicKey: text(point),
    privateKey: createPrivateKey({ key: jwk, format: 'jwk' }),
  };
}

/**
 * Returns the value of `Authorization` for a push service: a JWT that is good there alone (RFC 8292, sections 2 and 3).
 * @param contact - `mailto:` or `https:`: whom the service may tell of trouble; undefined: nobody
 * @param at - ms since 1970
 */
export function vapidAuthorization(
  { publicKey, privateKey }: VapidKey,
  endpoint: string,
  contact: string | undefined,
  at: number,
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    aud: new URL(endpoint).origin,
    exp: Math.floor(at / 1_000) + TOKEN_TIME_S,
    ...(contact === undefined ? {} : { sub: contact }),
  };
  const signed = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `vapid t=${signed}.${signature.toString('base64url')}, k=${publicKey}`;
}
