import { hash } from 'node:crypto';

/** A public P-256 key as a JWK (RFC 7517), with the members that verifiers look for. */
export type PublicJwk = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>;

/** Makes the JWK of a P-256 key. Its id is the thumbprint of RFC 7638: SHA-256 of the required members in lexicographic order. */
export function publicJwk(x: string, y: string): PublicJwk {
  const kid = hash('sha256', `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`, 'base64url');
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}
