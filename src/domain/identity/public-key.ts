import { createPublicKey, hash } from 'node:crypto';

/** The public part of a P-256 key, with the members that a thumbprint covers and no others (RFC 7518 section 6.2.1). */
export interface PublicKey {
  readonly crv: 'P-256';
  readonly kty: 'EC';
  readonly x: string;
  readonly y: string;
}

/** A coordinate: 32 bytes in base64url, whose last character has no bits beyond them. */
const COORDINATE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
/** What libraries write beside the key itself. */
const IGNORED: ReadonlySet<string> = new Set(['alg', 'use', 'kid', 'key_ops', 'ext']);
const MEMBERS: ReadonlySet<string> = new Set(['crv', 'kty', 'x', 'y']);

/**
 * Reads a JWK (RFC 7517) as a public P-256 key. Does NOT check whose it is, or what it is for.
 * @returns what is wrong with it, as a few words
 */
export function readPublicKey(jwk: unknown): PublicKey | string {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'a JWK';
  if ('d' in jwk) return 'the private part (d) does not leave its device';
  const foreign = Object.keys(jwk).find((name) => !MEMBERS.has(name) && !IGNORED.has(name));
  if (foreign !== undefined) return `${foreign.slice(0, 16)} is not expected`;
  const { crv, kty, x, y } = jwk as Readonly<Record<string, unknown>>;
  if (kty !== 'EC' || crv !== 'P-256') return 'kty must be EC and crv P-256';
  if (typeof x !== 'string' || typeof y !== 'string' || !COORDINATE.test(x) || !COORDINATE.test(y))
    return 'x and y must be 32 bytes each, in base64url';
  const key = { crv, kty, x, y } as const;
  return isOnCurve(key) ? key : 'not a point on the curve';
}

/** A point off the curve would give a private key away, bit by bit, to who sends several (RFC 7518 section 8.1). */
function isOnCurve(key: PublicKey): boolean {
  try {
    createPublicKey({ key: { ...key }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** The JWK thumbprint (RFC 7638): SHA-256 in base64url, 43 characters. */
export function thumbprintOf({ crv, kty, x, y }: PublicKey): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

/** The form of a thumbprint. */
export const THUMBPRINT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
