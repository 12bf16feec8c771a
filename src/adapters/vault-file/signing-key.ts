import { createPrivateKey, generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { type PublicJwk, publicJwk } from '../vault-keys/public-jwk.ts';

/** An ES256 key (P-256, RFC 7518 section 3.4). A retired key has no private key any more. */
export interface SigningKey {
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject | undefined;
}

export function generateSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = privateKey.export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new Error('a P-256 key has no coordinates');
  return { jwk: publicJwk(x, y), privateKey };
}

export function retire(key: SigningKey): SigningKey {
  return { jwk: key.jwk, privateKey: undefined };
}

/** Exports a key as a JWK (RFC 7517) for the sealed content, with `d` unless the key is retired. */
export function exportSigningKey(key: SigningKey): webcrypto.JsonWebKey {
  return key.privateKey
    ? key.privateKey.export({ format: 'jwk' })
    : { kty: 'EC', crv: 'P-256', x: key.jwk.x, y: key.jwk.y };
}

export function importSigningKey(jwk: webcrypto.JsonWebKey): SigningKey {
  const { x, y, d } = jwk;
  if (x === undefined || y === undefined) throw new Error('a signing key has no coordinates');
  return {
    jwk: publicJwk(x, y),
    privateKey:
      d === undefined
        ? undefined
        : createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' }),
  };
}
