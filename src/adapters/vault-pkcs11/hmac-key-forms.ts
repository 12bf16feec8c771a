import { hash } from 'node:crypto';

/*
 * The forms in which a user's HMAC key is an object in the HSM. HSMs accept no HMAC key shorter than the digest, and
 * some (SoftHSM) round an unwrapped key up to whole words of 8 bytes. So a key is padded with zeros to 64 bytes, the
 * shortest block, which does not change its MACs. A key over 64 bytes that is not a whole number of words is kept in
 * three forms, one for each algorithm; for SHA-1 and SHA-256 that is the digest that RFC 2104 section 2 computes first.
 */

const BLOCK_BYTES_MIN = 64;
const BLOCK_BYTES_MAX = 128;
const WORD_BYTES = 8;
/** Where the three wrapped forms start and end: key wrap with padding (RFC 5649) adds 8 bytes to each. */
const THREE_BLOBS = [0, 72, 144, 280] as const;
/** A wrapped key with three forms is longer than this, one with a single form is shorter. */
const THREE_FORMS_TEXT_MIN = 300;

function hasThreeForms(length: number): boolean {
  return length > BLOCK_BYTES_MIN && length % WORD_BYTES !== 0;
}

/** Returns the forms of a key, to be wrapped. The caller overwrites them. */
export function formsOf(key: Uint8Array): Buffer[] {
  if (!hasThreeForms(key.length)) return [padded(key, Math.max(key.length, BLOCK_BYTES_MIN))];
  return [
    padded(hash('sha1', key, 'buffer'), BLOCK_BYTES_MIN),
    padded(hash('sha256', key, 'buffer'), BLOCK_BYTES_MIN),
    padded(key, BLOCK_BYTES_MAX),
  ];
}

/** Splits the wrapped bytes of a key of `length` bytes into its wrapped forms. */
export function splitBlobs(length: number, bytes: Buffer): Buffer[] {
  if (!hasThreeForms(length)) return [bytes];
  return [0, 1, 2].map((form) => bytes.subarray(THREE_BLOBS[form], THREE_BLOBS[form + 1]));
}

/** The index of the form that computes this algorithm (of `ALGORITHM_CODES`). */
export function formFor(length: number, algorithm: number): number {
  return hasThreeForms(length) ? algorithm : 0;
}

/** The index of the form that starts with the key itself. */
export function wholeForm(length: number): number {
  return hasThreeForms(length) ? 2 : 0;
}

/** The name of a key in `SessionKeyCache`: the wrapped key, with the algorithm where the key has three forms. */
export function sessionKeyName(wrapped: string, algorithm: number): string {
  return wrapped.length < THREE_FORMS_TEXT_MIN ? wrapped : `${wrapped}/${algorithm}`;
}

function padded(key: Uint8Array, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.set(key);
  return bytes;
}
