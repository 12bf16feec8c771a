import { createPublicKey, verify } from 'node:crypto';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { parseReceipt, type ReceiptClaims } from '../../domain/transaction/receipt.ts';

/** A JWK set (RFC 7517 section 5), as `/.well-known/jwks.json` serves it. */
export interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Verifies a receipt offline: its form to the letter, and its signature by the one key of the set that it names.
 * Does NOT check that the key set is the server's, nor that the journal's entry still says the same.
 */
export function verifyReceipt(jws: string, keySet: KeySet): ReceiptClaims | Refusal {
  const receipt = parseReceipt(jws);
  if (isRefusal(receipt)) return receipt;
  const named = keySet.keys.filter((key) => key.kid === receipt.header.kid);
  const [jwk] = named;
  if (!jwk || named.length > 1) return invalid('key');
  const { kty, crv, x, y } = jwk;
  // A key that says it is for something else must not verify this (RFC 7517 sections 4.2 to 4.4).
  if ((jwk.alg ?? 'ES256') !== 'ES256' || (jwk.use ?? 'sig') !== 'sig' || !verifies(jwk.key_ops))
    return invalid('key');
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string')
    return invalid('key');
  const fits = verifySignature({ kty, crv, x, y }, receipt.signingInput, receipt.signature);
  if (fits === undefined) return invalid('key');
  return fits ? receipt.claims : invalid('signature');
}

/** @returns undefined where the key is not a point on the curve */
function verifySignature(
  key: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string },
  signingInput: string,
  signature: Uint8Array,
): boolean | undefined {
  try {
    const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
    return verify(
      'sha256',
      Buffer.from(signingInput),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      signature,
    );
  } catch {
    return undefined;
  }
}

function verifies(operations: unknown): boolean {
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

function invalid(part: 'key' | 'signature'): Refusal {
  return refuse('data_invalid', { detail: `receipt: ${part}` });
}
