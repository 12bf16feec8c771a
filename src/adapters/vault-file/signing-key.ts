import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, type webcrypto } from 'node:crypto';

/** An ES256 key: P-256, RFC 7518 section 3.4. A retired one has no private half any more. */
export interface SigningKey {
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject | undefined;
}

/** RFC 7517, with the members that a verifier looks for. */
export type PublicJwk = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>;

export function generateSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = privateKey.export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new Error('a P-256 key has no coordinates');
  return { jwk: publicJwk(x, y), privateKey };
}

export function retire(key: SigningKey): SigningKey {
  return { jwk: key.jwk, privateKey: undefined };
}

/** As the sealed content keeps it: RFC 7517, with `d` where the private half is kept. */
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

/** The key id is the RFC 7638 thumbprint: the required members in lexicographic order, hashed. */
function publicJwk(x: string, y: string): PublicJwk {
  const kid = hash('sha256', `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`, 'base64url');
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}
