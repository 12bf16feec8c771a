import { createPublicKey, verify } from 'node:crypto';

/** A JWK set (RFC 7517 section 5), as `/.well-known/jwks.json` serves it. */
export interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Verifies an ES256 signature (RFC 7518 section 3.4) by the one key of the set that `keyId` names. Does NOT check that the
 * key set is the server's.
 * @returns `no_key` when the set has no such key, several, or one that is for something else
 */
export function verifyByKeySet(
  keySet: KeySet,
  keyId: string,
  signingInput: string,
  signature: Uint8Array,
): 'fits' | 'no_key' | 'differs' {
  const named = keySet.keys.filter((key) => key.kid === keyId);
  const [jwk] = named;
  if (!jwk || named.length > 1) return 'no_key';
  const { kty, crv, x, y } = jwk;
  // A key that says it is for something else must not verify this (RFC 7517 sections 4.2 to 4.4).
  if ((jwk.alg ?? 'ES256') !== 'ES256' || (jwk.use ?? 'sig') !== 'sig' || !verifies(jwk.key_ops))
    return 'no_key';
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string') return 'no_key';
  try {
    const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    const fits = verify('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' }, signature);
    return fits ? 'fits' : 'differs';
  } catch {
    // Not a point on the curve.
    return 'no_key';
  }
}

function verifies(operations: unknown): boolean {
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}
