import { hash } from 'node:crypto';

/** RFC 7517, with the members that a verifier looks for. */
export type PublicJwk = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>;

/** The JWK of a P-256 key; its id is the RFC 7638 thumbprint: the required members in lexicographic order, hashed. */
export function publicJwk(x: string, y: string): PublicJwk {
  const kid = hash('sha256', `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`, 'base64url');
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}
