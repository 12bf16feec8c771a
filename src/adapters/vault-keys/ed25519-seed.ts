import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** What stands before the seed in an Ed25519 private key in PKCS#8 (RFC 8410 section 7). */
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex');
export const SEED_BYTES = 32;

/** Makes the Ed25519 private key of a seed (RFC 8032 section 5.1.5). */
export function ed25519Key(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) throw new Error('an Ed25519 seed has another length');
  const der = Buffer.concat([PKCS8_START, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** Returns the public key, 32 bytes. */
export function ed25519PublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(String(x), 'base64url'));
}

/** Signs by Ed25519 (RFC 8032): 64 bytes. */
export function signEd25519(privateKey: KeyObject, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKey));
}
