import { createPrivateKey, generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { type PublicJwk, publicJwk } from '../vault-keys/public-jwk.ts';

/** An ES256 key (P-256, RFC 7518 section 3.4). A retired key has no private key any more. */
export interface SigningKey {
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject | undefined;
  /** ms since 1970; 0: made before this was kept. */
  readonly createdAt: number;
}

export function generateSigningKey(createdAt: number): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = privateKey.export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new Error('a P-256 key has no coordinates');
  return { jwk: publicJwk(x, y), privateKey, createdAt };
}

export function retire(key: SigningKey): SigningKey {
  return { ...key, privateKey: undefined };
}

/** A JWK with the time of its making beside it, ms since 1970. */
type DatedJwk = webcrypto.JsonWebKey & { readonly created_at?: number };

/** Exports a key as a JWK (RFC 7517) for the sealed content, with `d` unless the key is retired. */
export function exportSigningKey({ jwk: { x, y }, privateKey, createdAt }: SigningKey): DatedJwk {
  const jwk = privateKey ? privateKey.export({ format: 'jwk' }) : { kty: 'EC', crv: 'P-256', x, y };
  return { ...jwk, created_at: createdAt };
}

export function importSigningKey(jwk: DatedJwk): SigningKey {
  const { x, y, d, created_at: createdAt = 0 } = jwk;
  if (x === undefined || y === undefined) throw new Error('a signing key has no coordinates');
  return {
    jwk: publicJwk(x, y),
    createdAt,
    privateKey:
      d === undefined
        ? undefined
        : createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' }),
  };
}
