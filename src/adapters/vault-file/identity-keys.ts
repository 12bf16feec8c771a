import { createECDH } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import type { KeyAgreementRequest, KeyPairUse, KeySignatureRequest } from '../../ports/key-vault.ts';
import { assertDigest, assertPoint, byteOfUse, keyWrappingKey } from '../vault-keys/identity-key.ts';

const CURVE = 'prime256v1';
const SCALAR_BYTES = 32;

/** Makes a private key: its use and its scalar, to be wrapped and then overwritten. */
export function newIdentityKey(use: KeyPairUse): {
  readonly content: Buffer;
  readonly publicPoint: Uint8Array;
} {
  const pair = createECDH(CURVE);
  const publicPoint = new Uint8Array(pair.generateKeys());
  const scalar = pair.getPrivateKey();
  const content = Buffer.alloc(1 + SCALAR_BYTES);
  content[0] = byteOfUse(use);
  content.set(scalar, 1 + SCALAR_BYTES - scalar.length);
  scalar.fill(0);
  return { content, publicPoint };
}

/**
 * Signs a digest. By `@noble/curves`, because node:crypto signs only what it hashed itself. Overwrites the key.
 *
 * Why: docs/DECISIONS.md#a-digest-is-signed-by-noble-curves
 */
export function signDigest(
  content: Buffer | undefined,
  { digest }: KeySignatureRequest,
): Uint8Array | undefined {
  assertDigest(digest);
  return withScalar(content, 'sign', (scalar) => p256.sign(digest, scalar, { prehash: false }));
}

export function agree(
  content: Buffer | undefined,
  { publicPoint }: KeyAgreementRequest,
): Uint8Array | undefined {
  assertPoint(publicPoint);
  return withScalar(content, 'seal', (scalar) => {
    const pair = createECDH(CURVE);
    pair.setPrivateKey(scalar);
    const secret = pair.computeSecret(publicPoint);
    try {
      return keyWrappingKey(secret);
    } finally {
      secret.fill(0);
    }
  });
}

function withScalar<T>(
  content: Buffer | undefined,
  use: KeyPairUse,
  run: (scalar: Buffer) => T,
): T | undefined {
  if (!content) return undefined;
  try {
    if (content.length !== 1 + SCALAR_BYTES || content[0] !== byteOfUse(use)) return undefined;
    return run(content.subarray(1));
  } finally {
    content.fill(0);
  }
}
