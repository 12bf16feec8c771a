import { calculateJwkThumbprint, exportJWK, importJWK, type JWK } from 'jose';

/*
 * The keys of messages, by WebCrypto: the same in Node and in a browser, where the private ones may be non-extractable.
 */

const EC = { namedCurve: 'P-256' } as const;

export interface KeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** A user's own keys: one pair signs, the other is sealed to. */
export interface IdentityKeys {
  readonly sign: KeyPair;
  readonly seal: KeyPair;
  /** Thumbprints (RFC 7638) of the public keys. */
  readonly signKey: string;
  readonly sealKey: string;
}

/** Somebody's public keys, as the directory or a file gives them. */
export interface Correspondent {
  readonly user: string;
  readonly signJwk: JWK;
  readonly sealJwk: JWK;
  readonly signKey: string;
  readonly sealKey: string;
}

/** @param extractable whether the private keys can be written to a file; in a browser they need not */
export async function makeIdentityKeys(extractable = false): Promise<IdentityKeys> {
  const [sign, seal] = await Promise.all([
    crypto.subtle.generateKey({ name: 'ECDSA', ...EC }, extractable, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'ECDH', ...EC }, extractable, ['deriveBits']),
  ]);
  return withThumbprints(sign, seal);
}

/** @param sign private JWK @param seal the same. @throws where one is none */
export async function importIdentityKeys(sign: JWK, seal: JWK): Promise<IdentityKeys> {
  const ecdsa = { name: 'ECDSA', ...EC };
  const ecdh = { name: 'ECDH', ...EC };
  const read = (jwk: JWK, algorithm: typeof ecdsa, uses: ('sign' | 'verify' | 'deriveBits')[]) =>
    crypto.subtle.importKey('jwk', plain(jwk), algorithm, true, uses);
  return withThumbprints(
    {
      privateKey: await read(sign, ecdsa, ['sign']),
      publicKey: await read(publicOf(sign), ecdsa, ['verify']),
    },
    { privateKey: await read(seal, ecdh, ['deriveBits']), publicKey: await read(publicOf(seal), ecdh, []) },
  );
}

async function withThumbprints(sign: KeyPair, seal: KeyPair): Promise<IdentityKeys> {
  const [signKey, sealKey] = await Promise.all([thumbprint(sign.publicKey), thumbprint(seal.publicKey)]);
  return { sign, seal, signKey, sealKey };
}

async function thumbprint(key: CryptoKey): Promise<string> {
  return calculateJwkThumbprint(await exportJWK(key));
}

/** The public keys as the server takes them. */
export async function publicJwksOf({ sign, seal }: IdentityKeys): Promise<{ sign_jwk: JWK; seal_jwk: JWK }> {
  const [signJwk, sealJwk] = await Promise.all([exportJWK(sign.publicKey), exportJWK(seal.publicKey)]);
  return { sign_jwk: publicOf(signJwk), seal_jwk: publicOf(sealJwk) };
}

/**
 * Reads the directory's answer about somebody. Checks that both are P-256 keys, and computes their thumbprints itself. Does
 * NOT check whose they are: see `pinned-keys.ts`.
 * @returns undefined where it is none
 */
export async function readCorrespondent(answer: unknown): Promise<Correspondent | undefined> {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { user, sign_jwk: sign, seal_jwk: seal } = answer as Readonly<Record<string, unknown>>;
  if (typeof user !== 'string' || !isPublicJwk(sign) || !isPublicJwk(seal)) return undefined;
  const [signJwk, sealJwk] = [publicOf(sign), publicOf(seal)];
  try {
    await Promise.all([importJWK(signJwk, 'ES256'), importJWK(sealJwk, 'ECDH-ES+A256KW')]);
    const [signKey, sealKey] = await Promise.all([
      calculateJwkThumbprint(signJwk),
      calculateJwkThumbprint(sealJwk),
    ]);
    return { user, signJwk, sealJwk, signKey, sealKey };
  } catch {
    // Not points on the curve.
    return undefined;
  }
}

function isPublicJwk(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, crv, x, y } = value as JWK;
  return kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string';
}

function publicOf({ crv, kty, x, y }: JWK): JWK {
  return { crv, kty, x, y } as JWK;
}

function plain({ crv, kty, x, y, d }: JWK): JWK {
  return { crv, kty, x, y, ...(d === undefined ? {} : { d }) } as JWK;
}
