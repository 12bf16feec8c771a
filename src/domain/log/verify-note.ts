import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { cosignedMessage, parseCosignature } from './cosignature.ts';
import type { SignedNote } from './signed-note.ts';
import { NOTE_KEY_TYPE, parseVerifierKey, type VerifierKey, verifierKey } from './verifier-key.ts';

/** Node's SHA-256, for `verifierKey` and `parseVerifierKey`. */
export const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

/** Parses a verifier key (https://c2sp.org/signed-note). @returns undefined for what is none, or of another type */
export function readVerifierKey(text: string): VerifierKey | undefined {
  return parseVerifierKey(sha256, text);
}

/** Makes the verifier key of an Ed25519 public key of 32 bytes. */
export function noteVerifierKey(
  name: string,
  publicKey: Uint8Array,
  type: VerifierKey['type'] = NOTE_KEY_TYPE.ed25519,
): VerifierKey {
  return verifierKey(sha256, { name, type, publicKey });
}

/**
 * Says what a key says of a note: `valid` where it signed it, `invalid` where a signature of that name and id is wrong or
 * there are several of which one is, `absent` where there is none. Does NOT look at the text.
 */
export function verifyNote(note: SignedNote, key: VerifierKey): 'valid' | 'invalid' | 'absent' {
  const own = note.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
  if (own.length === 0) return 'absent';
  return own.every(({ signature }) => isValid(note.text, signature, key)) ? 'valid' : 'invalid';
}

function isValid(text: string, signature: Uint8Array, { type, publicKey }: VerifierKey): boolean {
  if (type === NOTE_KEY_TYPE.ed25519) return verifyEd25519(publicKey, Buffer.from(text), signature);
  const cosignature = parseCosignature(signature);
  return (
    cosignature !== undefined &&
    verifyEd25519(publicKey, Buffer.from(cosignedMessage(text, cosignature.timeS)), cosignature.signature)
  );
}

/** Verifies an Ed25519 signature (RFC 8032). @param publicKey 32 bytes */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, message, ed25519Key(publicKey), signature);
}

function ed25519Key(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
