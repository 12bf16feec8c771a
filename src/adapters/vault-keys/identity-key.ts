import { createPublicKey, hash } from 'node:crypto';
import type { KeyPairUse } from '../../ports/key-vault.ts';

/*
 * What vaults share about the keys of users: P-256 private keys, each for one use. The use is the first byte of what is
 * wrapped, so it is authenticated, and a key cannot be asked for the other one.
 */

const USES: readonly KeyPairUse[] = ['sign', 'seal'];
export const POINT_BYTES = 65;
export const DIGEST_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const UNCOMPRESSED = 4;
const COORDINATE_BYTES = 32;

/** The first byte of a wrapped private key. */
export function byteOfUse(use: KeyPairUse): number {
  return USES.indexOf(use) + 1;
}

/** @throws RangeError where it is no SHA-256 */
export function assertDigest({ length }: Uint8Array): void {
  if (length !== DIGEST_BYTES) throw new RangeError(`a digest has ${DIGEST_BYTES} bytes, not ${length}`);
}

/**
 * Checks that a public key is an uncompressed point on the curve: one that is not would give the private key away, bit by
 * bit (RFC 7518 section 8.1).
 * @throws RangeError
 */
export function assertPoint(point: Uint8Array): void {
  if (point.length === POINT_BYTES && point[0] === UNCOMPRESSED) {
    try {
      createPublicKey({ key: { kty: 'EC', crv: 'P-256', ...coordinatesOf(point) }, format: 'jwk' });
      return;
    } catch {
      // Not on the curve.
    }
  }
  throw new RangeError('a public key is an uncompressed point on P-256');
}

/** The coordinates of an uncompressed point, in base64url. */
export function coordinatesOf(point: Uint8Array): { readonly x: string; readonly y: string } {
  const bytes = Buffer.from(point);
  return {
    x: bytes.subarray(1, 1 + COORDINATE_BYTES).toString('base64url'),
    y: bytes.subarray(1 + COORDINATE_BYTES).toString('base64url'),
  };
}

/** The rest of what Concat KDF hashes after the secret: algorithm, no party info, 256 bits. */
const OTHER_INFO = Buffer.concat([withLength('ECDH-ES+A256KW'), count(0), count(0), count(256)]);

/** Derives the key of A256KW from an agreed secret: Concat KDF (NIST SP 800-56A section 5.8.1) as RFC 7518 section 4.6.2 has it. */
export function keyWrappingKey(secret: Uint8Array): Uint8Array {
  const input = Buffer.concat([count(1), secret, OTHER_INFO]);
  try {
    return new Uint8Array(hash('sha256', input, 'buffer'));
  } finally {
    input.fill(0);
  }
}

function withLength(text: string): Buffer {
  return Buffer.concat([count(text.length), Buffer.from(text)]);
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
